// Tablet and phone: what a finger has to hit is large enough, panels are sheets, rows are cards, nothing is cut off.
import { type Page } from "@playwright/test";
import { expectAccessible } from "../support/accessible";
import { expect, signIn, test, visit } from "../support/estate";
import { MaliciousFile } from "../support/file";

/** Controls that are smaller than 44 px in a direction in which a finger could miss them. */
async function findSmallTargets(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const controls = document.querySelectorAll<HTMLElement>(
      ".toolbar :is(a, button, input, select), .tab, .pager a, .bulk-bar button, .flyout-bar :is(a, button), .side-panel :is(.facet-value, .button), tbody .col-select",
    );
    return [...controls]
      .filter((control) => control.checkVisibility({ visibilityProperty: true }))
      .filter((control) => control.getBoundingClientRect().height < 43.5)
      .map((control) => `${control.className} ${control.textContent} ${control.getBoundingClientRect().height}`);
  });
}

for (const [width, height] of [
  [1024, 768],
  [768, 1024],
  [390, 844],
]) {
  test(`everything is in reach of a finger on ${width}x${height}`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await signIn(page, "Security Operator", "/action-center/pending?limit=25");
    expect(await findSmallTargets(page)).toEqual([]);
    await page.locator("tbody input[type=checkbox]").first().tap();
    await expect(page.locator(".bulk-bar")).toContainText("1 selected");
    expect(await findSmallTargets(page)).toEqual([]);
    await expectAccessible(page);
    await visit(page, "/action-center/pending?limit=25&panel=filters");
    await expect(page.locator("#filters .facet").first()).toBeVisible();
    expect(await findSmallTargets(page)).toEqual([]);
    await expectAccessible(page);
    const panel = await page.locator("#filters").boundingBox();
    expect(panel?.width).toBe(width < 640 ? width : Math.max(panel?.width ?? 0, 280));
    if (width < 1100) expect(panel?.height).toBe(height);
    await page.locator("#filters").getByRole("link", { name: "Close" }).tap();
    await page.locator("tbody .col-entity a").first().tap();
    await expect(page.locator("#flyout .detail-head h2")).toBeVisible();
    if (width < 900) {
      const flyout = await page.locator("#flyout").boundingBox();
      expect([flyout?.width, flyout?.height]).toEqual([width, height]);
    }
    await expectAccessible(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  });
}

test("on a phone each row is a card", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page);
  await expect(page.getByRole("link", { name: "Take action" })).toBeVisible();
  for (const [tab, last] of [["pending", ".col-expires"], ["history", ".col-updated"]]) {
    await visit(page, `/action-center/${tab}`);
    const first = page.locator("tbody tr").first();
    const row = await first.boundingBox();
    expect(row?.width, tab).toBe(390);
    expect(row?.height, tab).toBeGreaterThan(72);
    await expect(first.locator(".col-asset")).toBeVisible();
    await expect(first.locator(last)).toBeInViewport();
  }
});

test("on a phone the tools of a list stand in one line", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page);
  for (const list of ["pending?severity=high", "history?severity=high&period=24h"]) {
    await visit(page, `/action-center/${list}`);
    const filters = await page.getByRole("button", { name: "Filters" }).boundingBox();
    const end = await page.locator(".toolbar-end").boundingBox();
    expect(end?.y, list).toBe(filters?.y);
  }
});

test("on a phone a card says what its columns are chosen to be", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page, "Security Administrator", "/action-center/pending?limit=25");
  await page.getByRole("button", { name: "Customize columns" }).tap();
  const panel = page.locator("#columns");
  expect(await panel.boundingBox()).toMatchObject({ width: 390, height: 844 });
  await expect(panel.locator(".column-width").first()).toBeHidden();
  expect(await findSmallTargets(page)).toEqual([]);
  await expectAccessible(page);
  for (const [name, saved] of [["Device group", "check"], ["Severity", "uncheck"], ["Entity", "uncheck"]] as const) {
    const kept = page.waitForResponse("**/api/save_table");
    await panel.getByRole("checkbox", { name, exact: true })[saved]();
    expect((await kept).ok()).toBe(true);
  }
  await panel.getByRole("link", { name: "Close" }).tap();
  const first = page.locator("tbody tr").first();
  await expect(first.locator(".col-device-group")).toBeInViewport();
  await expect(first.locator(".col-severity")).toHaveCount(0);
  await expectAccessible(page);
  // Without the entity a card still leads to its action.
  await first.getByRole("link", { name: /^Open / }).tap();
  await expect(page.locator("#flyout .detail-head h2")).toBeVisible();
  await page.getByRole("link", { name: "Close" }).tap();
  await page.getByRole("button", { name: "Customize columns" }).tap();
  await panel.getByRole("button", { name: "Back to the usual columns" }).tap();
  await expect(first.locator(".col-entity a")).toHaveCount(1);
});

test("on a phone a preview and its result are no wider than the screen", async ({ page, estate }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const n of [1, 2]) await new MaliciousFile(estate, `phone-${"x".repeat(60)}-${n}.bin`).report();
  const wide = () =>
    page.evaluate(() =>
      [document.documentElement, ...document.querySelectorAll(".bulk, .bulk-table")]
        .filter((part) => part.scrollWidth > part.clientWidth)
        .map((part) => part.className),
    );
  await signIn(page, "Security Operator", "/action-center/pending?q=phone-");
  await page.locator("thead input[type=checkbox]").tap();
  await page.locator(".bulk-bar").getByRole("button", { name: "Approve" }).tap();
  await expect(page.getByRole("heading", { level: 1, name: "Approve 2 actions" })).toBeVisible();
  await expect(page.getByRole("columnheader", { name: "High criticality" })).toBeInViewport();
  await expect(page.getByText("Moves the file into the device's quarantine vault")).toBeInViewport();
  expect(await wide()).toEqual([]);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Approve 2 actions" }).tap();
  await expect(page.getByRole("heading", { level: 1, name: "2 actions approved" })).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: "phone-" }).getByText("Completed")).toHaveCount(2);
  expect(await wide()).toEqual([]);
  await expectAccessible(page);
});
