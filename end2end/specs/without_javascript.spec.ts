// The forms work and the state shows without JavaScript.

import { expect, signIn, test } from "./workshop";

test.use({ javaScriptEnabled: false });

test("deploy, start and stop work as plain forms", async ({ page, seat }) => {
  await signIn(page, seat(2).code);
  // Playwright's texts leave out what stands in a noscript element.
  await expect.poll(() => page.content()).toContain("Reload for new figures.");
  await page.getByRole("button", { name: "Deploy" }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole("button", { name: "Start load" })).toBeEnabled({ timeout: 500 });
  }).toPass();
  await page.getByRole("button", { name: "Start load" }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(/Load is on: \d+ users/)).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
  await page.getByRole("button", { name: "Stop load" }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(/No load pod is left/)).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 40_000 });
});
