// The documentation's pictures: `cargo xtask pictures` writes them to docs/pictures.

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
  if (info.project.name === "phone") return;
  await signOut(page);
  await signIn(page, instructorCode);
  await live(page);
  await page.screenshot({ path: `${folder}/seats-${info.project.name}-dark.png` });
});
