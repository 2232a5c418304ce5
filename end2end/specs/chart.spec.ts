// The chart of one seat: its cursor by mouse, tap and keyboard, its table, its windows and its pause.

import type { Locator, Page } from "@playwright/test";

import { accessible, expect, fits, live, openMenu, signIn, test } from "./workshop";

/// The seat of this file: its app is deployed and has its first CPU sample.
const SEAT = 12;

const chart = (page: Page) => page.getByRole("region", { name: "Load, CPU and pods over time" });
const picture = (page: Page) => page.getByRole("img", { name: "Load, CPU and pods over time" });
const slider = (page: Page) => page.getByRole("slider", { name: "Time" });
const button = (page: Page, name: string) => chart(page).getByRole("button", { name, exact: true });

/// The time that the slider tells, in seconds of the day.
async function told(slider: Locator): Promise<number> {
  const text = (await slider.getAttribute("aria-valuetext")) ?? "";
  const [, hour, minute, second] = /^(\d\d):(\d\d):(\d\d)/.exec(text) ?? [];
  expect(second, text).toBeDefined();
  return Number(hour) * 3600 + Number(minute) * 60 + Number(second);
}

async function deployed(page: Page, code: string) {
  await signIn(page, code);
  await live(page);
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(page).toHaveTitle(/^1 ready · /, { timeout: 60_000 });
  await expect(slider(page)).toHaveAttribute("aria-valuetext", /CPU \d+ percent of request/, { timeout: 90_000 });
}

test("the chart's cursor, table, windows and pause", async ({ page, seat }, info) => {
  await deployed(page, seat(SEAT).code);
  await fits(page);
  await accessible(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await accessible(page);

  // By keyboard: a second, a look, the beginning of the window, and back to now.
  const time = slider(page);
  await time.focus();
  await button(page, "Pause").press("Enter");
  await expect(chart(page).getByText(/^Paused at \d\d:\d\d:\d\d, \d:\d\d behind$/)).toBeVisible();
  await time.focus();
  const now = await told(time);
  await time.press("ArrowLeft");
  await expect.poll(() => told(time)).toBe(now - 1);
  await time.press("Shift+ArrowLeft");
  await expect.poll(() => told(time)).toBe(now - 16);
  await time.press("ArrowRight");
  await expect.poll(() => told(time)).toBe(now - 15);
  await time.press("Home");
  const first = await told(time);
  expect(first).toBeLessThan(now - 100);
  await time.press("End");
  await expect.poll(() => told(time)).toBe(now);
  await time.press("ArrowLeft");
  await time.press("Escape");
  await expect.poll(() => told(time)).toBe(now);

  // By mouse or by tap, and back. On a phone the buttons lie over the page's end.
  await picture(page).evaluate((found) => found.scrollIntoView({ block: "center" }));
  const box = (await picture(page).boundingBox())!;
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  if (info.project.name === "phone") {
    await page.touchscreen.tap(middle.x, middle.y);
    await expect.poll(() => told(time)).toBeLessThan(now);
    const kept = await told(time);
    await page.getByRole("heading", { level: 1 }).tap();
    await expect.poll(() => told(time)).toBe(now);
    expect(kept).toBeGreaterThan(first);
  } else {
    await page.mouse.move(middle.x, middle.y);
    await expect.poll(() => told(time)).toBeLessThan(now);
    await page.mouse.move(box.x + 2, middle.y);
    await expect.poll(() => told(time)).toBe(first);
    await page.mouse.move(box.x + 2, box.y - 200);
    await expect.poll(() => told(time)).toBe(now);
  }
  await button(page, "Pause").click();
  await expect(chart(page).getByText(/^Paused at/)).toBeHidden();

  // One row a change, in place of the picture.
  await button(page, "Table").click();
  const rows = chart(page).getByRole("row");
  await expect(rows.first()).toContainText("asked for");
  await expect.poll(() => rows.count()).toBeGreaterThan(1);
  await expect(picture(page)).toBeHidden();
  await accessible(page);
  await button(page, "Table").click();
  await expect(picture(page)).toBeVisible();

  // The window is remembered.
  await expect(button(page, "This run")).toHaveAttribute("aria-pressed", "true");
  await button(page, "15 min").click();
  await page.reload();
  await live(page);
  await expect(button(page, "15 min")).toHaveAttribute("aria-pressed", "true");
  await expect(button(page, "This run")).toHaveAttribute("aria-pressed", "false");
  await fits(page);

  // Each pod has its own line once it is asked for.
  const pods = picture(page).locator("path.pod");
  await expect(pods).toHaveCount(0);
  await button(page, "Each pod").click();
  await expect(pods).toHaveCount(1);

  // Drawn for its width, never stretched; larger with larger text.
  const drawn = () => picture(page).locator("svg").first().getAttribute("height").then(Number);
  const small = await drawn();
  await openMenu(page);
  await page.getByRole("button", { name: "Larger text" }).click();
  await expect.poll(drawn).toBeGreaterThan(small);
  await fits(page);
});
