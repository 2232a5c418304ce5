// The instructor's table.

import { accessible, expect, fits, instructorCode, live, signIn, test } from "./workshop";

test("the instructor sees every seat and stops a load", async ({ page, browser, seat }) => {
  const { namespace, code } = seat(3);
  const attendee = await (await browser.newContext()).newPage();
  await signIn(attendee, code);
  await attendee.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(attendee.getByRole("button", { name: "Start load", exact: true })).toBeEnabled({ timeout: 30_000 });
  await attendee.getByRole("button", { name: "Start load", exact: true }).click();

  await signIn(page, instructorCode);
  await live(page);
  const row = page.getByRole("row").filter({ hasText: new RegExp(`${namespace}(?!\\d)`) });
  await expect(row).toContainText("Load on", { timeout: 30_000 });
  await fits(page);
  await accessible(page);
  await row.getByRole("button", { name: /^Stop load/ }).click();
  await expect(row.getByRole("button", { name: /^Stop load/ })).toBeDisabled({ timeout: 40_000 });
  await expect(attendee.getByText(/No load pod is left/)).toBeVisible({ timeout: 40_000 });
  await expect(page.getByRole("button", { name: "Stop all loads" })).toBeVisible();
});
