// What a person keeps of a table: its columns, its density, its views.
import { type Page } from "@playwright/test";
import { authenticate, expect, signIn, test, visit } from "../support/estate";

const HISTORY = "/action-center/history";
const PENDING = "/action-center/pending";

async function headings(page: Page): Promise<string[]> {
  const texts = await page.locator("thead th").allTextContents();
  return texts.map((text) => text.trim()).filter((text) => text !== "");
}

test("columns are chosen, moved and kept for the person", { tag: "@tablet" }, async ({ page, browser, estate }) => {
  await signIn(page, "Security Reader", HISTORY);
  await page.getByRole("button", { name: "Customize columns" }).click();
  const panel = page.locator("#columns");
  await panel.getByLabel("Severity", { exact: true }).check();
  await expect(page.getByRole("columnheader", { name: "Severity" })).toBeVisible();
  await panel.getByLabel("Approval ID", { exact: true }).uncheck();
  await expect(page.getByRole("columnheader", { name: "Approval ID" })).toHaveCount(0);
  const up = panel.getByRole("button", { name: "Move Severity up" });
  await up.focus();
  await page.keyboard.press("Enter");
  await expect(up).toBeFocused();
  await expect.poll(async () => (await headings(page)).at(-2)).toBe("Severity");
  const ends = panel.locator(".column-list [aria-disabled=true]");
  await expect(ends).toHaveCount(2);
  await expect(ends.first()).toHaveAccessibleName(`Move ${(await headings(page))[0]} up`);
  const before = (await headings(page)).indexOf("Action type");
  await panel.getByLabel("Comfortable").check();
  await expect(page.locator("table.comfortable")).toBeVisible();
  await panel.getByLabel("Items per page").selectOption("25");
  await expect(page.locator("tbody tr")).toHaveCount(25);

  // Dragged by its name from one place to another.
  const NAME = { sourcePosition: { x: 60, y: 12 }, targetPosition: { x: 60, y: 12 } };
  const item = (name: string) => panel.locator(".column-item", { hasText: name });
  await panel.evaluate((panel) => panel.scrollTo(0, 0));
  await item("Severity").dragTo(item("Action type"), NAME);
  await expect.poll(async () => (await headings(page)).indexOf("Severity")).toBe(before);
  const width = panel.getByLabel("Width of Severity in pixels");
  await width.fill("200");
  await width.press("Enter");
  await expect.poll(async () => (await page.getByRole("columnheader", { name: "Severity" }).boundingBox())?.width).toBe(200);
  // The server renders the choice at once: nothing moves when the page comes alive.
  const html = await (await page.request.get(HISTORY)).text();
  const rendered = [...html.matchAll(/<th[^>]*class="(col-[a-z-]+)"[^>]*>/g)].map((found) => found[1]);
  expect(rendered.indexOf("col-severity")).toBe(rendered.indexOf("col-action-type") - 1);
  expect(rendered).not.toContain("col-approval");
  expect(html).toMatch(/<table[^>]*comfortable/);
  expect(html).toMatch(/<th[^>]*width="200"/);

  // Another browser of the same person, without scripts.
  const other = await browser.newContext({ javaScriptEnabled: false, baseURL: estate.url });
  const plain = await other.newPage();
  await authenticate(plain, "Security Reader");
  await plain.goto(HISTORY);
  expect((await headings(plain)).indexOf("Severity")).toBe(before);
  expect(await plain.locator("tbody tr").count()).toBe(25);
  // An address that names its columns wins for its list, and keeps nothing.
  await plain.goto(`${HISTORY}?cols=asset,entity`);
  expect(await headings(plain)).toEqual(["Asset", "Entity"]);
  await plain.goto(`${HISTORY}?panel=columns`);
  await plain.getByLabel("Severity", { exact: true }).uncheck();
  await plain.getByRole("button", { name: "Save" }).click();
  expect(await headings(plain)).not.toContain("Severity");
  await expect(plain.locator("#columns")).toBeVisible();
  await plain.getByRole("button", { name: "Back to the usual columns" }).click();
  await expect.poll(() => headings(plain)).toContain("Approval ID");
  await other.close();
});

test("a view is saved, opened and deleted", { tag: "@tablet" }, async ({ page }) => {
  await signIn(page, "Security Administrator", `${PENDING}?severity=critical`);
  await page.getByRole("button", { name: "Views" }).click();
  const panel = page.locator("#views");
  await panel.getByLabel("Save what the list shows now as").fill("Worst first");
  await panel.getByRole("button", { name: "Save view" }).click();
  await expect(panel.getByRole("link", { name: "Worst first" })).toBeVisible();
  await visit(page, `${HISTORY}?panel=views`);
  await panel.getByRole("link", { name: "Worst first" }).click();
  await expect(page).toHaveURL(/pending\?severity=critical/);
  await visit(page, `${HISTORY}?panel=views`);
  // The one to begin with is where the Action center opens.
  const item = panel.locator(".view-item", { hasText: "Worst first" });
  await item.getByRole("button", { name: "Begin with this view", exact: true }).click();
  await expect(item.getByRole("button", { name: "No longer begin with this view" })).toBeVisible();
  const link = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Action center" });
  await expect(link).toHaveAttribute("href", /pending\?severity=critical/);
  await page.goto("/action-center");
  await expect(page).toHaveURL(/pending\?severity=critical/);
  await visit(page, `${HISTORY}?panel=views`);
  await item.getByRole("button", { name: "No longer begin with this view" }).click();
  await expect(item.getByRole("button", { name: "Begin with this view", exact: true })).toBeVisible();
  await page.goto("/action-center");
  await expect(page).toHaveURL(/pending$/);
  await visit(page, `${HISTORY}?panel=views`);
  await panel.getByRole("button", { name: "Delete the view Worst first" }).click();
  await expect(panel.getByRole("link", { name: "Worst first" })).toHaveCount(0);
});
