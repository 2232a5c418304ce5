// The pods: as kubectl shows them, the busiest first, and why one is as it is.

import { accessible, cleanUp, expect, fits, live, signIn, test } from "./workshop";

test("pods come, are sorted by their CPU, open to their events, and go", async ({ page, seat }, info) => {
  // One size is followed to ten pods and down again, some minutes of waiting; the table is the same in the others.
  const whole = info.project.name === "wide";
  const { code } = seat(15);
  await signIn(page, code);
  await live(page);
  const tab = page.getByRole("tab", { name: /^Pods/ });
  if (await tab.isVisible()) await tab.click();
  const table = page.getByRole("tabpanel", { name: "Pods" }).getByRole("table");
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  const app = table.getByRole("row").filter({ hasText: /^webapp-/ });
  await expect(app.filter({ hasText: "+ new" })).toHaveCount(1);
  await expect(app.filter({ hasText: "Running" })).toHaveCount(1, { timeout: 30_000 });

  await page.getByRole("button", { name: "Start load", exact: true }).click();
  await expect(table.getByRole("row").filter({ hasText: /^locust-/ })).toHaveCount(1);
  const busy = app.filter({ hasText: "%" });
  if (whole) {
    await expect(app).toHaveCount(10, { timeout: 240_000 });
    await expect(busy).toHaveCount(10, { timeout: 90_000 });
  } else {
    await expect(busy.nth(1)).toBeVisible({ timeout: 120_000 });
  }
  await expect(async () => {
    const percents = (await (whole ? app : busy).allInnerTexts()).map((text) => Number(/(\d+) %/.exec(text)![1]));
    expect(percents.length).toBeGreaterThan(1);
    expect(percents).toEqual([...percents].sort((a, b) => b - a));
  }).toPass();

  const first = app.first().getByRole("button");
  await first.focus();
  await page.keyboard.press("Enter");
  await expect(first).toHaveAttribute("aria-expanded", "true");
  await expect(table.getByText("Its events:")).toBeVisible();
  await expect(table.getByText("Container started").first()).toBeVisible();
  await fits(page);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await accessible(page);
  }
  await page.keyboard.press("Enter");
  await expect(table.getByText("Its events:")).toHaveCount(0);

  if (!whole) {
    await cleanUp(page);
    await expect(app.filter({ hasText: /✕ gone|− leaving/ }).first()).toBeVisible();
    await expect(app).toHaveCount(0, { timeout: 60_000 });
    return;
  }
  await page.getByRole("button", { name: "Stop load", exact: true }).click();
  await expect(app.filter({ hasText: /✕ gone|− leaving/ }).first()).toBeVisible({ timeout: 180_000 });
  await expect(app).toHaveCount(1, { timeout: 30_000 });
});
