// The buttons, the status line and the load form through one load, with two tabs and with the keyboard.

import { accessible, expect, fits, live, showAllButtons, signIn, test, url } from "./workshop";

test("the buttons say what they can do, and why not, through one load", async ({ page, context, seat }) => {
  const { namespace, code } = seat(4);
  await signIn(page, code);
  await live(page);
  const bar = page.getByRole("region", { name: "Controls" });
  const button = (name: string) => bar.getByRole("button", { name, exact: true });
  const height = async () => (await bar.boundingBox())!.height;

  // Nothing is there: one button is filled, the others are off and say why.
  await expect(bar.locator("button[data-filled=true]")).toHaveText("Deploy");
  const low = await height();
  await showAllButtons(page);
  await expect(button("Start load")).toBeDisabled();
  await expect(button("Start load")).toHaveAccessibleDescription("Start load: Deploy first.");
  await expect(button("Clean up")).toHaveAccessibleDescription("Clean up: Nothing to remove.");
  await expect(bar.getByText("Step 1 of 6")).toBeVisible();
  await accessible(page);
  await fits(page);

  // The equal command opens over the page.
  await bar.getByText("kubectl", { exact: true }).first().click();
  await expect(
    bar.getByText(`kubectl apply -n ${namespace} -f webapp-deployment.yaml`, { exact: false }),
  ).toBeVisible();
  await accessible(page);
  await bar.getByText("kubectl", { exact: true }).first().click();

  await button("Deploy").click();
  await expect(bar.getByText(/^Ready\./)).toBeVisible({ timeout: 30_000 });
  await expect(button("Deploy")).toHaveAccessibleDescription(
    "Deploy: Already deployed. Change values under Settings.",
  );
  await expect(bar.getByText("Step 2 of 6").or(bar.getByText("Step 3 of 6"))).toBeVisible();

  // Bad input is told at its field, is not sent, and stays as it was typed.
  await bar.getByText("Change", { exact: true }).click();
  const users = bar.getByLabel("Users", { exact: true });
  for (const [typed, sentence] of [
    ["", "Users must be a whole number between 1 and 500: the field is empty."],
    ["<b>5", "Users must be a whole number between 1 and 500, not “<b>5”."],
    ["2.5", "Users must be a whole number between 1 and 500, not “2.5”."],
    ["-5", "Users must be between 1 and 500, not -5."],
    ["99999999999", "Users must be between 1 and 500, not 99999999999."],
  ]) {
    await users.fill(typed);
    await expect(bar.getByText(sentence)).toBeVisible();
    await expect(users).toHaveAttribute("aria-invalid", "true");
  }
  await users.press("Enter");
  await expect(users).toBeFocused();
  await expect(users).toHaveValue("99999999999");
  await expect(button("Stop load")).toBeDisabled();
  await accessible(page);
  await fits(page);
  await bar.getByRole("button", { name: "Settles below it" }).click();
  await expect(users).toHaveValue("15");
  await bar.getByLabel("Your guess: how many pods?").fill("6");
  await expect(bar.getByText("15 users · 15/s · 5:00 · n 26 · guess 6")).toBeVisible();
  await bar.getByText("Change", { exact: true }).click();

  await button("Start load").click();
  await expect(button("Stop load")).toBeEnabled({ timeout: 30_000 });
  await expect(bar.getByText(/^Load is on: 15 users, \d:\d\d left\.$/)).toBeVisible({ timeout: 30_000 });

  // A second tab sees the same, and a press there is harmless here.
  const other = await context.newPage();
  await other.goto(url);
  await live(other);
  const there = other.getByRole("region", { name: "Controls" });
  await expect(there.getByText(/^Load is on: 15 users/)).toBeVisible();
  await there.getByRole("button", { name: "Stop load", exact: true }).click();
  await expect(bar.getByText(/^Stopped within \d+ s\. No load pod is left\.$/)).toBeVisible({ timeout: 40_000 });
  await expect(there.getByText(/^Stopped within \d+ s\./)).toBeVisible();
  await other.close();

  // The question by keyboard: the safe answer has the focus, Tab stays with the answers, Esc is the safe one.
  await showAllButtons(page);
  await button("Clean up").focus();
  await page.keyboard.press("Enter");
  const question = page.getByRole("alertdialog", { name: `Remove the workshop from ${namespace}?` });
  await expect(question.getByRole("button", { name: "Keep" })).toBeFocused();
  await accessible(page);
  await page.keyboard.press("Tab");
  await expect(question.getByRole("button", { name: "Remove all" })).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(question.getByRole("button", { name: "Keep" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(question).toHaveCount(0);
  await expect(button("Clean up")).toBeFocused();

  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(bar.getByText(`Clean. Nothing of the workshop is left in ${namespace}.`)).toBeVisible({
    timeout: 60_000,
  });
  await page.reload();
  await live(page);
  await showAllButtons(page);
  await bar.getByText(/^Step \d of 6$/).click();
  await expect(bar.getByRole("listitem").filter({ hasText: "Cleaned up" })).toContainText("done");
  await page.reload();
  await live(page);
  expect(await height()).toBe(low);
});
