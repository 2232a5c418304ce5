// A rolling update: two replicas of different builds behind a proxy that asks them by turns.

import type { Page } from "@playwright/test";

import { ended, expect, freePorts, test } from "./proxied";

/// The build that the page is of.
function build(page: Page): Promise<string> {
  return page.evaluate(() => document.querySelector<HTMLLinkElement>("link[rel=stylesheet]")!.href.split("/")[4]);
}

/// Loaded whole, and its stream is alive.
async function whole(page: Page, timeout: number) {
  await expect(page.getByText(/^● Live/)).toBeVisible({ timeout });
  await expect(page.locator("html > [role=status]")).toHaveCount(0);
  expect(await page.evaluate(() => document.styleSheets.length)).toBe(1);
}

/// How often the page was loaded.
function loads(page: Page): () => number {
  let count = 0;
  page.on("framenavigated", () => (count += 1));
  return () => count;
}

test("pages come through a rolling update and end up as the new build", async ({ page, context, proxied }) => {
  const [port, fresh, old] = await freePorts(3);
  // Without TLS: Chromium keeps nothing in its cache that came by a certificate which nobody knows.
  const url = `http://127.0.0.1:${port}`;
  // The simulated cluster lives in the replica that stays.
  const demo = await proxied.demo(fresh, url, proxied.build("new2"));
  const leaving = await proxied.replica(demo.kubectl, old, url, proxied.build("old1"));
  const nginx = await proxied.nginx(url, [old]);

  await page.goto(url);
  await page.getByLabel("Seat code").fill(demo.seats[0].code);
  await page.getByRole("button", { name: "Sign in" }).click();
  await whole(page, 15_000);
  expect(await build(page)).toBe("old1");

  // Both are asked by turns: a page of one asks the other for its assets.
  nginx.reload([old, fresh]);
  const began = Date.now();
  const opened: (() => number)[] = [];
  for (let visits = 0; visits < 5; visits += 1) {
    const other = await context.newPage();
    opened.push(loads(other));
    const visited = Date.now();
    await other.goto(url);
    await whole(other, 30_000);
    console.log(`visit ${visits}: whole after ${Date.now() - visited} ms and ${opened[visits]()} loads, ${await build(other)}`);
    expect(opened[visits]()).toBeLessThan(12);
    // Without HTTP/2 a browser has six connections to a host, and each open page keeps one.
    if (visits > 1) await other.close();
  }

  // The old one ends as Kubernetes ends it; its streams come back to the new one, whose build makes their pages reload.
  const count = loads(page);
  await ended(leaving, "SIGTERM");
  nginx.reload([fresh]);
  const gone = Date.now();
  for (const each of context.pages()) {
    await each.bringToFront();
    await expect.poll(() => build(each).catch(() => ""), { timeout: 90_000 }).toBe("new2");
    await whole(each, 30_000);
  }
  console.log(`all pages are new ${Date.now() - gone} ms after the old replica ended, the first by ${count()} loads`);
  expect(count()).toBeLessThan(6);
  expect(Date.now() - began).toBeLessThan(180_000);
});

test("a page that never gets its assets says so and stops reloading", async ({ page, proxied }) => {
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  await proxied.demo(port, url, proxied.build("lost", false));
  const count = loads(page);
  await page.goto(url);
  await expect(page.getByText("The panel is being updated. This page reloads by itself in a moment.")).toBeVisible();
  await expect.poll(count).toBeGreaterThan(2);
  // As if it had gone on for minutes.
  await page.addInitScript(() => {
    const state = JSON.parse(sessionStorage.getItem("recovery") ?? "null");
    if (state) sessionStorage.setItem("recovery", JSON.stringify({ ...state, since: state.since - 200_000 }));
  });
  await expect(page.getByText(/^This page could not be loaded whole/)).toBeVisible();
  // It works as a page without scripts does.
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
});

test("a code in the form is not lost to the recovery", async ({ page, proxied }) => {
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const demo = await proxied.demo(port, url, proxied.build("lost", false));
  // Somebody with a seat scans the card of another: the code waits in the form for the button.
  await page.goto(`${url}/join#${demo.seats[0].code}`);
  await page.waitForURL(`${url}/`);
  await page.clock.install();
  await page.goto(`${url}/join#${demo.seats[1].code}`);
  await expect(page.getByText("The panel is being updated. This page reloads by itself in a moment.")).toBeVisible();
  const count = loads(page);
  await page.clock.fastForward(60_000);
  await expect(page.getByLabel("Seat code")).toHaveValue(demo.seats[1].code);
  expect(count()).toBe(0);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText(demo.seats[1].namespace).first()).toBeVisible();
});
