// The forms work and the state shows without JavaScript.

import { expect, showAllButtons, signIn, test } from "./workshop";

test.use({ javaScriptEnabled: false });

test("deploy, start and stop work as plain forms", async ({ page, seat }) => {
  await signIn(page, seat(2).code);
  // Playwright's texts leave out what stands in a noscript element.
  await expect.poll(() => page.content()).toContain("Reload for new figures.");
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole("button", { name: "Start load", exact: true })).toBeEnabled({ timeout: 500 });
  }).toPass();
  // A value that is none comes back with a sentence and as it was typed.
  await showAllButtons(page);
  await page.getByText("Change", { exact: true }).click();
  await page.getByLabel("Users", { exact: true }).fill("many");
  await page.getByRole("button", { name: "Start load", exact: true }).click();
  await expect(page.getByRole("alert")).toHaveText(
    "Users must be a whole number between 1 and 500, not “many”.",
  );
  await showAllButtons(page);
  await expect(page.getByLabel("Users", { exact: true })).toHaveValue("many");
  await page.getByLabel("Users", { exact: true }).fill("20");
  await page.getByLabel("Your guess: how many pods?").fill("6");
  await page.getByRole("button", { name: "Start load", exact: true }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(/Load is on: \d+ users/)).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
  await page.getByRole("button", { name: "Stop load", exact: true }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(/No load pod is left/)).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 40_000 });

  // The question is asked by the address, and its safe answer changes nothing.
  await showAllButtons(page);
  await page.getByRole("button", { name: "Clean up", exact: true }).click();
  await expect(page.getByRole("alertdialog")).toContainText("Remove the workshop from");
  await page.getByRole("button", { name: "Keep" }).click();
  await expect(page.getByRole("alertdialog")).toHaveCount(0);
  await showAllButtons(page);
  await page.getByRole("button", { name: "Clean up", exact: true }).click();
  await page.getByRole("button", { name: "Remove all" }).click();
  await expect(page.getByRole("alertdialog")).toHaveCount(0);
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(/^Clean\. Nothing of the workshop is left/)).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 60_000 });
});
