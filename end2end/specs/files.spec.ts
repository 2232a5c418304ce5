// Files, commands and words: read, copied, downloaded.

import { readFile } from "node:fs/promises";

import { accessible, expect, fits, live, openMenu, signIn, test } from "./workshop";

test("files are read, copied and downloaded, and the last button is told", async ({ page, context, seat }) => {
  const { namespace, code } = seat(18);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await signIn(page, code);
  await live(page);
  await page.getByRole("tab", { name: "Files and commands" }).click();
  const panel = page.getByRole("tabpanel", { name: "Files and commands" });
  const scaled = panel.getByRole("region", { name: "keda-scaledobject.yaml" });
  await expect(scaled).toContainText("maxReplicaCount: 10");
  await expect(panel.getByText("not there yet: as the panel would make it").first()).toBeVisible();

  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(panel.getByText("applied ScaledObject webapp as workshop-panel")).toBeVisible();
  await expect(panel.getByText("as it stands in your namespace").first()).toBeVisible();
  await expect(scaled).toContainText("Why not to zero");

  await panel.getByRole("button", { name: "Copy keda-scaledobject.yaml" }).click();
  await expect(panel.getByText("Copied.")).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain("kind: ScaledObject");

  const download = page.waitForEvent("download");
  await panel.getByRole("link", { name: "Download keda-scaledobject.yaml" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("keda-scaledobject.yaml");
  expect(await readFile(await file.path(), "utf8")).toBe(copied);
  await expect(panel.getByText(`kubectl logs -f job/locust-headless -n ${namespace}`)).toBeVisible();
  await fits(page);
  await accessible(page);
});

test("the words stand as plain text", async ({ page, seat }) => {
  const { code } = seat(18);
  await signIn(page, code);
  await live(page);
  await openMenu(page);
  await page.getByRole("link", { name: "What the words mean" }).click();
  await expect(page.getByRole("tab", { name: "Words" })).toBeFocused();
  const panel = page.getByRole("tabpanel", { name: "Words" });
  await expect(panel).toBeInViewport();
  await expect(panel.getByText("Tolerance", { exact: true })).toBeVisible();
  await expect(panel.getByText("“KEDA watches the CPU.” metrics-server measures it, and the HPA reads it.")).toBeVisible();
  await fits(page);
  await accessible(page);
});
