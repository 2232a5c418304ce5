// A seat's access: the card's link, a new code from the instructor's hand, a closed seat.

import { accessible, expect, fits, instructorCode, live, signIn, test, url } from "./workshop";

test("a card's link signs in, and its code leaves the address before anything is asked", async ({ page, seat }) => {
  const { namespace, code } = seat(5);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(`${url}/join#${code}`);
  await live(page);
  await expect(page.getByRole("heading", { name: namespace })).toBeVisible();
  expect(asked.filter((address) => address.includes(code.slice(3)))).toEqual([]);
  expect(page.url()).not.toContain(code.slice(3));
  await page.goBack();
  expect(page.url()).not.toContain(code.slice(3));
});

test("a card of another seat changes the seat", async ({ page, seat }) => {
  await signIn(page, seat(5).code);
  await live(page);
  await page.goto(`${url}/join#${seat(6).code}`);
  // A link alone moves nobody who is signed in.
  await expect(page.getByText(`You are signed in to ${seat(5).namespace}.`)).toBeVisible();
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: seat(6).namespace })).toBeVisible();
  await live(page);
});

test("a new code takes two clicks, is shown large, and the seat's page says so", async ({ page, browser, seat }) => {
  const { namespace, code } = seat(7);
  const attendee = await (await browser.newContext()).newPage();
  await signIn(attendee, code);
  await live(attendee);

  await signIn(page, instructorCode);
  await live(page);
  const row = page.getByRole("row").filter({ has: page.getByText(namespace, { exact: true }) });
  await expect(row).toContainText("1 device");
  await row.getByRole("button", { name: /^Access/ }).click();
  const access = page.getByRole("dialog", { name: /^Access to seat/ });
  await expect(access.getByRole("button", { name: "New code" })).toBeFocused();
  await fits(page);
  await accessible(page);
  await access.getByRole("button", { name: "New code" }).click();
  const fresh = (await access.locator(".code").textContent()) ?? "";
  expect(fresh).toMatch(/^\d\d-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  await expect(access.getByRole("img", { name: /QR code/ })).toBeVisible();
  await accessible(page);
  await expect(attendee.getByText("Your instructor gave this seat a new code.")).toBeVisible();

  // It is gone from the page with the dialog.
  await page.keyboard.press("Escape");
  await expect(access).toHaveCount(0);
  expect(await page.content()).not.toContain(fresh);

  await signIn(attendee, fresh);
  await live(attendee);

  await row.getByRole("button", { name: /^Access/ }).click();
  await access.getByRole("button", { name: "Close seat" }).click();
  await expect(access.getByText(/is closed/).first()).toBeVisible();
  await expect(attendee.getByText("Your instructor closed this seat.")).toBeVisible();
});

test("the class's switches say what they do", async ({ page }) => {
  await signIn(page, instructorCode);
  await live(page);
  await page.getByRole("button", { name: "Class: running" }).click();
  const group = page.getByRole("group", { name: "Class" });
  await expect(group.getByRole("button", { name: "Read-only" })).toBeEnabled();
  await expect(group.getByRole("button", { name: "Closed" })).toBeInViewport({ ratio: 1 });
  await expect(group.getByText("attendees are signed out and cannot sign in")).toBeVisible();
  await fits(page);
  await accessible(page);
});
