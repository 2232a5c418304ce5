// How long a change of the cluster takes to the page: `cargo xtask bench latency`. It prints figures and asserts no time.

import { expect, kubectl, live, signIn, test } from "./workshop";

const CHANGES = 100;

test("a change of the cluster reaches the page @bench", async ({ page, seat }, info) => {
  test.skip(info.project.name !== "wide", "one size is enough");
  const { namespace, code } = seat(0);
  await signIn(page, code);
  await live(page);
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(page.getByRole("button", { name: "Start load", exact: true })).toBeEnabled({ timeout: 30_000 });
  const cell = page.getByRole("region", { name: "The loop" }).getByText(/^asked for/);
  await expect(cell).toHaveText("asked for 1");

  // Seen when the DOM changes, by the clock of this machine.
  await cell.evaluate((element) => {
    const seen: [string, number][] = [];
    Object.assign(window, { seen });
    const look = () => seen.push([element.textContent ?? "", performance.timeOrigin + performance.now()]);
    new MutationObserver(look).observe(element, { characterData: true, childList: true, subtree: true });
  });

  const took: number[] = [];
  for (let change = 0; change < CHANGES; change++) {
    const replicas = 2 + (change % 2);
    const sent = performance.timeOrigin + performance.now();
    await kubectl(`/apis/apps/v1/namespaces/${namespace}/deployments/webapp`, { spec: { replicas } });
    await expect(cell).toHaveText(`asked for ${replicas}`);
    const seen = await page.evaluate(() => (window as unknown as { seen: [string, number][] }).seen.splice(0));
    const first = seen.find(([text]) => text === `asked for ${replicas}`);
    // The HPA may have come between.
    if (first) took.push(first[1] - sent);
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))].toFixed(0);
  console.log(
    `cluster change → DOM, ${took.length} changes: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(1)} ms; limit of p95: 100 ms`,
  );
});
