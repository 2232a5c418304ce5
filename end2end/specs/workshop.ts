// What every spec needs: the panel under test, a seat for each test, and what must never happen on a page.

import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";

type Seat = { namespace: string; code: string };
type Workshop = { url: string; seats: Seat[]; instructor: string; kubectl: string };

const workshop: Workshop = JSON.parse(process.env.WORKSHOP ?? "null");
if (!workshop) throw new Error("run these specs by `cargo xtask test browser`");

export const url = workshop.url;
export const instructorCode = workshop.instructor;

// Each test that acts has a seat of its own, so that all can run at once: its number, and the size of the screen.
const sizes = ["wide", "projector", "phone"];
const seatsOfASize = Math.floor(workshop.seats.length / sizes.length);

export const test = base.extend<{ seat: (number: number) => Seat; faults: string[] }>({
  seat: async ({}, use, info) => {
    await use((number) => workshop.seats[sizes.indexOf(info.project.name) * seatsOfASize + number]);
  },
  // Errors of the page, and whatever its Content-Security-Policy refused.
  faults: [
    async ({ page }, use) => {
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error" || /hydration/i.test(message.text())) faults.push(message.text());
      });
      await use(faults);
      expect(faults.filter((fault) => !/status of 4\d\d|net::ERR_/.test(fault))).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/// Changes an object of the simulated cluster beside the panel, as `kubectl patch` does.
export async function kubectl(path: string, patch: object) {
  const answer = await fetch(workshop.kubectl + path, {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: JSON.stringify(patch),
  });
  expect(answer.status, await answer.text()).toBe(200);
}

/// Signs in and waits until the page is live.
export async function signIn(page: Page, code: string) {
  await page.goto(url);
  await page.getByLabel("Seat code").fill(code);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/// The page is signed in, loaded and its stream is alive.
export async function live(page: Page) {
  await expect(page.getByText(/^● Live/)).toBeVisible();
}

/// On a phone the bar shows the one sensible button; the others open by its three dots.
export async function showAllButtons(page: Page) {
  const more = page.getByRole("region", { name: "Controls" }).locator("details.more");
  const closed = (await more.isVisible()) && !(await more.evaluate((it: HTMLDetailsElement) => it.open));
  if (closed) await more.locator("summary").click();
}

/// Removes all that the workshop has in the seat's namespace.
export async function cleanUp(page: Page) {
  await showAllButtons(page);
  await page.getByRole("button", { name: "Clean up", exact: true }).click();
  await page.getByRole("button", { name: "Remove all" }).click();
}

/// Opens the header's menu, which there is on a phone alone.
export async function openMenu(page: Page) {
  const menu = page.locator(".header > .more > summary");
  if (await menu.isVisible()) await menu.click();
}

/// Leaves the seat.
export async function signOut(page: Page) {
  await openMenu(page);
  await page.getByRole("button", { name: "Sign out" }).click();
}

/// No violation of WCAG 2.2 AA that axe can find.
export async function accessible(page: Page) {
  const found = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
    .analyze();
  expect(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`)).toEqual([]);
}

/// Nothing is wider than the screen.
export async function fits(page: Page) {
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBeLessThanOrEqual(0);
}
