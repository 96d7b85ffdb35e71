// What is said in passing: only what stands nowhere else, for as long as one may need, with a way back.
import { type Page } from "@playwright/test";
import { expectAccessible } from "../support/accessible";
import { expect, holdRequests, installClock, rejectOpenAction, signIn, test, visit } from "../support/estate";
import { MaliciousFile } from "../support/file";

const HISTORY = "/action-center/history";

const toast = (page: Page, text: string | RegExp) => page.locator(".toast", { hasText: text });

test("all filters are removed, and come back", async ({ page }) => {
  await signIn(page, "Security Reader", HISTORY);
  await visit(page, `${HISTORY}?sort=asset&severity=high&severity=low`);
  await page.getByRole("link", { name: "Clear all" }).click();
  await expect(page).toHaveURL(/history\?sort=asset$/);
  await expect(page.getByRole("status").filter({ hasText: "2 filters removed." })).toBeVisible();
  // Under the pointer it stays for as long as that takes.
  await toast(page, "2 filters removed.").hover();
  await expectAccessible(page);
  await toast(page, "2 filters removed.").getByRole("link", { name: "Undo" }).click();
  await expect(page).toHaveURL(/sort=asset&severity=high&severity=low$/);
  await expect(page.locator(".chip")).toHaveCount(2);
  await expect(page.locator(".toast")).toHaveCount(0);

  await page.keyboard.press("Control+k");
  await page.keyboard.type("clear all");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/history\?sort=asset$/);
  // By keyboard: to the message, and its first button.
  await expect(toast(page, "2 filters removed.")).toBeVisible();
  await page.keyboard.press("z");
  await expect(page.locator(".toast a")).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.locator(".toast")).toHaveCount(0);
  await expect(page.locator("#content")).toBeFocused();
  await expect(page).toHaveURL(/history\?sort=asset$/);
});

test("a deleted view comes back", async ({ page }) => {
  await signIn(page, "Security Administrator", `${HISTORY}?severity=critical`);
  await visit(page, `${HISTORY}?severity=critical&panel=views`);
  const panel = page.locator("#views");
  await panel.getByLabel("Save what the list shows now as").fill("Passing");
  await panel.getByRole("button", { name: "Save view" }).click();
  const link = panel.getByRole("link", { name: "Passing" });
  await expect(link).toBeVisible();
  const remove = panel.getByRole("button", { name: "Delete the view Passing" });
  await remove.click();
  await expect(link).toHaveCount(0);
  await toast(page, "View Passing deleted.").getByRole("button", { name: "Undo" }).click();
  await expect(link).toBeVisible();
  await expect(link).toHaveAttribute("href", /history\?severity=critical$/);
  await expect(page.locator(".toast")).toHaveCount(0);
  // What only this page could take back is not offered on another.
  await remove.click();
  await expect(toast(page, "View Passing deleted.")).toBeVisible();
  await page.getByRole("link", { name: "Home", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("Action center");
  await expect(page.locator(".toast")).toHaveCount(0);
});

test("hidden columns come back, also in the form", async ({ page }) => {
  await signIn(page, "Global Administrator", HISTORY);
  await visit(page, `${HISTORY}?panel=columns`);
  const panel = page.locator("#columns");
  const [box, heading] = [
    panel.getByLabel("Decision", { exact: true }),
    page.getByRole("columnheader", { name: "Decision" }),
  ];
  await box.uncheck();
  await expect(heading).toHaveCount(0);
  await toast(page, "The column Decision is hidden.").getByRole("button", { name: "Undo" }).click();
  await expect(heading).toBeVisible();
  await expect(box).toBeChecked();
  await expect(page.locator(".toast")).toHaveCount(0);

  await box.uncheck();
  await expect(toast(page, "is hidden.")).toBeVisible();
  await panel.getByRole("button", { name: "Back to the usual columns" }).click();
  await expect(heading).toBeVisible();
  await expect(box).toBeChecked();
  // It took the place of what was said of the columns before.
  await expect(page.locator(".toast")).toHaveText([/^Columns are as usual again\./]);
  await page.locator(".toast").getByRole("button", { name: "Undo" }).click();
  await expect(heading).toHaveCount(0);
  await expect(box).not.toBeChecked();
  await panel.getByRole("button", { name: "Back to the usual columns" }).click();
  await expect(heading).toBeVisible();
});

test("a decision is told where its action is no longer open", async ({ page, estate }) => {
  const [first, second] = [new MaliciousFile(estate, "passing-1.bin"), new MaliciousFile(estate, "passing-2.bin")];
  const [seen, left] = [await first.report(), await second.report()];
  await signIn(page);
  await visit(page, `/action-center/pending?open=${seen}`);
  const flyout = page.locator("#flyout");
  await flyout.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(flyout.locator(".notice")).not.toBeEmpty();
  await expect(page.locator(".toast")).toHaveCount(0);

  await visit(page, `/action-center/pending?open=${left}`);
  const release = await holdRequests(page, "**/api/reject_action");
  await rejectOpenAction(page, "It is ours");
  await flyout.getByRole("link", { name: "Close" }).click();
  await expect(flyout).toHaveCount(0);
  release();
  const told = toast(page, /^Rejected: Quarantine file on this machine\./);
  await told.getByRole("link", { name: "View" }).click();
  await expect(page).toHaveURL(new RegExp(`open=${left}`));
  await expect(flyout).toContainText("It is ours");
  await expect(page.locator(".toast")).toHaveCount(0);
});

test("it goes by itself, but not from under the pointer or the focus", async ({ page }) => {
  await installClock(page);
  await signIn(page, "Security Reader", HISTORY);
  await visit(page, `${HISTORY}?severity=high`);
  await page.getByRole("link", { name: "Clear all" }).click();
  const told = toast(page, "1 filter removed.");
  await expect(told).toBeVisible();
  await told.hover();
  await page.clock.runFor(30_000);
  await expect(told).toBeVisible();
  await page.mouse.move(0, 0);
  await page.keyboard.press("z");
  await page.clock.runFor(30_000);
  await expect(told.getByRole("link", { name: "Undo" })).toBeFocused();
  await page.locator("#search").focus();
  await page.clock.runFor(8_000);
  await expect(told).toBeVisible();
  await page.clock.runFor(3_000);
  await expect(told).toHaveCount(0);
});

test("three at most are shown, and none on paper", async ({ page }) => {
  await signIn(page, "Security Administrator", HISTORY);
  await visit(page, `${HISTORY}?panel=views`);
  const panel = page.locator("#views");
  const names = ["One", "Two", "Three", "Four"];
  for (const name of names) {
    await panel.getByLabel("Save what the list shows now as").fill(`Of four: ${name}`);
    await panel.getByRole("button", { name: "Save view" }).click();
    await expect(panel.getByRole("link", { name: `Of four: ${name}` })).toBeVisible();
  }
  const before = await page.locator(".action-table").boundingBox();
  for (const name of names) {
    await panel.getByRole("button", { name: `Delete the view Of four: ${name}` }).click();
    await expect(toast(page, `View Of four: ${name} deleted.`)).toBeVisible();
  }
  await expect(page.locator(".toast")).toHaveCount(3);
  await expect(toast(page, "Of four: One")).toHaveCount(0);
  expect(await page.locator(".action-table").boundingBox()).toEqual(before);
  await page.emulateMedia({ media: "print" });
  await expect(page.locator(".toasts")).toBeHidden();
});
