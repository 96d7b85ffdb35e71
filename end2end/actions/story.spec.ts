// One real remediation action travels the whole way: reported, approved, quarantined, undone.
import { type Page } from "@playwright/test";
import { expect, hasScripts, signIn, test } from "../support/estate";
import { MaliciousFile } from "../support/file";

/** Without JavaScript nothing updates by itself: look again until it is there. */
async function waitForText(page: Page, text: string): Promise<void> {
  const shown = page.locator("#flyout").getByText(text, { exact: true }).first();
  if (hasScripts()) {
    await expect(shown).toBeVisible();
    return;
  }
  await expect(async () => {
    await page.goto(page.url());
    await expect(shown).toBeVisible({ timeout: 500 });
  }).toPass();
}

test("a reported file is quarantined and released", { tag: ["@tablet", "@no-js"] }, async ({ page, estate }) => {
  const file = new MaliciousFile(estate, "loader.bin");
  const id = await file.report();
  await signIn(page);

  const link = page.locator(`#open-${id}`);
  await expect(link).toBeVisible();
  await link.click();
  const flyout = page.locator("#flyout");
  await expect(flyout.getByRole("heading", { name: "Quarantine file" })).toBeVisible();
  await expect(flyout.getByText("Moves the file into the device's quarantine vault").first()).toBeVisible();
  await expect(flyout.getByText("responder on this machine").first()).toBeVisible();
  await expect(flyout.getByText(file.original.sha256).first()).toBeVisible();
  expect(file.exists()).toBe(true);
  expect(file.countInVault()).toBe(0);

  await flyout.getByRole("button", { name: "Approve", exact: true }).click();
  await waitForText(page, "Completed");
  expect(file.exists()).toBe(false);
  expect(file.countInVault()).toBe(1);

  await page.goto(`/action-center/history?open=${id}`);
  await expect(page.locator(`#open-${id}`)).toBeVisible();
  await flyout.locator("summary", { hasText: "Undo" }).click();
  await flyout.getByLabel("Why it is undone").fill("It was a false alarm");
  await flyout.getByRole("button", { name: "Undo this action" }).click();
  await waitForText(page, "Undone");
  expect(file.state()).toEqual(file.original);
  expect(file.countInVault()).toBe(0);
});
