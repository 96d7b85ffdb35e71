// Ten states in both schemes and three sizes, as `<state>-<scheme>-<size>.png` in target/screenshots. A state whose
// screen does not exist is skipped with one line. Nothing is asserted beyond that: the pictures are for the eye.
import { type Page } from "@playwright/test";
import { join, resolve } from "node:path";
import { expect, waitForHydration, signIn, test, visit } from "../support/estate";

const FOLDER = resolve(__dirname, "../../target/screenshots");
const SIZES = [
  [1440, 900],
  [1024, 768],
  [390, 844],
] as const;

/** Brings the page into the state; says what is missing if there is no such screen. */
type State = (page: Page) => Promise<string | void>;

const STATES: Record<string, State> = {
  pending: (page) => visit(page, "/action-center/pending"),
  history: (page) => visit(page, "/action-center/history"),
  filters: (page) => openPanel(page, "filters"),
  columns: (page) => openPanel(page, "columns"),
  flyout: async (page) => {
    // Without the files of this machine, whose paths are another each time.
    await visit(page, "/action-center/pending?q=northwind");
    await page.locator("tbody a").nth(2).click();
    await expect(page.locator("#flyout .detail-head h2")).toBeVisible();
  },
  "bulk-preview": async (page) => {
    await visit(page, "/action-center/pending");
    const boxes = page.locator("tbody input[type=checkbox]");
    if (!(await boxes.count())) return "rows cannot be selected";
    for (let row = 0; row < 5; row += 1) await boxes.nth(row).check();
    const approve = page.locator(".bulk-bar").getByRole("button", { name: /^Approve/ });
    if (!(await isShown(approve))) return "there is no .bulk-bar to approve with";
    await approve.click();
    if (!(await navigatesTo(page, /\/action-center\/plans\//))) return "nothing leads to /action-center/plans/:id";
  },
  // Goes on where the preview ended.
  "bulk-result": async (page) => {
    if (!/\/action-center\/plans\//.test(page.url())) return "there is no preview to confirm";
    await waitForHydration(page);
    await page.locator("main form button:is(.primary, .danger)").last().click();
    await page.waitForURL(/\/action-center\/jobs\//);
    await expect(page.locator("main .badge").first()).toBeVisible();
    await expect(page.locator("h1")).not.toContainText("so far");
  },
  empty: (page) => visit(page, "/action-center/pending?q=nothing-is-called-like-this"),
  error: (page) => visit(page, "/action-center/history?colour=red"),
  home: async (page) => {
    await visit(page, "/");
    if (new URL(page.url()).pathname !== "/") return "`/` only leads to the first tab";
  },
};

for (const colorScheme of ["light", "dark"] as const) {
  for (const [width, height] of SIZES) {
    test.describe(() => {
      test.use({ colorScheme, viewport: { width, height }, hasTouch: width < 1440, reducedMotion: "reduce" });

      test(`${colorScheme} ${width}x${height}`, async ({ page, expectedStatuses }) => {
        expectedStatuses.add(422);
        // Who may decide on everything.
        await signIn(page, "Global Administrator");
        for (const [name, show] of Object.entries(STATES)) {
          const missing = await show(page);
          if (missing) {
            console.log(`${name} ${colorScheme} ${width}x${height} is skipped: ${missing}`);
            continue;
          }
          await page.evaluate(() => document.fonts.ready);
          await page.screenshot({ path: join(FOLDER, `${name}-${colorScheme}-${width}x${height}.png`) });
        }
      });
    });
  }
}

/** Opens the panel of that id by its button, where both exist in this size. */
async function openPanel(page: Page, id: string): Promise<string | void> {
  await visit(page, "/action-center/pending");
  const button = page.locator(`#open-${id}`);
  if (!(await button.isVisible())) return `nothing here opens #${id}`;
  await button.click();
  await expect(page.locator(`#${id}`).getByRole("checkbox").first()).toBeVisible();
}

async function isShown(what: ReturnType<Page["locator"]>): Promise<boolean> {
  return what.waitFor({ timeout: 5_000 }).then(() => true, () => false);
}

async function navigatesTo(page: Page, url: RegExp): Promise<boolean> {
  return page.waitForURL(url, { timeout: 5_000 }).then(() => true, () => false);
}
