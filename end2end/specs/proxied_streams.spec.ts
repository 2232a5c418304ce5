// Streams through nginx as it comes, with TLS and HTTP/2 in front, and through one that holds them back.

import type { Page } from "@playwright/test";

import { ended, expect, freePorts, test } from "./proxied";

async function signIn(page: Page, url: string, code: string) {
  await page.goto(url);
  await page.getByLabel("Seat code").fill(code);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("behind an untuned nginx people sign in, act and see what happens", async ({ page, context, proxied }) => {
  const [port, panel] = await freePorts(2);
  const url = `https://127.0.0.1:${port}`;
  const demo = await proxied.demo(panel, url);
  await proxied.nginx(url, [panel]);
  await signIn(page, url, demo.seats[0].code);
  await expect(page.getByText(/^● Live/)).toBeVisible();
  const [cookie] = await context.cookies();
  expect([cookie.name, cookie.secure, cookie.httpOnly]).toEqual(["__Host-workshop", true, true]);
  const protocol = () => performance.getEntriesByType("navigation").map((n) => (n as any).nextHopProtocol);
  expect(await page.evaluate(protocol)).toEqual(["h2"]);
  const pressed = Date.now();
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(page.getByRole("button", { name: "Start load", exact: true })).toBeEnabled();
  console.log(`deployed and shown after ${Date.now() - pressed} ms`);
});

test("a replica that stops sends its pages to the other without an alarm", async ({ page, proxied }) => {
  const [port, stays, leaves] = await freePorts(3);
  const url = `https://127.0.0.1:${port}`;
  const demo = await proxied.demo(stays, url);
  const leaving = await proxied.replica(demo.kubectl, leaves, url);
  const nginx = await proxied.nginx(url, [leaves]);
  await signIn(page, url, demo.seats[0].code);
  await expect(page.getByText(/^● Live/)).toBeVisible();
  // The streams stay with the worker that has them; what comes back finds the other replica.
  nginx.reload([stays]);
  await page.evaluate(() => {
    const seen: string[] = [];
    const badge = document.querySelector(".connection-badge")!;
    new MutationObserver(() => seen.push(badge.getAttribute("data-state")!)).observe(badge, { attributes: true });
    (window as any).seen = seen;
  });
  const back = page.waitForRequest(/\/events\?last_event_id=/);
  const stopped = Date.now();
  await ended(leaving, "SIGTERM");
  await back;
  console.log(`the page came back ${Date.now() - stopped} ms after the replica was told to stop`);
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(page.getByRole("button", { name: "Start load", exact: true })).toBeEnabled();
  expect(await page.evaluate(() => (window as any).seen)).toEqual([]);
});

test("a proxy that holds streams back costs some seconds once, and then only freshness", async ({ page, proxied }) => {
  const [port, panel] = await freePorts(2);
  const url = `https://127.0.0.1:${port}`;
  const demo = await proxied.demo(panel, url);
  const large = "proxy_buffer_size 1m; proxy_buffers 8 1m; proxy_busy_buffers_size 2m; gzip off;";
  await proxied.nginx(url, [panel], `proxy_ignore_headers X-Accel-Buffering; ${large}`);
  await signIn(page, url, demo.seats[0].code);
  const came = Date.now();
  const slow = page.getByText("◍ Slow network: updates about every 5 s");
  await expect(slow).toBeVisible({ timeout: 40_000 });
  console.log(`short streams after ${Date.now() - came} ms`);
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(page.getByRole("button", { name: "Start load", exact: true })).toBeEnabled({ timeout: 30_000 });
  // The tab remembers.
  await page.reload();
  const again = Date.now();
  await expect(slow).toBeVisible({ timeout: 5_000 });
  console.log(`after a reload at once: ${Date.now() - again} ms`);
});
