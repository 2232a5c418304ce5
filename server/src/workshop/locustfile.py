"""The workshop's load: each user asks for a Fibonacci number, waits a second, and asks again."""

import json
import os
import time

import gevent
from locust import HttpUser, constant, events, task

REPORT_EVERY_S = 2
RECENT_S = 10


class Visitor(HttpUser):
    host = f"http://SERVICE.{os.environ['NAMESPACE']}.svc.cluster.local"
    wait_time = constant(1)

    @task
    def fib(self):
        # A Service balances connections, not requests: one that stays open would keep each user on the first pod.
        self.client.get("/fib?n=35", name="/fib", headers={"Connection": "close"})


def report(environment):
    """Prints what the table lacks: users and response times of the last seconds, as one line of JSON."""
    total = environment.stats.total
    while True:
        gevent.sleep(REPORT_EVERY_S)
        last = total.last_request_timestamp
        answered = last is not None and time.time() - last <= RECENT_S

        def percentile(share):
            value = total.get_current_response_time_percentile(share) if answered else None
            return None if value is None else round(value)

        figures = {
            "users": environment.runner.user_count,
            "rps": round(total.current_rps, 2) if answered else 0.0,
            "failures_per_s": round(total.current_fail_per_sec, 2) if answered else 0.0,
            "requests": total.num_requests,
            "failures": total.num_failures,
            "p50": percentile(0.5),
            "p95": percentile(0.95),
            "p99": percentile(0.99),
        }
        print(json.dumps({"workshop_load": figures}), flush=True)


@events.test_start.add_listener
def on_test_start(environment, **_kwargs):
    gevent.spawn(report, environment)
