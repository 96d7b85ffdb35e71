// What can't be undone is asked about once more, however it is approved.
import { expect, test } from "../support/estate";
import { openHardDelete } from "../support/hard_delete";

test("one press never hard-deletes: the question repeats what is hit, and its button says what it does", { tag: "@tablet" }, async ({ page, estate }) => {
  const flyout = await openHardDelete(page, estate);
  const sent: string[] = [];
  page.on("request", (request) => request.url().endsWith("/api/approve_action") && sent.push(request.url()));
  const impact = await flyout.locator(".effect").getByText(/^Hits 39 messages/).textContent();
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
