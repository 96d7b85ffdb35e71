// The filters beside the list, and their chips.
import { type Locator } from "@playwright/test";
import { authenticate, expect, holdRequests, signIn, test, visit } from "../support/estate";
import { MaliciousFile } from "../support/file";

const HISTORY = "/action-center/history";

/** Whether a panel lies over the list, as on a tablet, and not beside it. */
async function isSheet(panel: Locator): Promise<boolean> {
  return panel.evaluate((panel) => getComputedStyle(panel).position === "fixed");
}

test("filters narrow at once, say how many, and go one by one", { tag: "@tablet" }, async ({ page }) => {
  await signIn(page, "Security Reader", HISTORY);
  await page.getByRole("button", { name: "Filters" }).click();
  const panel = page.locator("#filters");
  const high = panel.locator("label", { hasText: /^High/ });
  // The count is that of the rows, which grow more while the estate works.
  await expect(async () => {
    const count = Number((await high.locator(".facet-count").innerText()).replace(/\D/g, ""));
    expect(count).toBeGreaterThan(10);
    const answer = await page.request.get("/export/actions.csv?lane=history&severity=high&cols=approval");
    expect((await answer.text()).trimEnd().split("\r\n").length - 1).toBe(count);
  }).toPass();
  await high.locator("input").check();
  await expect(page).toHaveURL(/severity=high/);
  // What is left empty is not in the address.
  await expect(page).not.toHaveURL(/=(&|$)/);
  await expect(panel.locator("label", { hasText: /^High/ }).locator("input")).toBeFocused();
  await panel.locator("label", { hasText: /^Low/ }).locator("input").check();
  await expect(page).toHaveURL(/severity=high.*severity=low|severity=low.*severity=high/);
  const chips = page.getByRole("group", { name: "Filters in use" });
  await expect(chips.locator(".chip")).toHaveCount(2);
  // A sheet lies over the chips.
  const sheet = await isSheet(panel);
  if (sheet) await panel.getByRole("link", { name: "Close" }).click();
  await expect(panel).toHaveCount(sheet ? 0 : 1);
  await chips.getByRole("link", { name: /Low/ }).click();
  await expect(chips.locator(".chip")).toHaveCount(1);
  if (sheet) await page.getByRole("button", { name: "Filters" }).click();
  await expect(panel.locator("label", { hasText: /^Low/ }).locator("input:checked")).toHaveCount(0);
  await expect(panel.locator("label", { hasText: /^High/ }).locator("input")).toBeChecked();
  await panel.getByRole("link", { name: "Close" }).click();
  await expect(panel).toHaveCount(0);
  await page.getByRole("link", { name: "Clear all" }).click();
  await expect(page).toHaveURL(/history$/);
});

test("values are counted once the rows are there", { tag: "@tablet" }, async ({ page }) => {
  await signIn(page, "Security Reader", `${HISTORY}?panel=filters`);
  const counted: string[] = [];
  page.on("request", (request) => request.url().includes("/api/count_actions") && counted.push(request.url()));
  const release = await holdRequests(page, "**/api/list_actions*");
  const asked = page.waitForRequest("**/api/list_actions*");
  await page.locator("#filters label", { hasText: /^High/ }).locator("input").check();
  await asked;
  // What was asked for together would be on its way by the next frame.
  await page.evaluate(() => new Promise(requestAnimationFrame));
  expect(counted).toEqual([]);
  const counts = page.waitForResponse("**/api/count_actions*");
  release();
  expect((await counts).ok()).toBe(true);
});

test("a panel that opens offers the other values of a filter in use", { tag: ["@tablet", "@no-js"] }, async ({ page }) => {
  await signIn(page, "Security Reader", `${HISTORY}?severity=high&panel=filters`);
  const severity = page.locator("#filters").getByRole("group", { name: "Severity" });
  await expect(severity.getByLabel("High")).toBeChecked();
  await severity.getByLabel("Low").check();
});

test("a filter makes nothing anew that it does not change", { tag: "@tablet" }, async ({ page }) => {
  await signIn(page, "Security Operator", `${HISTORY}?panel=filters`);
  await page.evaluate(() => {
    const written: string[] = [];
    Object.assign(window, { written });
    const see = ({ target, attributeName }: MutationRecord) => written.push(`${target.nodeName} ${attributeName}`);
    for (const part of [".period select", ".bulk-actions", "#palette"]) {
      const options = { subtree: true, childList: true, attributes: true };
      new MutationObserver((changes) => changes.forEach(see)).observe(document.querySelector(part) as Element, options);
    }
  });
  const counts = page.waitForResponse("**/api/count_actions*");
  await page.locator("#filters label", { hasText: /^High/ }).locator("input").check();
  await expect(page).toHaveURL(/severity=high/);
  await counts;
  expect(await page.evaluate(() => (window as unknown as { written: string[] }).written)).toEqual([]);
});

test("a search goes along to the other tabs, and says where it finds something", async ({ page, estate }) => {
  const id = await new MaliciousFile(estate, "only-pending.bin").report();
  await authenticate(page);
  await visit(page, "/action-center/history?q=only-pending.bin");
  await expect(page.getByText("No action on this tab matches the search.")).toBeVisible();
  await expect(page.locator(".found-elsewhere")).toHaveText("0 here, 1 in Pending");
  await page.getByRole("link", { name: "1 in Pending" }).click();
  await expect(page.locator(`#open-${id}`)).toBeVisible();
  await expect(page.getByRole("searchbox")).toHaveValue("only-pending.bin");
  await page.getByRole("navigation", { name: "Action center" }).getByRole("link", { name: /^In progress/ }).click();
  await expect(page).toHaveURL(/in-progress\?q=only-pending\.bin/);
});
