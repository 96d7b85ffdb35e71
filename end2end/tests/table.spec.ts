// The table: headings that sort, filters and chips, search, columns, selection, keys. Where it is links and forms, also
// without JavaScript.
import { type Page } from "@playwright/test";
import { accessible } from "./accessible";
import { expect, hydrated, signIn, test, visit } from "./estate";

const HISTORY = "/action-center/history";
const PENDING = "/action-center/pending";

async function headings(page: Page): Promise<string[]> {
  const texts = await page.locator("thead th").allTextContents();
  return texts.map((text) => text.trim()).filter((text) => text !== "");
}

/** The texts of a column, by its heading. */
async function column(page: Page, name: string): Promise<string[]> {
  const all = (await page.locator("thead th").allTextContents()).map((text) => text.trim());
  return page.locator(`tbody tr > :nth-child(${all.indexOf(name) + 1})`).allTextContents();
}

test("a heading sorts, and sorts the other way", async ({ page }) => {
  await signIn(page, "Security Reader", HISTORY);
  await hydrated(page);
  await page.getByRole("link", { name: "Asset", exact: true }).click();
  await expect(page).toHaveURL(/sort=asset/);
  await expect(page.getByRole("columnheader", { name: "Asset", exact: true })).toHaveAttribute("aria-sort", "ascending");
  const lowered = async () => (await column(page, "Asset")).map((text) => text.trim().toLowerCase());
  await expect.poll(lowered).toEqual([...(await lowered())].sort());
  await page.getByRole("link", { name: "Asset", exact: true }).click();
  await expect(page).toHaveURL(/sort=-asset/);
  await expect.poll(lowered).toEqual([...(await lowered())].sort().reverse());
  await page.goBack();
  await expect(page.getByRole("columnheader", { name: "Asset", exact: true })).toHaveAttribute("aria-sort", "ascending");
});

test("filters narrow at once, say how many, and go one by one", async ({ page }) => {
  await signIn(page, "Security Reader", HISTORY);
  await hydrated(page);
  await page.getByRole("button", { name: "Filters" }).click();
  const panel = page.locator("#filters");
  const high = panel.locator("label", { hasText: /^High/ });
  const count = Number((await high.locator(".facet-count").innerText()).replace(/\D/g, ""));
  expect(count).toBeGreaterThan(10);
  await high.locator("input").check();
  await expect(page).toHaveURL(/severity=high/);
  await expect(panel.locator("label", { hasText: /^High/ }).locator("input")).toBeFocused();
  await panel.locator("label", { hasText: /^Low/ }).locator("input").check();
  await expect(page).toHaveURL(/severity=high.*severity=low|severity=low.*severity=high/);
  const chips = page.getByRole("group", { name: "Filters in use" });
  await expect(chips.locator(".chip")).toHaveCount(2);
  await accessible(page);
  await chips.getByRole("link", { name: /Low/ }).click();
  await expect(chips.locator(".chip")).toHaveCount(1);
  await expect(panel.locator("label", { hasText: /^Low/ }).locator("input")).not.toBeChecked();
  await panel.getByRole("link", { name: "Close" }).click();
  await expect(panel).toHaveCount(0);
  await page.getByRole("link", { name: "Clear all" }).click();
  await expect(page).toHaveURL(/history$/);
});

test("a search follows the typing and keeps the focus", async ({ page }) => {
  await signIn(page, "Security Reader", HISTORY);
  await hydrated(page);
  const asset = (await column(page, "Asset"))[0].trim().replace(/very high$/, "");
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type(asset);
  await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe(asset);
  await expect(page.getByRole("searchbox")).toBeFocused();
  await expect.poll(async () => (await column(page, "Asset")).every((text) => text.includes(asset))).toBe(true);
  await page.getByRole("combobox", { name: "Time period" }).selectOption("Past week");
  await expect(page).toHaveURL(/period=7d/);
  await expect(page).toHaveURL(/q=/);
});

test("columns are chosen, moved and kept for the person", async ({ page, browser, estate }) => {
  await signIn(page, "Security Reader", HISTORY);
  await hydrated(page);
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
  await panel.getByLabel("Comfortable").check();
  await expect(page.locator("table.comfortable")).toBeVisible();
  await panel.getByLabel("Items per page").selectOption("25");
  await expect(page.locator("tbody tr")).toHaveCount(25);
  // What is half under the panel's head, because it was scrolled there, has no target of its own.
  await panel.evaluate((node) => node.scrollTo(0, 0));
  await accessible(page);

  // Another browser of the same person, without scripts: the server renders the choice.
  const other = await browser.newContext({ javaScriptEnabled: false, baseURL: estate.url });
  const plain = await other.newPage();
  await signIn(plain, "Security Reader", HISTORY);
  expect((await headings(plain)).at(-2)).toBe("Severity");
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
  expect(await headings(plain)).toContain("Approval ID");
  await other.close();
});

test("a view is saved, opened and deleted", async ({ page }) => {
  await signIn(page, "Security Administrator", `${PENDING}?severity=critical`);
  await hydrated(page);
  await page.getByRole("button", { name: "Views" }).click();
  const panel = page.locator("#views");
  await panel.getByLabel("Save what the list shows now as").fill("Worst first");
  await panel.getByRole("button", { name: "Save view" }).click();
  await expect(panel.getByRole("link", { name: "Worst first" })).toBeVisible();
  await accessible(page);
  await visit(page, `${HISTORY}?panel=views`);
  await panel.getByRole("link", { name: "Worst first" }).click();
  await expect(page).toHaveURL(/pending\?severity=critical/);
  await visit(page, `${HISTORY}?panel=views`);
  await panel.getByRole("button", { name: "Delete the view Worst first" }).click();
  await expect(panel.getByRole("link", { name: "Worst first" })).toHaveCount(0);
});

test("rows are selected one by one, in ranges, all of a page, all that match", async ({ page }) => {
  await signIn(page, "Security Operator", PENDING);
  await hydrated(page);
  const boxes = page.locator("tbody input[type=checkbox]");
  const bar = page.locator(".bulk-bar");
  await expect(bar).toBeHidden();
  await boxes.nth(1).check();
  await boxes.nth(4).click({ modifiers: ["Shift"] });
  await expect(bar).toContainText("4 selected");
  await boxes.nth(2).uncheck();
  await expect(bar).toContainText("3 selected");
  await accessible(page);
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await expect(bar).toContainText(`${await boxes.count()} selected`);
  // The box at the head is that of the page that is shown.
  await page.getByRole("link", { name: "Next" }).click();
  await expect(page.getByRole("checkbox", { name: "Select all on this page" })).not.toBeChecked();
  await page.getByRole("link", { name: "Previous" }).click();
  await expect(page.getByRole("checkbox", { name: "Select all on this page" })).toBeChecked();
  await bar.getByRole("button", { name: /Select all \d+ matching/ }).click();
  const all = Number((await bar.locator(".bulk-count").innerText()).replace(/\D/g, ""));
  expect(all).toBeGreaterThan(await boxes.count());
  await boxes.nth(0).uncheck();
  await expect(bar).toContainText(`${all - 1} selected`);
  await page.keyboard.press("Escape");
  await expect(bar).toBeHidden();
});

test("the keys open, move, select and ask, and none decides", async ({ page }) => {
  await signIn(page, "Security Operator", PENDING);
  await hydrated(page);
  const links = page.locator("tbody .entity-link");
  await page.keyboard.press("j");
  await expect(links.nth(0)).toBeFocused();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Shift+X");
  await expect(page.locator(".bulk-bar")).toContainText("2 selected");
  await page.keyboard.press("Escape");
  await page.keyboard.press("k");
  await expect(links.nth(1)).toBeFocused();
  await page.keyboard.press("Enter");
  const flyout = page.locator("#flyout");
  await expect(flyout.locator(".detail-head h2")).toBeFocused();
  const first = page.url();
  await page.keyboard.press("j");
  await expect(page).not.toHaveURL(first);
  await page.keyboard.press("k");
  await expect(page).toHaveURL(first);
  await expect(flyout.getByRole("button", { name: "Approve" }).or(flyout.getByText("You can't approve"))).toBeVisible();
  if (await flyout.getByRole("button", { name: "Approve" }).isVisible()) {
    await page.keyboard.press("a");
    const dialog = page.locator("#confirm");
    await expect(dialog).toBeVisible();
    await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
    await accessible(page);
    await page.keyboard.press("Enter");
    await expect(dialog).toBeHidden();
    await expect(flyout).toContainText("Pending");
    await page.keyboard.press("r");
    await expect(flyout.locator("textarea[name=reason]")).toBeFocused();
    await page.keyboard.press("Escape");
  }
  await page.keyboard.press("Escape");
  await expect(flyout).toHaveCount(0);
  await page.keyboard.press("?");
  await expect(page.locator("#help")).toBeVisible();
  await accessible(page);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("history");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/history/);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("lists are sorted, filtered and searched by links and forms", async ({ page }) => {
    await signIn(page, "Security Reader", HISTORY);
    await page.getByRole("link", { name: "Asset", exact: true }).click();
    await expect(page).toHaveURL(/sort=asset/);
    await page.locator("#open-filters").click();
    await page.locator("#filters label", { hasText: /^High/ }).locator("input").check();
    await page.locator("#filters").getByRole("button", { name: "Apply" }).click();
    await expect(page).toHaveURL(/sort=asset.*severity=high/);
    await expect(page.locator(".chip")).toContainText(["High"]);
    await page.getByRole("searchbox").fill("lt-");
    await page.getByRole("searchbox").press("Enter");
    await expect(page).toHaveURL(/q=lt-/);
    await expect(page.locator(".chip")).toHaveCount(2);
    expect(await page.locator("tbody tr").count()).toBeGreaterThan(0);
  });
});
