"""The workshop's web app: /fib burns CPU, /health tells that it is alive."""

from fastapi import FastAPI, Query

app = FastAPI()


def fib(n: int) -> int:
    # Naive on purpose: each step of n costs about 1.6 times as much CPU.
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@app.get("/health")
async def health():
    return {"status": "ok"}


# Not `async`: FastAPI runs it in a thread, so that the event loop is still free for /health.
@app.get("/fib")
def compute(n: int = Query(default=35, ge=0, le=40)):
    return {"n": n, "fib": fib(n)}
