// The lists as pages: none wider than the screen, one after the other, empty, unknown, exported.
import { type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { authenticate, expect, signIn, test, visit } from "../support/estate";

const ALL_PROJECTS = { tag: ["@tablet", "@no-js"] };
const PAGES = ["/action-center/pending", "/action-center/in-progress", "/action-center/history", "/"];

for (const [width, height] of [
  [1440, 900],
  [1024, 768],
  [768, 1024],
  [390, 844],
]) {
  test(`nothing is wider than a screen of ${width}x${height}`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await authenticate(page);
    for (const path of PAGES) {
      await visit(page, path);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(width);
    }
    const home = page.locator(".home");
    // What is oldest changes with the hour: any name may stand there.
    await home.locator(".short-head").evaluateAll((heads) => heads.forEach((head) => (head.textContent = "long".repeat(40))));
    expect(await home.evaluate((node) => node.scrollWidth - node.clientWidth)).toBe(0);
  });
}

test("pages follow each other and lead back", ALL_PROJECTS, async ({ page }) => {
  await signIn(page, "Security Reader", "/action-center/history");
  const first = await page.locator("tbody a").first().getAttribute("id");
  await page.getByRole("link", { name: "Next" }).click();
  await expect(page.locator(`#${first}`)).toHaveCount(0);
  await page.getByRole("link", { name: "Previous" }).click();
  await expect(page.locator(`#${first}`)).toBeVisible();
});

test("a list is what its address asks for, and stays so from page to page", ALL_PROJECTS, async ({ page, expectedStatuses }) => {
  await signIn(page, "Security Reader", "/action-center/history?severity=high&severity=low&sort=asset&limit=25");
  const headings = (await page.locator("thead th").allInnerTexts()).map((text) => text.trim().toLowerCase());
  const cells = page.locator(`tbody tr > :nth-child(${headings.indexOf("asset") + 1})`);
  const assets = async () => (await cells.allInnerTexts()).map((text) => text.split("\n")[0].trim().toLowerCase());
  const first = await assets();
  expect(first).toHaveLength(25);
  expect(first).toEqual([...first].sort());
  await page.getByRole("link", { name: "Next" }).click();
  await expect(page.locator("tbody tr")).toHaveCount(25);
  await expect.poll(() => page.url()).toContain("severity=high&severity=low&sort=asset");
  await expect.poll(async () => [first[24], ...(await assets())].every((name, at, all) => !at || all[at - 1] <= name)).toBe(true);
  await expect(page.getByRole("link", { name: "Export .csv" })).toHaveAttribute("href", /severity=high&severity=low/);
  await page.getByRole("link", { name: "Clear all" }).click();
  await expect(page).toHaveURL(/history\?sort=asset&limit=25$/);
  await expect(page.locator("tbody tr")).toHaveCount(25);

  await visit(page, "/action-center/history?q=no%20such%20thing%20%25");
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
  expectedStatuses.add(422);
  await visit(page, "/action-center/history?colour=red");
  await expect(page.getByRole("heading", { name: "The list could not be loaded" })).toBeVisible();
});

test("a page that does not exist says so", ALL_PROJECTS, async ({ page, expectedStatuses }) => {
  expectedStatuses.add(404);
  await authenticate(page);
  const answer = await page.goto("/action-center/nowhere");
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});

test("an unknown action is answered with words", ALL_PROJECTS, async ({ page, expectedStatuses }) => {
  expectedStatuses.add(404);
  await authenticate(page);
  await visit(page, "/action-center/history?open=0190a000-0000-7000-8000-000000000000");
  await expect(page.locator("#flyout")).toContainText("does not exist, or you may not see it");
});

/** Downloads what the page exports: its header, and how many rows follow. */
async function downloadExport(page: Page): Promise<{ header: string; rows: number }> {
  const waiting = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export .csv" }).click();
  const download = await waiting;
  expect(download.suggestedFilename()).toMatch(/^countersign-history-\d{8}T\d{6}Z\.csv$/);
  const [header, ...rows] = readFileSync(await download.path(), "utf8").split("\r\n");
  return { header, rows: rows.filter((row) => row !== "").length };
}

test("the whole of History is exported, not just the page", ALL_PROJECTS, async ({ page }) => {
  await signIn(page, "Security Reader", "/action-center/history");
  const { header, rows } = await downloadExport(page);
  expect(header).toContain("Action ID,Version,External ID,Action update time,Investigation ID,Incident,Approval ID,Action type");
  expect(rows).toBeGreaterThan(1500);
});
