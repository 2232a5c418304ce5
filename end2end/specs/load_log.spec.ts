// The load's log: figures, the lines and what is done with them, the download, and the tables that stay.

import { accessible, expect, fits, live, signIn, test } from "./workshop";

test("an attendee reads, searches and keeps the log of a load", async ({ page, seat }) => {
  await signIn(page, seat(8).code);
  await live(page);
  await page.getByRole("tab", { name: "Load log" }).click();
  const panel = page.getByRole("tabpanel", { name: "Load log" });
  await expect(panel.getByText("No load has run yet.")).toBeVisible();
  await expect(panel.getByRole("link", { name: "Download" })).toBeHidden();
  await accessible(page);

  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(page).toHaveTitle(/^1 ready /, { timeout: 60_000 });
  await page.getByRole("button", { name: "Start load", exact: true }).click();
  const log = panel.getByRole("region", { name: "Log of the load" });
  await expect(log.getByText(/Ramping to \d+ users/)).toBeVisible({ timeout: 60_000 });
  await expect(log.getByText("workshop_load")).toHaveCount(0);
  const figures = panel.getByRole("group", { name: "Figures of the load" });
  await expect(figures).toContainText(/[1-9]\d* requests/);
  await expect(figures).toContainText(/\d+ s ago/);

  // All lines: the box follows the newest until somebody scrolls up.
  await panel.getByRole("button", { name: "All lines" }).click();
  const follow = panel.getByRole("button", { name: "Follow" });
  const lines = log.getByRole("listitem");
  await expect.poll(() => lines.count()).toBeGreaterThan(40);
  await expect(follow).toHaveAttribute("aria-pressed", "true");
  // The box is below the fold of a small screen.
  await log.evaluate((box) => box.scrollIntoView({ block: "center" }));
  await expect(lines.last()).toBeInViewport();
  await log.evaluate((box) => box.scrollBy(0, -200));
  await expect(follow).toHaveAttribute("aria-pressed", "false");
  const before = await lines.count();
  await expect.poll(() => lines.count()).toBeGreaterThan(before);
  await expect(lines.last()).not.toBeInViewport();
  await follow.click();
  await expect(lines.last()).toBeInViewport();
  await expect(follow).toHaveAttribute("aria-pressed", "true");

  // Pause: nothing is added, and it is told how much is missing.
  const pause = panel.getByRole("button", { name: "Pause" });
  await pause.click();
  const held = await lines.count();
  await expect(panel.getByText(/\d+ newer lines/)).toBeVisible();
  expect(await lines.count()).toBe(held);

  // Search: plain text in any case, from hit to hit by keyboard.
  const field = panel.getByRole("searchbox", { name: "Search the log" });
  await field.fill("STARTING LOCUST");
  await expect(panel.getByText("1 line", { exact: true })).toBeVisible();
  await field.press("Enter");
  await expect(log.getByText(/Starting Locust/)).toBeInViewport();
  await expect(log.locator("mark")).toHaveText(["Starting Locust"]);
  await field.fill("Aggregated");
  await field.press("Enter");
  await expect(panel.getByText(/^1 of \d+ lines$/)).toBeVisible();
  await panel.getByRole("button", { name: "Next hit" }).click();
  await expect(panel.getByText(/^2 of \d+ lines$/)).toBeVisible();
  await field.fill(".*");
  await expect(panel.getByText("no line", { exact: true })).toBeVisible();
  await field.fill("");
  await pause.click();
  await fits(page);
  await accessible(page);

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    panel.getByRole("link", { name: "Download" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^workshop-user-\d+-locust-headless\.log$/);

  // What Locust said last stays when its pod is gone, also after a reload.
  await page.getByRole("button", { name: "Stop load", exact: true }).click();
  await expect(figures).toContainText(/Stopped after [\d:]+( s)?: [\d,]+ requests, \d+ failed\./, { timeout: 60_000 });
  const tables = panel.getByRole("region", { name: "Locust's last tables" });
  await expect(tables).toContainText("99.99%");
  await page.reload();
  await live(page);
  await expect(tables).toContainText("Aggregated");
  await expect(log.getByText(/Got SIGTERM signal/)).toBeVisible();
  await fits(page);
  await accessible(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await accessible(page);
});
