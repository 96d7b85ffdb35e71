// What others do appears by itself, and takes nothing away from whoever is reading.
import { type Browser, type Page } from "@playwright/test";
import { authenticate, expect, setHidden, waitForLive, rejectOpenAction, signIn, test, visit, type Estate } from "../support/estate";
import { MaliciousFile } from "../support/file";

/** Somebody else, in a browser of their own, who may decide everything. */
async function openOtherUser(browser: Browser, estate: Estate): Promise<Page> {
  const context = await browser.newContext({ baseURL: estate.url });
  const page = await context.newPage();
  await authenticate(page, "Global Administrator");
  return page;
}

async function openAndReject(page: Page, id: string): Promise<void> {
  await visit(page, `/action-center/pending?open=${id}`);
  await rejectOpenAction(page);
  await expect(page.getByText("Rejected. Nothing will be done.")).toBeVisible();
}

/** The id of the action in that row, and where the row is on the screen. */
async function rowAt(page: Page, at: number): Promise<{ id: string; top: number }> {
  const link = page.locator("tbody tr").nth(at).locator("a[id^=open-]");
  const id = ((await link.getAttribute("id")) as string).replace("open-", "");
  const box = await link.boundingBox();
  return { id, top: box?.y ?? NaN };
}

async function topOfRow(page: Page, id: string): Promise<number> {
  return (await page.locator(`#open-${id}`).boundingBox())?.y ?? NaN;
}

async function pendingInTitle(page: Page): Promise<number> {
  return Number(/^\((\d+)\) Pending · Action center/.exec(await page.title())?.[1]);
}

/** From now on it is kept which rows are written to, but for the cells in which time goes on. */
async function watchRows(page: Page): Promise<void> {
  await page.locator(".action-table").evaluate((table) => {
    const written = new Set<Element>();
    Object.assign(window, { written });
    const ticks = ".col-updated, .col-proposed, .col-expires";
    const see = (node: Node) => {
      const element = node instanceof Element ? node : node.parentElement;
      if (!element || element.closest(ticks)) return;
      const row = element.closest("tbody tr");
      for (const one of row ? [row] : element.querySelectorAll("tbody tr")) written.add(one);
    };
    // Among the rows only those count that came; in a row, all that happens.
    const touched = ({ target, addedNodes }: MutationRecord) =>
      (target as Element).closest?.("tr") || target.nodeType === Node.TEXT_NODE ? [target] : [...addedNodes];
    const observer = new MutationObserver((changes) => changes.flatMap(touched).forEach(see));
    observer.observe(table, { subtree: true, childList: true, characterData: true, attributes: true });
  });
}

/** The ids of the actions whose rows were written to. */
async function writtenRows(page: Page): Promise<(string | undefined)[]> {
  return page.evaluate(() => {
    const { written } = window as unknown as { written: Set<HTMLElement> };
    return [...written].filter((row) => row.isConnected).map((row) => row.dataset.id);
  });
}

test("a decision in one browser shows in the other", { tag: "@tablet" }, async ({ page, browser, estate }) => {
  const id = await new MaliciousFile(estate, "elsewhere.bin").report();
  await signIn(page);
  await waitForLive(page);
  await expect(page.locator(`#open-${id}`)).toBeVisible();
  const waited = await pendingInTitle(page);
  expect(waited).toBeGreaterThan(0);

  await watchRows(page);
  const other = await openOtherUser(browser, estate);
  await openAndReject(other, id);
  await expect(page.locator(`#open-${id}`)).toHaveCount(0);
  // No other row was rendered again; one may have moved up from the next page.
  expect((await writtenRows(page)).length).toBeLessThanOrEqual(1);
  await expect(page.locator(".heard")).toContainText("rejected Quarantine file on this machine");
  await expect.poll(() => pendingInTitle(page)).toBeLessThan(waited);
  const now = String(await pendingInTitle(page));
  await expect(page.locator(".tab .lane-count").first()).toHaveText(now);
  await expect(page.locator(".pane .lane-count")).toHaveText(now);
  await other.context().close();
});

test("a row that moves keeps the focus", async ({ page, estate }) => {
  const first = new MaliciousFile(estate, "moves-1.bin");
  const id = await first.report();
  await new MaliciousFile(estate, "moves-2.bin").report();
  await signIn(page, "Security Operator", "/action-center/pending?q=moves-&sort=-updated");
  await waitForLive(page);
  const rows = page.locator("tbody tr");
  await expect(rows.nth(1)).toHaveAttribute("data-id", id);
  await page.locator(`#open-${id}`).focus();
  await first.revise();
  await expect(rows.nth(0)).toHaveAttribute("data-id", id);
  await expect(page.locator(`#open-${id}`)).toBeFocused();
});

test("a row that changes is the only one that renders again", { tag: "@tablet" }, async ({ page, browser, estate }) => {
  const file = new MaliciousFile(estate, "changes.bin");
  const id = await file.report();
  const other = await openOtherUser(browser, estate);
  await visit(other, `/action-center/pending?open=${id}`);
  await other.getByRole("button", { name: "Approve", exact: true }).click();
  await signIn(page, "Security Operator", "/action-center/history");
  await waitForLive(page);
  const changed = page.locator(`tr[data-id="${id}"]`);
  await expect(changed).toContainText("Completed");
  await watchRows(page);

  await visit(other, `/action-center/history?open=${id}`);
  await other.locator("summary", { hasText: "Undo" }).click();
  await other.getByLabel("Why it is undone").fill("It was a false alarm");
  await other.getByRole("button", { name: "Undo this action" }).click();
  await expect.poll(() => writtenRows(page)).toContain(id);
  // The undo is an action of its own, and may have come as a row by now.
  expect((await writtenRows(page)).length).toBeLessThanOrEqual(2);
  await other.context().close();
});

test("the focus stays with its action, and goes with it", { tag: "@tablet" }, async ({ page, browser, estate }) => {
  await signIn(page, "Security Operator", "/action-center/pending?limit=25");
  await waitForLive(page);
  const [gone, kept, other] = [await rowAt(page, 5), await rowAt(page, 24), await openOtherUser(browser, estate)];
  await page.locator(`#open-${kept.id}`).focus();
  await openAndReject(other, gone.id);
  await expect(page.locator(`#open-${gone.id}`)).toHaveCount(0);
  await expect(page.locator(`#open-${kept.id}`)).toBeFocused();

  // The next page's first comes to where the last was: Enter must not open it.
  await expect(page.locator("tbody tr")).toHaveCount(25);
  const last = await rowAt(page, 24);
  await page.locator(`#open-${last.id}`).focus();
  await openAndReject(other, last.id);
  await expect(page.locator(`#open-${last.id}`)).toHaveCount(0);
  await expect(page.locator("tbody tr")).toHaveCount(25);
  await expect(page.locator("tbody :focus")).toHaveCount(0);
  await other.context().close();
});

test("whoever has an action open reads who decided it", { tag: "@tablet" }, async ({ page, browser, estate }) => {
  const id = await new MaliciousFile(estate, "open-elsewhere.bin").report();
  await authenticate(page);
  await visit(page, `/action-center/pending?open=${id}`);
  await waitForLive(page);
  const other = await openOtherUser(browser, estate);
  await openAndReject(other, id);
  const flyout = page.locator("#flyout");
  await expect(flyout.locator(".notice")).toContainText("rejected this action.");
  await expect(flyout.getByText("Known good")).toBeVisible();
  await expect(flyout.getByRole("button", { name: "Approve", exact: true })).toHaveCount(0);
  await other.context().close();
});

test("nothing moves for whoever is busy, and what is new waits", { tag: "@tablet" }, async ({ page, browser, estate }) => {
  await signIn(page);
  await waitForLive(page);
  const table = page.locator(".action-table");
  const boxes = page.locator("tbody input[type=checkbox]");
  await boxes.nth(2).check();
  await boxes.nth(12).check();
  const bar = page.locator(".bulk-bar");
  await expect(bar).toContainText("2 selected");
  await table.evaluate((table) => table.scrollTo(0, 300));
  const [anchor, leaves] = [await rowAt(page, 12), await rowAt(page, 20)];

  const other = await openOtherUser(browser, estate);
  await openAndReject(other, leaves.id);
  await expect(page.locator(`#open-${leaves.id}`)).toHaveCount(0);
  expect(await topOfRow(page, anchor.id)).toBe(anchor.top);
  await expect(bar).toContainText("2 selected");
  await expect(page.locator(`tr[data-id="${anchor.id}"] input[type=checkbox]`)).toBeChecked();

  const id = await new MaliciousFile(estate, "arrives.bin").report();
  const button = page.locator(".new-rows").getByRole("button", { name: "1 new" });
  await expect(button).toBeVisible();
  await expect(page.locator(`#open-${id}`)).toHaveCount(0);
  expect(await topOfRow(page, anchor.id)).toBe(anchor.top);
  expect(await table.evaluate((table) => table.scrollTop)).toBe(300);

  await button.click();
  await expect(page.locator(`#open-${id}`)).toBeVisible();
  await expect(button).toHaveCount(0);
  expect(await table.evaluate((table) => table.scrollTop)).toBe(0);
  await expect(bar).toContainText("2 selected");

  await bar.getByRole("button", { name: "Clear" }).click();
  // At the top, new rows just appear.
  const second = await new MaliciousFile(estate, "arrives-too.bin").report();
  await expect(page.locator(`#open-${second}`)).toBeVisible();
  await other.context().close();
});

test("a hidden tab closes its stream and catches up", { tag: "@tablet" }, async ({ page, browser, estate }) => {
  const id = await new MaliciousFile(estate, "meanwhile.bin").report();
  await signIn(page);
  await waitForLive(page);
  await expect(page.locator(`#open-${id}`)).toBeVisible();
  await setHidden(page);

  const other = await openOtherUser(browser, estate);
  await openAndReject(other, id);
  await expect(page.locator(`#open-${id}`)).toBeVisible();
  const resumed = page.waitForRequest((request) => /\/events\?after=\d+$/.test(request.url()));
  await setHidden(page, false);
  await resumed;
  await expect(page.locator(`#open-${id}`)).toHaveCount(0);
  await other.context().close();
});
