// Settings on a running workshop: changed live, told when wrong, nothing typed is lost.

import { accessible, expect, fits, live, signIn, test } from "./workshop";

test("a target is changed while the app runs, and the HPA takes it", async ({ page, seat }) => {
  const { code } = seat(16);
  await signIn(page, code);
  await live(page);
  await page.getByRole("tab", { name: "Settings" }).click();
  const panel = page.getByRole("tabpanel", { name: "Settings" });
  const apply = panel.getByRole("button", { name: "Apply", exact: true });
  await expect(apply).toBeDisabled();
  await expect(panel.getByText("Nothing is deployed yet, so there is nothing to change.")).toBeVisible();

  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  const target = panel.getByLabel("Target");
  await expect(target).toHaveValue("60");
  await expect(panel.getByText("now 60 %")).toBeVisible();
  await expect(apply).toBeEnabled();

  await panel.getByLabel("Maximum").fill("1e9");
  await expect(panel.getByText("not “1e9”")).toBeVisible();
  await apply.click();
  await expect(panel.getByRole("alert")).toContainText("Maximum must be a whole number");
  await expect(panel.getByLabel("Maximum")).toHaveValue("1e9");

  await panel.getByLabel("Maximum").fill("4");
  await target.fill("50");
  await apply.click();
  await expect(panel.getByRole("status")).toContainText("Applied: Target 50 %, Maximum 4.");
  // As the HPA has it.
  await expect(panel.getByText("now 50 %")).toBeVisible();
  await expect(panel.getByText("now 4", { exact: true })).toBeVisible();
  await fits(page);
  await accessible(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await accessible(page);
});

test("settings are a plain form without JavaScript", async ({ browser, seat }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const { code } = seat(17);
  await signIn(page, code);
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(async () => {
    await page.reload();
    await expect(page.getByLabel("Maximum")).toHaveValue("10", { timeout: 500 });
  }).toPass({ timeout: 30_000 });
  await page.getByLabel("Maximum").fill("many");
  await page.getByRole("button", { name: "Apply", exact: true }).click();
  await expect(page.getByText("not “many”").first()).toBeVisible();
  await expect(page.getByLabel("Maximum")).toHaveValue("many");
  await page.getByLabel("Maximum").fill("4");
  await page.getByRole("button", { name: "Apply", exact: true }).click();
  await expect(async () => {
    await page.goto(new URL("/", page.url()).toString());
    await expect(page.getByText("now 4", { exact: true })).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
  await context.close();
});
