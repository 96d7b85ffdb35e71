// The export: a plain link to a file, and with wasm how far it is.
import { readFileSync } from "node:fs";
import { type Page } from "@playwright/test";
import { expectAccessible } from "../support/accessible";
import { expect, installClock, hasScripts, signIn, test, visit } from "../support/estate";

const HISTORY = "/action-center/history";
const PROGRESS = "**/api/load_export";

async function downloadExport(page: Page): Promise<string> {
  const coming = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export .csv" }).click();
  const file = await coming;
  expect(file.suggestedFilename()).toMatch(/^countersign-history-\d{8}T\d{6}Z\.csv$/);
  return readFileSync(await file.path(), "utf8");
}

test("a file comes, and the page says how many rows it has", { tag: "@no-js" }, async ({ page }) => {
  await signIn(page, "Security Reader", HISTORY);
  await visit(page, `${HISTORY}?severity=high&cols=asset,status`);
  const rows = (await downloadExport(page)).trim().split("\r\n").length - 1;
  expect(rows).toBeGreaterThan(10);
  if (hasScripts()) await expect(page.locator(".toast")).toHaveText([new RegExp(`^Export is ready: ${rows} rows\\.`)]);
});

test("the other formats are beside the columns", { tag: ["@no-js", "@tablet"] }, async ({ page }) => {
  await signIn(page, "Security Reader", `${HISTORY}?severity=high&cols=asset,status&panel=columns`);
  const coming = page.waitForEvent("download");
  await page.getByRole("link", { name: "CSV for Excel" }).click();
  const text = readFileSync(await (await coming).path(), "utf8");
  expect(text.startsWith("\uFEFF")).toBe(true);
  expect(text.split("\r\n").length).toBeGreaterThan(10);
});

test("how far it is, until it is over", async ({ page }) => {
  await installClock(page);
  let [asked, answered] = [0, 0];
  let answer: unknown = null;
  let held: Promise<void> | undefined;
  const say = (written: number, total: number | null, running: boolean, failed: string | null = null) => {
    answer = { written, total, running, failed };
  };
  await page.route(PROGRESS, async (route) => {
    asked += 1;
    await held;
    await route.fulfill({ json: answer });
    answered += 1;
  });
  await page.route("**/export/actions.csv*", (route) => route.fulfill({ status: 204 }));
  await signIn(page, "Security Reader", HISTORY);
  await visit(page, HISTORY);
  // By itself it would go on.
  await page.clock.pauseAt(Date.now() + 60_000);
  await page.clock.runFor(3_000);
  expect(asked, "nobody asks while nothing is exported").toBe(0);

  const [link, told] = [page.getByRole("link", { name: "Export .csv" }), page.locator(".toast")];
  const pass = () => page.clock.runFor(500);
  /** Lets time pass until the page looked again, which it does not before it has read the last answer. */
  const look = async () => {
    const before = asked;
    await expect.poll(() => pass().then(() => asked)).toBeGreaterThan(before);
  };
  await link.click();
  await look();
  await expect(told).toHaveCount(0);
  say(420_000, 1_000_000, true);
  await look();
  await expect(told).toContainText("Export: 420\u202f000 of 1\u202f000\u202f000 rows");
  await expect(told.locator("progress")).toHaveJSProperty("position", 0.42);
  // The checks need a clock that goes; meanwhile the page may ask, and waits for its answer.
  let release = () => {};
  held = new Promise((resolve) => (release = resolve));
  await page.clock.resume();
  await expectAccessible(page);
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 1_000);
  release();
  await expect.poll(() => answered).toBe(asked);
  say(500_000, null, true);
  await look();
  await expect(told).toContainText("Export: 500\u202f000 rows so far");
  await expect(told.locator("progress")).toHaveCount(0);
  // It goes on without words, if one likes, and says its end.
  await told.getByRole("button", { name: "Dismiss" }).click();
  await look();
  await expect(told).toHaveCount(0);
  say(1_000_000, 1_000_000, false);
  await look();
  await expect(told).toContainText("Export is ready: 1\u202f000\u202f000 rows.");
  const all = asked;
  await page.clock.runFor(5_000);
  expect(asked, "it is over").toBe(all);

  await link.click();
  say(3, 5, false, "too_many_exports");
  await look();
  await expect(told).toContainText("The export failed. An export is still being written.");

  // What never begins is not waited for without end.
  answer = null;
  await link.click();
  const begun = asked;
  await expect(async () => {
    await pass();
    await expect(told).toContainText("The export did not begin, or was broken off.", { timeout: 100 });
  }).toPass({ intervals: [50] });
  await page.clock.runFor(5_000);
  expect(asked).toBe(begun + 20);
});
