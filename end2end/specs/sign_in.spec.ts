// Codes, right and wrong, and the end of a session.

import { accessible, expect, live, signIn, signOut, test, url } from "./workshop";

test("a wrong code is refused in words and stays in the field", async ({ page }) => {
  await signIn(page, "99-AAAA-AAAA");
  await expect(
    page.getByText("This code is not known. Check it against your card, or ask your instructor for a new one."),
  ).toBeVisible();
  await expect(page.getByLabel("Seat code")).toHaveValue("99-AAAA-AAAA");
  await accessible(page);
});

test("capitals, spaces and dashes of a code do not matter", async ({ page, seat }) => {
  await signIn(page, ` ${seat(1).code.toLowerCase().replaceAll("-", " ")} `);
  await live(page);
});

test("without a session every page leads to the sign-in", async ({ page }) => {
  for (const path of ["/", "/seats"]) {
    await page.goto(new URL(path, url).href);
    await expect(page.getByLabel("Seat code")).toBeVisible();
  }
});

test("signing out in one tab ends the other", async ({ page, context, seat }) => {
  await signIn(page, seat(1).code);
  await live(page);
  const other = await context.newPage();
  await other.goto(url);
  await live(other);
  await signOut(other);
  await expect(other.getByLabel("Seat code")).toBeVisible();
  await expect(page.getByText("You were signed out.")).toBeVisible({ timeout: 20_000 });
});

test("an attendee has no way to the instructor's page", async ({ page, seat }) => {
  await signIn(page, seat(1).code);
  await live(page);
  await page.goto(new URL("/seats", url).href);
  await expect(page.getByRole("button", { name: "Stop all loads" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Deploy", exact: true })).toBeVisible();
});
