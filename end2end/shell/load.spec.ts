// How a page arrives: readable before its wasm, and nothing in it moves afterwards.
import { type Page } from "@playwright/test";
import { authenticate, expect, holdRequests, waitForHydration, test, visit } from "../support/estate";

/** How far things moved by themselves, as browsers sum it up. */
async function layoutShift(page: Page): Promise<number> {
  return page.evaluate(async () => {
    await document.fonts.ready;
    return new Promise<number>((done) => {
      type Shift = PerformanceEntry & { value: number; hadRecentInput: boolean };
      let sum = 0;
      const add = (entries: PerformanceEntryList) => {
        for (const entry of entries as Shift[]) if (!entry.hadRecentInput) sum += entry.value;
      };
      const observer = new PerformanceObserver((list) => add(list.getEntries()));
      observer.observe({ type: "layout-shift", buffered: true });
      // What is laid out now is drawn with the next frame, and counted before the one after it.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          add(observer.takeRecords());
          done(sum);
        }),
      );
    });
  });
}

for (const path of ["/action-center/pending", "/action-center/history", "/"]) {
  test(`nothing moves while ${path} loads`, { tag: "@tablet" }, async ({ page }) => {
    await authenticate(page);
    await visit(page, path);
    await expect(page.locator(".link-state")).toHaveAttribute("data-link", "live");
    expect(await layoutShift(page)).toBeLessThan(0.02);
  });
}

test("rows, their links and their actions are there before the wasm", { tag: "@tablet" }, async ({ page }) => {
  const release = await holdRequests(page, "**/*.wasm");
  await authenticate(page);
  await page.goto("/action-center/pending", { waitUntil: "domcontentloaded" });
  expect(await page.locator("tbody tr").count()).toBeGreaterThan(20);
  await expect(page.locator("tbody tr").first()).toBeVisible();
  await page.locator("tbody .col-entity a").first().click({ noWaitAfter: true });
  await expect(page.locator("#flyout .detail-head h2")).toBeVisible();
  await expect(page.locator("html[data-hydrated=true]")).toHaveCount(0);
  release();
  await waitForHydration(page);
  await expect(page.locator("#flyout .detail-head h2")).toBeVisible();
});
