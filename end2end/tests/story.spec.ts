// One real remediation action travels the whole way: reported, approved, quarantined, undone; with and without
// JavaScript.
import { type Page } from "@playwright/test";
import { expect, signIn, test } from "./estate";
import { EvilFile } from "./file";

/** Without JavaScript nothing updates by itself: look again until it is there. */
async function untilShown(page: Page, text: string, live: boolean): Promise<void> {
  const shown = page.locator("#flyout").getByText(text, { exact: true }).first();
  if (live) {
    await expect(shown).toBeVisible();
    return;
  }
  await expect(async () => {
    await page.goto(page.url());
    await expect(shown).toBeVisible({ timeout: 500 });
  }).toPass();
}

async function story(page: Page, file: EvilFile, live: boolean): Promise<void> {
  const id = await file.report();
  await signIn(page);

  const link = page.locator(`#open-${id}`);
  await expect(link).toBeVisible();
  await link.click();
  const flyout = page.locator("#flyout");
  await expect(flyout.getByRole("heading", { name: "Quarantine file" })).toBeVisible();
  await expect(flyout.getByText("Moves the file into the device's quarantine vault").first()).toBeVisible();
  await expect(flyout.getByText("responder on this machine").first()).toBeVisible();
  await expect(flyout.getByText(file.before.sha256).first()).toBeVisible();
  expect(file.isThere()).toBe(true);
  expect(file.inVault()).toBe(0);

  await flyout.getByRole("button", { name: "Approve", exact: true }).click();
  await untilShown(page, "Completed", live);
  expect(file.isThere()).toBe(false);
  expect(file.inVault()).toBe(1);

  await page.goto(`/action-center/history?open=${id}`);
  await expect(page.locator(`#open-${id}`)).toBeVisible();
  await flyout.locator("summary", { hasText: "Undo" }).click();
  await flyout.getByLabel("Why it is undone").fill("It was a false alarm");
  await flyout.getByRole("button", { name: "Undo this action" }).click();
  await untilShown(page, "Undone", live);
  expect(file.facts()).toEqual(file.before);
  expect(file.inVault()).toBe(0);
}

test("a reported file is quarantined and released", async ({ page, estate }) => {
  await story(page, new EvilFile(estate, "loader-live.bin"), true);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a reported file is quarantined and released", async ({ page, estate }) => {
    await story(page, new EvilFile(estate, "loader-forms.bin"), false);
  });
});
