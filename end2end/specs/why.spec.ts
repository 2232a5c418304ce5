// Why it scales: the sentences that were said, by keyboard; what stands behind them; and that a reload keeps them.

import type { Locator } from "@playwright/test";

import { accessible, expect, fits, live, signIn, test } from "./workshop";

test("the last sentences are gone through by keyboard, with their evidence, and a reload keeps them", async ({
  page,
  seat,
}, info) => {
  const { namespace, code } = seat(11);
  await signIn(page, code);
  await live(page);
  const why = page.getByRole("region", { name: "Why it scales, or not yet" });
  const sentence = why.locator(".sentence");
  await expect(sentence).toContainText(`Nothing is deployed in ${namespace}.`);

  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(sentence).toContainText("1 pod is enough", { timeout: 120_000 });
  await page.getByRole("button", { name: "Start load", exact: true }).click();
  await expect(sentence).toContainText("Stays at 10, the maximum.", { timeout: 240_000 });

  // Each scale-up has its reaction times; where the pods have a tab, they stand in it.
  if (info.project.name !== "wide") await page.getByRole("tab", { name: /^Pods/ }).click();
  const reaction = page.getByRole("region", { name: "Reaction times" });
  await expect(reaction).toContainText(/Reaction, \d+ → 10/);
  await expect(reaction).toContainText(/users on.*\d+.*decision.*ready.*first sample.*counted by the HPA/);

  // Back by keyboard to the step that reached it, and forward again; the buttons keep the focus at both ends. Between
  // the two the HPA may have waited for the new pods' samples, and said so.
  const turn = why.locator(".turn");
  const older = why.getByRole("button", { name: "Older" });
  const newer = why.getByRole("button", { name: "Newer" });
  await expect(newer).toHaveAttribute("aria-disabled", "true");
  const pressUntil = async (button: Locator, there: () => Promise<boolean>) => {
    await button.focus();
    do {
      const before = (await turn.textContent()) ?? "";
      await page.keyboard.press("Enter");
      await expect(turn).not.toHaveText(before);
    } while (!(await there()));
  };
  await pressUntil(older, async () => /\d+ → 10/.test((await sentence.textContent()) ?? ""));
  await expect(why).toHaveAttribute("data-past", "true");
  await expect(older).toBeFocused();
  await pressUntil(newer, async () => (await why.getAttribute("data-past")) === "false");
  await expect(newer).toBeFocused();

  // What stands behind it: the command, the conditions and the samples, word for word.
  await why.getByText("Why", { exact: true }).click();
  await expect(why.getByText(`kubectl describe hpa keda-hpa-webapp -n ${namespace}`)).toBeVisible();
  await expect(why.getByRole("cell", { name: "TooManyReplicas" })).toBeVisible();
  await expect(why.getByRole("rowheader", { name: /^webapp-/ }).first()).toBeVisible();
  await expect(why.getByText(/^SuccessfulRescale: New size: 10;/)).toBeVisible();
  await accessible(page);
  await fits(page);
  await why.getByText("Why", { exact: true }).click();

  const stop = page.getByRole("button", { name: "Stop load", exact: true });
  await stop.click();
  await page.reload();
  await live(page);
  await older.click();
  await expect(turn).toContainText(/2 of \d+/);
  await expect(why).toHaveAttribute("data-past", "true");
});
