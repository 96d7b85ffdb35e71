// Take action: from the toolbar through the form and its preview to what is carried out.
import { expect, signIn, test, visit, waitForHydration } from "../support/estate";
import { expectAccessible } from "../support/accessible";

test("an action is taken from a form with its preview", { tag: ["@tablet", "@no-js"] }, async ({ page, javaScriptEnabled }) => {
  await signIn(page);
  await visit(page, "/action-center/pending");
  await page.getByRole("link", { name: "Take action" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Take action" })).toBeVisible();
  if (javaScriptEnabled !== false) await waitForHydration(page);
  await page.getByLabel("What to do").selectOption("isolate_device");
  if (javaScriptEnabled === false) await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Device", { exact: true }).fill("ham-ws-001");
  await page.getByLabel("Why", { exact: true }).fill("beacons");
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByText("Hits 1 device")).toBeVisible();
  await expect(page.getByText("Can be undone: Release from isolation.")).toBeVisible();
  if (javaScriptEnabled !== false) await expectAccessible(page);
  await page.getByRole("button", { name: "Take action" }).click();
  await expect(page).toHaveURL(/in-progress\?open=/);
});
