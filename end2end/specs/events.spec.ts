// The tab Events: what happened, what was wrong, and filters for both.

import { accessible, expect, fits, live, signIn, test } from "./workshop";

test("events of a start are told newest last, and its warnings are called normal", async ({ page, seat }) => {
  const { code } = seat(14);
  await signIn(page, code);
  await live(page);
  const tab = page.getByRole("tab", { name: /^Events/ });
  await tab.click();
  const panel = page.getByRole("tabpanel", { name: "Events" });
  await expect(panel.getByText("Nothing is wrong.")).toBeVisible();
  await expect(panel.getByText("No event has been seen yet.")).toBeVisible();

  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  const log = panel.getByRole("log", { name: /^Events of the namespace/ });
  const warning = log.getByRole("listitem").filter({ hasText: "FailedGetResourceMetric" }).first();
  await expect(warning).toContainText("normal at the start", { timeout: 60_000 });
  await expect(log.getByRole("listitem").filter({ hasText: "ScaledObjectReady" }).first()).toBeVisible();
  await expect(tab).toHaveText(/^Events \d+$/);

  await panel.getByRole("button", { name: "Warnings" }).click();
  await expect(panel.getByRole("button", { name: "Warnings" })).toHaveAttribute("aria-pressed", "true");
  await expect(log.getByRole("listitem").filter({ hasText: "ScaledObjectReady" })).toHaveCount(0);
  await panel.getByRole("button", { name: "All", exact: true }).click();
  await panel.getByLabel("Object").selectOption("ScaledObject webapp");
  await expect(log.getByRole("listitem").filter({ hasText: "ScaledObjectReady" }).first()).toBeVisible();
  await expect(log.getByRole("listitem").filter({ hasText: "FailedGetResourceMetric" })).toHaveCount(0);
  await panel.getByRole("button", { name: "Follow" }).click();
  await expect(panel.getByRole("button", { name: "Follow" })).toHaveAttribute("aria-pressed", "false");

  await fits(page);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await accessible(page);
  }
  // What was told survives a reload.
  await page.reload();
  await live(page);
  await page.getByRole("tab", { name: /^Events/ }).click();
  await expect(log.getByRole("listitem").filter({ hasText: "ScaledObjectReady" }).first()).toBeVisible();
});
