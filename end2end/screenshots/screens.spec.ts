// Ten states in both schemes and three sizes, as `<state>-<scheme>-<size>.png` in target/screenshots. A state whose
// screen does not exist is skipped with one line. Nothing is asserted beyond that: the pictures are for the eye.
import { type Page } from "@playwright/test";
import { join, resolve } from "node:path";
import { expect, report, waitForHydration, signIn, test, visit, type Estate } from "../support/estate";

const FOLDER = resolve(__dirname, "../../target/screenshots");
const SAMPLE = resolve(__dirname, "../../server/src/cli/import/samples/ocsf.jsonl");
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
  incidents: (page) => visit(page, "/incidents"),
  investigations: (page) => visit(page, "/investigations"),
  // What a public sample of another tool becomes.
  incident: (page) => visit(page, "/incidents/c-17"),
  evidence: (page) => visit(page, "/investigations/f-881?tab=evidence&panel=columns"),
  graph: async (page) => {
    await visit(page, "/investigations?state=pending_approval");
    await page.getByRole("region", { name: "Investigations" }).getByRole("rowheader").getByRole("link").first().click();
    await expect(page.getByRole("group", { name: /Investigation graph/ })).toBeVisible();
  },
  "actions-0": (page) => visit(page, "/investigations/INV-OF-0?tab=pending"),
  "actions-1": (page) => visit(page, "/investigations/INV-OF-1?tab=pending"),
  "actions-300": (page) => visit(page, "/investigations/INV-OF-300?tab=pending"),
  email: (page) => visit(page, `/emails/${encodeURIComponent("<parcel@bad.example>")}`),
  automation: (page) => visit(page, "/settings/automation"),
  home: async (page) => {
    await visit(page, "/");
    if (new URL(page.url()).pathname !== "/") return "`/` only leads to the first tab";
  },
};

for (const colorScheme of ["light", "dark"] as const) {
  for (const [width, height] of SIZES) {
    test.describe(() => {
      test.use({ colorScheme, viewport: { width, height }, hasTouch: width < 1440, reducedMotion: "reduce" });

      test(`${colorScheme} ${width}x${height}`, async ({ page, estate, expectedStatuses }) => {
        expectedStatuses.add(422);
        estate.importFile("ocsf", SAMPLE);
        for (const count of [0, 1, 300]) await reportActions(estate, count);
        await reportEmail(estate);
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

/** An investigation of so many actions that wait. */
async function reportActions(estate: Estate, count: number): Promise<void> {
  const actions = Array.from({ length: count }, (_, at) => ({
    external_id: `of-${count}-${at}`,
    type: "quarantine_file",
    severity: "medium",
    source: "automated_device_action",
    verdict: "suspicious",
    entity: { kind: "file", path: `/srv/upload/${count}/${at}`, sha256: "cd".repeat(32) },
    asset: { kind: "device", name: "web-3" },
  }));
  await report(estate, { id: `INV-OF-${count}`, title: `Odd uploads (${count})`, severity: "medium", actions });
}

async function reportEmail(estate: Estate): Promise<void> {
  const copies = ["kim", "ana", "lee"].map((name, at) => ({
    mailbox: `${name}@corp.example`,
    delivery: at === 2 ? "junked" : "delivered",
    delivered_at: "2026-03-01T07:00:00Z",
    location: at === 2 ? "junk_folder" : "inbox",
    located_at: "2026-03-01T07:10:00Z",
  }));
  await report(estate, {
    id: "INV-PARCEL",
    title: "Phish: parcel on hold",
    emails: [{
      message_id: "<parcel@bad.example>",
      cluster_id: "parcel",
      subject: "Your parcel is on hold: confirm the address of delivery within 24 hours",
      sender: "post@bad.example",
      recipients: ["kim@corp.example", "ana@corp.example", "lee@corp.example"],
      authentication: [{ method: "spf", result: "pass" }, { method: "dmarc", result: "fail" }],
      urls: [{ url: "https://bad.example/track?id=0123456789012345678901234567890123456789", verdict: "malicious" }],
      attachments: [{ file_name: "label.html", verdict: "suspicious" }],
      copies,
    }],
  });
}
