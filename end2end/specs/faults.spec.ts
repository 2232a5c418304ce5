// The instructor breaks the cluster and a seat, and mends both. Each test has a demo of its own: a fault is everybody's.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

import type { Browser, Page } from "@playwright/test";

import { accessible, expect, fits, live, test as base } from "./workshop";

type Demo = { url: string; seats: { namespace: string; code: string }[]; instructor: string };

const test = base.extend<{ demo: Demo }>({
  demo: async ({}, use) => {
    const options = ["demo", "--json", "--listen", "127.0.0.1:0", "--seats", "3"];
    const site = ["--site", process.env.WORKSHOP_SITE ?? "../target/site"];
    const panel = spawn(process.env.WORKSHOP_BINARY ?? "../target/debug/workshop", [...options, ...site], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise<void>((exit) => panel.once("exit", () => exit()));
    const { value } = await createInterface({ input: panel.stdout! })[Symbol.asyncIterator]().next();
    await use(JSON.parse(value));
    panel.kill();
    await ended;
  },
});

async function signIn(page: Page, demo: Demo, code: string) {
  await page.goto(demo.url);
  await page.getByLabel("Seat code").fill(code);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function attendee(browser: Browser, demo: Demo, deploys: boolean): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await signIn(page, demo, demo.seats[0].code);
  await live(page);
  await expect(page.getByRole("link", { name: "Faults" })).toHaveCount(0);
  if (deploys) {
    await page.getByRole("button", { name: "Deploy", exact: true }).click();
    await expect(page.getByRole("button", { name: "Start load", exact: true })).toBeEnabled({ timeout: 30_000 });
  }
  return page;
}

test("a full cluster is seen by the class and heals at one press", async ({ page, browser, demo }) => {
  const seat = await attendee(browser, demo, false);
  await signIn(page, demo, demo.instructor);
  await live(page);
  await page.getByRole("link", { name: "Faults" }).click();
  await live(page);
  await expect(page).toHaveTitle(/^Faults/);
  await expect(page.getByRole("status").filter({ hasText: "Everything works." })).toBeVisible();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await accessible(page);
  }
  await fits(page);

  // By the keyboard alone: the value's field, then the button, which keeps the focus.
  const row = page.getByRole("listitem").filter({ hasText: "nodes-cordoned" });
  await row.getByLabel("Nodes, 1 to 100").focus();
  await page.keyboard.press("Tab");
  const on = row.getByRole("button", { name: "Turn on: Nodes cordoned" });
  await expect(on).toBeFocused();
  await page.keyboard.press("Enter");
  const off = row.getByRole("button", { name: "Turn off: Nodes cordoned" });
  await expect(off).toBeFocused();
  await expect(row).toContainText("● on, 3 nodes");
  await expect(page.getByRole("status").filter({ hasText: "1 fault is on." })).toBeVisible();
  await accessible(page);

  await seat.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(seat.getByText(/find(s)? no node/).first()).toBeVisible();
  await page.getByRole("button", { name: "Everything works again" }).click();
  await expect(row.getByRole("button", { name: "Turn on: Nodes cordoned" })).toBeVisible();
  await expect(seat.getByRole("button", { name: "Start load", exact: true })).toBeEnabled({ timeout: 30_000 });
  await expect(seat.getByText(/find(s)? no node/)).toHaveCount(0);
});

test("one seat is broken and mended", async ({ page, browser, demo }) => {
  const seat = await attendee(browser, demo, true);
  await signIn(page, demo, demo.instructor);
  await live(page);
  await page.getByRole("link", { name: "Faults" }).click();
  await live(page);
  await expect(page.getByText("No seat is broken.")).toBeVisible();
  await page.getByLabel("Seat", { exact: true }).selectOption("02");
  await page.getByRole("radio", { name: "Crash loop" }).check();
  await page.getByRole("button", { name: "Break", exact: true }).click();
  await expect(page.getByRole("status").filter({ hasText: "press Deploy there first" })).toBeVisible();

  await page.getByLabel("Seat", { exact: true }).selectOption("01");
  await page.getByRole("radio", { name: "Image that cannot be pulled" }).check();
  await page.getByRole("button", { name: "Break", exact: true }).click();
  await expect(page.getByRole("status").filter({ hasText: "1 seat is broken." })).toBeVisible();
  await expect(seat.getByText(/^The image .*:missing cannot be pulled\.$/).first()).toBeVisible();
  await accessible(page);
  await fits(page);

  await page.getByRole("button", { name: "Mend seat 01" }).click();
  await expect(page.getByText("No seat is broken.")).toBeVisible();
  await expect(seat.getByText(/cannot be pulled/)).toHaveCount(0, { timeout: 30_000 });
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("switches and seats are plain forms", async ({ page, demo }) => {
    await signIn(page, demo, demo.instructor);
    await page.getByRole("link", { name: "Faults" }).click();
    const row = page.getByRole("listitem").filter({ hasText: "api-server-slow" });
    await row.getByLabel("Milliseconds, 100 to 30000").fill("300");
    await row.getByRole("button", { name: /^Turn on/ }).click();
    await expect(row).toContainText("● on, 300 ms");
    await row.getByRole("button", { name: /^Turn off/ }).click();
    await expect(row.getByRole("button", { name: /^Turn on/ })).toBeVisible();

    await page.getByLabel("Seat", { exact: true }).selectOption("03");
    await page.getByRole("radio", { name: "Quota full" }).check();
    await page.getByRole("button", { name: "Break", exact: true }).click();
    await expect(page.getByText("1 seat is broken.")).toBeVisible();
    await page.getByRole("button", { name: "Everything works again" }).click();
    await expect(page.getByText("Everything works.", { exact: true })).toBeVisible();
  });
});
