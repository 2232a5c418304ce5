// People who sign in at an identity provider, and what becomes of them.

import type { Page } from "@playwright/test";

import { SingleSignOn } from "./identity_provider";
import { accessible, expect, fits, live, signOut, test } from "./workshop";

const people = {
  grace: { name: "Grace Hopper", groups: ["staff", "teachers"] },
  ada: { name: "Ada Lovelace", email: "ada@example.org", email_verified: true },
  ben: { name: "Ben Bitdiddle", groups: ["class-a"] },
  cleo: { groups: ["class-a"] },
  eve: { name: "Eve", groups: ["class-b"] },
};
const rules = [
  "groups=teachers -> instructor",
  "email=ada@example.org -> seat 1",
  "groups=class-a -> free seat",
];

// One panel and one provider for all tests of this file.
test.describe.configure({ mode: "default" });

let school: SingleSignOn;
test.beforeAll(async () => {
  school = await SingleSignOn.start(people, rules);
});
test.afterAll(async () => {
  await school?.stop();
});

const button = (page: Page) => page.getByRole("link", { name: "Sign in with your account" });

/// Presses the button; a browser that the provider does not know asks who it is.
async function signIn(page: Page, account: string) {
  await page.goto(school.url);
  await button(page).click();
  await page.getByLabel("Account").fill(account);
  await page.getByRole("button", { name: "Go" }).click();
}

/// The page's head: the seat's namespace and the name of who sits there, which phones have no room for.
const heading = (page: Page) => page.getByRole("heading", { level: 1 });
const seat = async (page: Page) => (await heading(page).textContent()) ?? "";

test("a teacher becomes the instructor", async ({ page }) => {
  await signIn(page, "grace");
  await live(page);
  await expect(page.getByRole("button", { name: "Stop all loads" })).toBeVisible();
});

test("a verified address opens the seat of its rule", async ({ page }) => {
  await signIn(page, "ada");
  await live(page);
  await expect(heading(page)).toContainText("Ada Lovelace");
  expect(await seat(page)).toContain("workshop-user-1");
});

test("who takes a free seat comes back to it from another browser", async ({ page, browser }) => {
  await signIn(page, "ben");
  await live(page);
  await expect(heading(page)).toContainText("Ben Bitdiddle");
  const own = await seat(page);
  expect(own).toMatch(/workshop-user-[2-6]/);

  const phone = await (await browser.newContext()).newPage();
  await signIn(phone, "ben");
  await live(phone);
  expect(await seat(phone)).toBe(own);

  const neighbour = await (await browser.newContext()).newPage();
  await signIn(neighbour, "cleo");
  await live(neighbour);
  expect(await seat(neighbour)).not.toBe(own);
});

test("signing out ends the panel's session, not the provider's", async ({ page }) => {
  await signIn(page, "ben");
  await live(page);
  await signOut(page);
  await expect(page.getByLabel("Seat code")).toBeVisible();
  await page.goto(school.url);
  await expect(page.getByLabel("Seat code")).toBeVisible();
  // The provider still knows who this is.
  await button(page).click();
  await live(page);
  await expect(heading(page)).toContainText("Ben Bitdiddle");
});

test("who has no place is told whom to ask", async ({ page }) => {
  await signIn(page, "eve");
  await expect(
    page.getByText("Your account is right, but this class has no seat for it. Ask Grace, room 7."),
  ).toBeVisible();
  await expect(page.getByLabel("Seat code")).toBeVisible();
  await fits(page);
  await accessible(page);
});

test("an answer of the provider counts once, and in its own browser only", async ({ page, browser }) => {
  const answers: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/oidc/callback?")) answers.push(request.url());
  });
  await signIn(page, "ben");
  await live(page);
  expect(answers).toHaveLength(1);
  for (const victim of [page, await (await browser.newContext()).newPage()]) {
    await victim.goto(answers[0]);
    await expect(victim.getByText(/it was begun in another tab or browser/)).toBeVisible();
  }
});

test("without scripts the button leads there and back", async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await signIn(page, "ada");
  await expect(heading(page)).toContainText("Ada Lovelace");
});
