// What can't be undone is asked about once more, however it is approved.
import { authenticate, expect, test, visit } from "../support/estate";
import type { Page } from "@playwright/test";

const MAIL_ROLE = "security_operator+search_and_purge";

async function openHardDelete(page: Page) {
  await authenticate(page, MAIL_ROLE);
  await visit(page, "/action-center/pending?type=hard_delete_email");
  await page.locator("tbody tr .entity-link").first().click();
  const flyout = page.locator("#flyout");
  await expect(flyout.getByRole("heading", { level: 2, name: "Hard delete email" })).toBeVisible();
  return flyout;
}

test("one press never hard-deletes: the question repeats what is hit, and its button says what it does", { tag: "@tablet" }, async ({ page }) => {
  const flyout = await openHardDelete(page);
  const sent: string[] = [];
  page.on("request", (request) => request.url().endsWith("/api/approve_action") && sent.push(request.url()));
  const impact = await flyout.locator(".effect").getByText(/^Hits /).textContent();
  const press = flyout.getByRole("button", { name: "Approve…" });
  const dialog = page.locator("#confirm");
  await (test.info().project.name === "tablet" ? press.tap() : press.click());
  await expect(dialog).toBeVisible();
  await expect(dialog).toContainText(impact as string);
  await expect(dialog).toContainText("This can't be undone");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  if (test.info().project.name === "desktop") {
    await page.keyboard.press("a");
    await expect(dialog).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
  }
  expect(sent).toEqual([]);
  await press.click();
  await dialog.getByRole("button", { name: "Hard delete email" }).click();
  await expect.poll(() => sent.length).toBe(1);
  await expect(flyout.locator(".notice")).toContainText(/Approved|Completed|ended/);
});
