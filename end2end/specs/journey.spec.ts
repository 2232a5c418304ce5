// The main job, as an attendee does it: deploy, load, watch 1 → 10, stop, watch 10 → 1, clean up.

import type { Locator, Page } from "@playwright/test";

import { accessible, cleanUp, expect, fits, live, showAllButtons, signIn, test } from "./workshop";

test("an attendee deploys, loads, watches it scale and cleans up", async ({ page, seat }, info) => {
  const { namespace, code } = seat(0);
  await signIn(page, code);
  await live(page);
  await expect(page).toHaveTitle(`0 ready · Not started · ${namespace}`);
  await expect(page.getByText("Nothing is deployed yet.")).toBeVisible();
  await showAllButtons(page);
  await expect(page.getByRole("button", { name: "Start load", exact: true })).toBeDisabled();
  await accessible(page);

  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(page).toHaveTitle(new RegExp(`^1 ready · .* · ${namespace}$`));
  const start = page.getByRole("button", { name: "Start load", exact: true });
  await expect(start).toBeEnabled();
  await expect(page.getByRole("button", { name: "Deploy", exact: true })).toBeDisabled();

  await start.click();
  const stop = page.getByRole("button", { name: "Stop load", exact: true });
  await expect(page.getByText(/Load is on: \d+ users/)).toBeVisible({ timeout: 30_000 });
  await expect(stop).toBeEnabled();
  await expect(page.getByText(/^\d+ → \d+/).first()).toBeVisible({ timeout: 120_000 });
  await expect(page).toHaveTitle(/^10 ready · At maximum/, { timeout: 180_000 });
  await expect(page.getByText(/Stays at 10, the maximum\. The formula asks for \d+\./).first()).toBeVisible({
    timeout: 60_000,
  });
  await fits(page);
  await accessible(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await accessible(page);

  // The way down takes minutes, and says the same in every size.
  if (info.project.name === "wide") await goesDown(page, stop);

  await cleanUp(page);
  await expect(page.getByText(`Clean. Nothing of the workshop is left in ${namespace}.`)).toBeVisible({
    timeout: 60_000,
  });
  await expect(page).toHaveTitle(/^0 ready · /);
});

async function goesDown(page: Page, stop: Locator) {
  await stop.click();
  await expect(page.getByText(/Stopped within \d+ s\. No load pod is left\./)).toBeVisible({
    timeout: 40_000,
  });
  await expect(page.getByText(/Stays at 10 for about/).first()).toBeVisible({ timeout: 60_000 });
  await expect(page).toHaveTitle(/^1 ready · /, { timeout: 180_000 });
  await expect(page.getByText(/10 → \d in one step|→ 1 in one step|1 pod is enough/).first()).toBeVisible();
}
