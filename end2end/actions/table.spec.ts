// The table: headings that sort, search, selection, what stays in place.
import { type Locator, type Page } from "@playwright/test";
import { expectAccessible } from "../support/accessible";
import { authenticate, expect, signIn, test, visit } from "../support/estate";
import { MaliciousFile } from "../support/file";

const HISTORY = "/action-center/history";
const PENDING = "/action-center/pending";

/** The texts of a column, by its heading. */
async function columnTexts(page: Page, name: string): Promise<string[]> {
  const all = (await page.locator("thead th").allTextContents()).map((text) => text.trim());
  return page.locator(`tbody tr > :nth-child(${all.indexOf(name) + 1})`).allTextContents();
}

/** All that the rows say and are, but for how long ago things were. */
async function tableContent(page: Page): Promise<unknown> {
  await expect(page.locator(".list.loading")).toHaveCount(0);
  return page.locator("tbody").evaluate((body) => {
    const ticks = [".col-updated", ".col-proposed", ".col-expires"].join();
    const said = (node: Node): unknown => {
      if (!(node instanceof Element)) return node.textContent?.trim();
      if (node.matches(ticks)) return [node.classList[0], node.getAttribute("title")];
      const attributes = [...node.attributes].map(({ name, value }) => `${name}=${value}`);
      return [node.localName, attributes.sort(), [...node.childNodes].map(said).filter((text) => text !== "")];
    };
    return said(body);
  });
}

test("a heading sorts, and sorts the other way", { tag: ["@tablet", "@no-js"] }, async ({ page }) => {
  await signIn(page, "Security Reader", HISTORY);
  await page.getByRole("link", { name: "Asset", exact: true }).click();
  await expect(page).toHaveURL(/sort=asset/);
  await expect(page.getByRole("columnheader", { name: "Asset", exact: true })).toHaveAttribute("aria-sort", "ascending");
  const ordered = async (order: (names: string[]) => string[]) =>
    expect(async () => {
      const names = (await columnTexts(page, "Asset")).map((text) => text.trim().toLowerCase());
      expect(names).toEqual(order([...names].sort()));
    }).toPass();
  await ordered((names) => names);
  await page.getByRole("link", { name: "Asset", exact: true }).click();
  await expect(page).toHaveURL(/sort=-asset/);
  await ordered((names) => names.reverse());
  await page.goBack();
  await expect(page.getByRole("columnheader", { name: "Asset", exact: true })).toHaveAttribute("aria-sort", "ascending");
});

test("rows that took the places of others say what a page that was just loaded says", async ({ page, context, estate }) => {
  const all = [
    ..."updated,investigation,approval,type,entity_type,entity,asset,decision,decided_by,source,status".split(","),
    ..."severity,proposed_by,proposed,expires,incident,device_group,undo,technique,comment".split(","),
  ].join(",");
  await new MaliciousFile(estate, "first-\u202etxt.exe").report();
  const fresh = await context.newPage();
  await signIn(page, "Security Operator", PENDING);
  const deceives = new Set<boolean>();
  const same = async () => {
    await visit(fresh, page.url());
    await expect(async () => expect(await tableContent(page)).toEqual(await tableContent(fresh))).toPass();
    deceives.add((await page.locator("tbody bdi.suspicious").count()) > 0);
  };
  for (const tab of [PENDING, HISTORY]) {
    await visit(page, `${tab}?limit=25&cols=${all}`);
    // Both ways each, so that what has little to say follows what has much, and the other way round.
    for (const name of ["Proposed at", "Proposed at", "Entity", "Severity", "Severity", "Expires", "Expires"]) {
      const before = page.url();
      await page.getByRole("link", { name, exact: true }).click();
      await expect(page).not.toHaveURL(before);
      await same();
    }
    await page.locator(".tab", { hasText: tab === PENDING ? "History" : "Pending" }).click();
    await expect(page).not.toHaveURL(/cols=/);
    await same();
  }
  expect(deceives.size).toBe(2);
});

test("what is selected and open stays with its action", { tag: "@tablet" }, async ({ page }) => {
  await signIn(page, "Security Operator", `${PENDING}?limit=25`);
  const id = await page.locator("tbody tr").nth(2).getAttribute("data-id");
  const box = page.locator(`tr[data-id="${id}"] input[type=checkbox]`);
  await visit(page, `${PENDING}?limit=25&open=${id}`);
  await box.check();
  const open = page.locator("tbody [aria-current]");
  await expect(open).toHaveAttribute("data-id", id as string);
  for (const step of ["Next", "Previous"]) {
    const there = page.waitForResponse("**/api/list_actions*");
    await page.getByRole("link", { name: step }).first().click();
    await there;
    const count = step === "Next" ? 0 : 1;
    await expect(open).toHaveCount(count);
    await expect(page.locator("tbody :checked")).toHaveCount(count);
    await expect(page.locator("tbody tr.selected")).toHaveCount(count);
    // It has neighbours where it stands.
    await expect(page.getByRole("link", { name: "Next action" })).toHaveCount(count);
  }
  await expect(box).toBeChecked();
  await expect(open).toHaveAttribute("data-id", id as string);
});

test("a search follows the typing and keeps the focus", { tag: "@tablet" }, async ({ page }) => {
  await signIn(page, "Security Reader", HISTORY);
  const asset = (await columnTexts(page, "Asset"))[0].trim().replace(/very high$/, "");
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type(asset);
  await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe(asset);
  await expect(page.getByRole("searchbox")).toBeFocused();
  await expect.poll(async () => (await columnTexts(page, "Asset")).every((text) => text.includes(asset))).toBe(true);
  await page.getByRole("combobox", { name: "Time period" }).selectOption("Past week");
  await expect(page).toHaveURL(/period=7d/);
  await expect(page).toHaveURL(/q=/);
  await page.getByRole("searchbox").fill("");
  await expect(page).toHaveURL(/history\?period=7d$/);
});

test("rows are selected one by one, in ranges, all of a page, all that match", { tag: "@tablet" }, async ({ page }) => {
  await signIn(page, "Security Operator", PENDING);
  const boxes = page.locator("tbody input[type=checkbox]");
  const bar = page.locator(".bulk-bar");
  await expect(bar).toBeHidden();
  await boxes.nth(1).check();
  await boxes.nth(4).click({ modifiers: ["Shift"] });
  await expect(bar).toContainText("4 selected");
  await boxes.nth(2).uncheck();
  await expect(bar).toContainText("3 selected");
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

test("an action opens also from a list that does not show the entity", { tag: "@tablet" }, async ({ page, browser, estate }) => {
  const list = `${HISTORY}?cols=updated,asset,status&limit=25`;
  const name = page.locator("#flyout .detail-head h2");
  await signIn(page, "Security Reader", list);
  await page.locator("tbody .col-status").first().click();
  await expect(name).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(name).toBeFocused();

  const other = await browser.newContext({ javaScriptEnabled: false, baseURL: estate.url });
  const plain = await other.newPage();
  await authenticate(plain, "Security Reader");
  await plain.goto(list);
  await plain.getByRole("link", { name: /^Open / }).nth(1).click();
  await expect(plain.locator("#flyout .detail-head h2")).toBeVisible();
  await other.close();
});

test("heading and first column stay in place while the rest scrolls", { tag: "@tablet" }, async ({ page }) => {
  const columns = "entity,updated,severity,type,asset,status,decision,source,comment,proposed,decided_by";
  await signIn(page, "Security Operator", `${PENDING}?cols=${columns}`);
  const table = page.locator(".action-table");
  const at = async (of: Locator) => {
    const box = await of.boundingBox();
    return { x: box?.x ?? NaN, y: box?.y ?? NaN };
  };
  const corner = page.locator("thead .col-entity");
  const cell = page.locator("tbody tr").nth(13).locator(".col-entity");
  const select = page.locator("tbody tr").nth(13).locator(".col-select");
  const moves = page.locator("thead .col-asset");
  const stays = async () => [await at(corner), (await at(cell)).x, (await at(select)).x];
  const [before, { x }] = [await stays(), await at(moves)];
  await table.evaluate((table) => table.scrollTo(300, 400));
  await expect.poll(async () => (await at(moves)).x).toBe(x - 300);
  // That the table was moved sideways is known to the style with the next frame, and only then it is painted.
  await expect.poll(stays).toEqual(before);
  // Above what scrolls beneath them.
  for (const of of [corner, cell]) {
    const over = await at(of);
    const found = await page.evaluate(({ x, y }) => document.elementFromPoint(x + 20, y + 8)?.closest("th, td")?.className, over);
    expect(found).toContain("col-entity");
  }
});

test("a page is as long as its reader wants it", { tag: "@tablet" }, async ({ page }) => {
  await signIn(page, "Security Reader", `${HISTORY}?severity=high`);
  await page.getByLabel("Per page").selectOption("25");
  await expect(page).toHaveURL(/severity=high&limit=25/);
  await expect(page.locator("tbody tr")).toHaveCount(25);
  await expect(page.locator(".pager-rows")).toHaveText("25 actions on this page");
});

test("a list that did not load is loaded again in place", { tag: "@tablet" }, async ({ page, expectedStatuses }) => {
  expectedStatuses.add(503);
  await signIn(page, "Security Reader", PENDING);
  await page.route("**/api/list_actions*", (route) =>
    route.fulfill({ status: 503, json: { code: "busy", detail: "" } }),
  );
  await page.getByRole("link", { name: "History" }).click();
  await expect(page.getByRole("heading", { name: "The list could not be loaded" })).toBeVisible();
  await expect(page.getByText("The server is busy. Nothing is lost")).toBeVisible();
  await page.unroute("**/api/list_actions*");
  await page.locator(".failure").getByRole("link", { name: "Try again" }).click();
  await expect(page.locator("tbody tr").first()).toBeVisible();
  await expect(page).toHaveURL(/history$/);
});
