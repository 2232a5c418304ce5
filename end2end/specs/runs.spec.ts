// The runs: the list, one of them with its chart, the CSV, and the same as plain pages.

import { accessible, expect, fits, live, signIn, test, url } from "./workshop";

test("an attendee finds their runs again", async ({ page, seat, browser }) => {
  await signIn(page, seat(9).code);
  await live(page);
  await page.getByRole("tab", { name: "Runs" }).click();
  const panel = page.getByRole("tabpanel", { name: "Runs" });
  await expect(panel.getByText("No load has run yet.")).toBeVisible();

  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(page).toHaveTitle(/^1 ready /, { timeout: 60_000 });
  await page.getByRole("button", { name: "Start load", exact: true }).click();
  await expect(panel.getByText("The load is not over.")).toBeVisible({ timeout: 60_000 });
  await expect(page).toHaveTitle(/^([4-9]|10) ready /, { timeout: 120_000 });
  await page.getByRole("button", { name: "Stop load", exact: true }).click();
  await expect(panel.getByText(/^Stopped after /)).toBeVisible({ timeout: 60_000 });
  await expect(panel.getByRole("cell", { name: /^after / })).toBeVisible();
  await fits(page);
  await accessible(page);

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    panel.getByRole("link", { name: /^CSV of the run of / }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^workshop-user-\d+-run-\d{8}T\d{6}Z\.csv$/);

  await panel.getByRole("button", { name: /^Open the run of / }).click();
  await expect(panel.getByRole("heading", { name: /^Run of / })).toBeVisible();
  await expect(panel.getByRole("img", { name: "Load, CPU and pods over time" })).toBeVisible();
  await expect(panel.getByRole("cell", { name: /^1 → \d+$/ })).toBeVisible();
  await expect(panel.getByRole("region", { name: "Locust's last tables" })).toContainText("Aggregated");

  // Its story: each explanation with its evidence, the reaction times, the events.
  const told = panel.getByRole("region", { name: "Why it scaled, or did not" });
  const up = told.getByRole("listitem").filter({ hasText: /1 → \d+/ }).first();
  await expect(up).toContainText(/\+0:\d\d/);
  await up.getByText("Why", { exact: true }).click();
  await expect(up.getByText(/^kubectl describe hpa keda-hpa-webapp -n workshop-user-\d+$/)).toBeVisible();
  await expect(up.getByText(/^SuccessfulRescale: New size: /)).toBeVisible();
  const reactions = panel.getByRole("region", { name: "Reaction times of this run" });
  await expect(reactions.getByRole("heading", { name: /^Reaction, 1 → \d+ / })).toBeVisible();
  await expect(reactions).toContainText(/users on.*decision.*ready.*first sample.*counted by the HPA/);
  const events = panel.getByRole("region", { name: "Events of this run, newest last" });
  await expect(events.getByRole("listitem").filter({ hasText: "SuccessfulRescale" }).first()).toBeVisible();

  // The cursor by keyboard.
  const time = panel.getByRole("slider", { name: "Time" });
  await time.focus();
  await page.keyboard.press("Home");
  const text = await time.getAttribute("aria-valuetext");
  expect(text).toMatch(/^\d\d:\d\d:\d\d/);
  await page.keyboard.press("ArrowRight");
  await expect(time).not.toHaveAttribute("aria-valuetext", text ?? "");
  await fits(page);
  await accessible(page);
  await panel.getByRole("button", { name: /All runs$/ }).click();
  await expect(panel.getByText(/^Stopped after /)).toBeVisible();

  // The same without JavaScript, in a browser that has the session's cookie.
  const plain = await browser.newContext({
    javaScriptEnabled: false,
    storageState: await page.context().storageState(),
  });
  const page2 = await plain.newPage();
  await page2.goto(`${url}/runs`);
  await page2.getByRole("link", { name: /^Open the run of / }).click();
  await expect(page2.getByRole("heading", { name: /^Run of / })).toBeVisible();
  await expect(page2.getByRole("img", { name: "Load, CPU and pods over time" })).toBeVisible();
  const told2 = page2.getByRole("region", { name: "Why it scaled, or did not" });
  const up2 = told2.getByRole("listitem").filter({ hasText: /1 → \d+/ }).first();
  await up2.getByText("Why", { exact: true }).click();
  await expect(up2.getByText(/^kubectl describe hpa /)).toBeVisible();
  await expect(page2.getByRole("region", { name: "Reaction times of this run" })).toContainText(/Reaction, 1 → \d+/);
  await expect(page2.getByRole("region", { name: "Events of this run, newest last" })).toContainText("SuccessfulRescale");
  await plain.close();
});
