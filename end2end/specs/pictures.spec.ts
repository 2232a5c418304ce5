// The documentation's pictures: `cargo xtask pictures` writes them to docs/pictures.

import type { Page } from "@playwright/test";

import { expect, instructorCode, live, signIn, signOut, test } from "./workshop";

const folder = "../docs/pictures";

test("pictures of a load that has reached the maximum @pictures", async ({ page, seat }, info) => {
  await signIn(page, seat(0).code);
  await live(page);
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(page.getByRole("button", { name: "Start load", exact: true })).toBeEnabled({ timeout: 30_000 });
  // The first value shows the idle app before the load comes.
  await expect(page.getByText(/1 pod is enough/).first()).toBeVisible({ timeout: 90_000 });
  await page.getByRole("button", { name: "Start load", exact: true }).click();
  await expect(page).toHaveTitle(/^10 ready · At maximum/, { timeout: 240_000 });
  await expect(page.getByText(/Stays at 10, the maximum/).first()).toBeVisible({ timeout: 60_000 });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${folder}/load-${info.project.name}-${colorScheme}.png` });
  }
  if (info.project.name === "wide") await parts(page);
  if (info.project.name === "phone") return;
  await signOut(page);
  await signIn(page, instructorCode);
  await live(page);
  await page.screenshot({ path: `${folder}/seats-${info.project.name}-dark.png` });
});

/// What opens, and the tabs, each as a picture of its own; the last one is of the run that is over.
async function parts(page: Page) {
  await page.emulateMedia({ colorScheme: "light" });
  const take = (name: string) => page.screenshot({ path: `${folder}/${name}-wide-light.png` });
  const why = page.getByRole("region", { name: "Why it scales, or not yet" });
  await why.getByText("Why", { exact: true }).click();
  await expect(why.getByRole("cell", { name: "TooManyReplicas" })).toBeVisible();
  await take("why");
  await why.getByText("Why", { exact: true }).click();

  const panel = (tab: string | RegExp) => page.getByRole("tabpanel", { name: tab });
  const whole = (tab: string | RegExp, name: string) =>
    panel(tab).screenshot({ path: `${folder}/${name}-wide-light.png` });
  for (const [tab, name] of [
    [/^Load log/, "load_log"],
    [/^Events/, "events"],
    ["Settings", "settings"],
  ] as const) {
    await page.getByRole("tab", { name: tab }).click();
    await expect(panel(tab)).toBeVisible();
    await whole(tab, name);
  }
  await page.getByRole("button", { name: "Stop load", exact: true }).click();
  await page.getByRole("tab", { name: "Runs" }).click();
  await expect(page).toHaveTitle(/^1 ready /, { timeout: 240_000 });
  await take("down");
  await panel("Runs").getByRole("button", { name: /^Open the run of / }).click();
  await expect(panel("Runs").getByRole("heading", { name: /^Run of / })).toBeVisible();
  await whole("Runs", "run");
}
