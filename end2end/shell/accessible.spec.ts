// Every page in every state, as axe sees it in both schemes. To add a state, add it to the table.
import { type Page } from "@playwright/test";
import { expectAccessible } from "../support/accessible";
import { authenticate, expect, hasScripts, test, visit, type Estate } from "../support/estate";
import { MaliciousFile } from "../support/file";

interface State {
  name: string;
  /** Who looks; nobody, if it is null. */
  role?: string | null;
  /** Whether only scripts lead to it. */
  alive?: boolean;
  /** The status with which the page itself is answered. */
  status?: number;
  open: (page: Page, estate: Estate) => Promise<void>;
}

// Rows of a kind are alike: some of them are enough.
const PENDING = "/action-center/pending?limit=25";
const HISTORY = "/action-center/history?limit=25";
const ADMINISTRATOR = "Global Administrator";

async function visitRows(page: Page, path: string): Promise<void> {
  await visit(page, path);
  await expect(page.locator("tbody tr").first()).toBeVisible();
}

/** With a panel that has something in it. */
function openPanel(path: string, id: string, content: string): State["open"] {
  return async (page) => {
    await visitRows(page, `${path}&panel=${id}`);
    await expect(page.locator(`#${id} ${content}`).first()).toBeVisible();
  };
}

/** With the first action of the list beside it. */
async function openFirst(page: Page, path: string): Promise<void> {
  await visitRows(page, path);
  await page.locator("tbody .col-entity a").first().click();
  await expect(page.locator("#flyout .detail-head h2")).toBeVisible();
}

let reports = 0;

/** With an action that nobody has decided. */
async function openReported(page: Page, estate: Estate): Promise<void> {
  const id = await new MaliciousFile(estate, `look-${(reports += 1)}.bin`).report();
  await visit(page, `/action-center/pending?limit=25&open=${id}`);
  await expect(page.locator("#flyout .detail-head h2")).toBeVisible();
}

/** With three of its rows selected. */
async function selectRows(page: Page, path: string): Promise<void> {
  await visitRows(page, path);
  for (const at of [0, 1, 2]) await page.locator("tbody input[type=checkbox]").nth(at).check();
  await expect(page.locator(".bulk-bar")).toBeVisible();
}

async function openPreview(page: Page, path: string, verb: string): Promise<void> {
  await selectRows(page, path);
  await page.locator(".bulk-bar").getByRole("button", { name: verb }).click();
  await expect(page).toHaveURL(/\/action-center\/plans\//);
  await expect(page.getByRole("heading", { level: 1, name: verb })).toBeVisible();
}

async function openByKey(page: Page, key: string, id: string): Promise<void> {
  await visitRows(page, PENDING);
  await page.keyboard.press(key);
  await expect(page.locator(`#${id}:modal`)).toBeVisible();
}

const STATES: State[] = [
  { name: "sign-in", role: null, open: (page) => visit(page, "/sign-in") },
  {
    name: "sign-in that failed",
    role: null,
    open: async (page) => {
      await visit(page, "/sign-in?error=wrong");
      await expect(page.getByRole("alert")).toBeVisible();
    },
  },
  {
    name: "home with its chart as a table",
    open: async (page) => {
      await visit(page, "/");
      await page.getByText("Show as a table").click();
      await expect(page.locator(".chart-table tbody tr")).toHaveCount(30);
    },
  },
  { name: "pending", open: (page) => visitRows(page, PENDING) },
  { name: "in progress", open: (page) => visitRows(page, "/action-center/in-progress?limit=25") },
  { name: "history, filtered", open: (page) => visitRows(page, `${HISTORY}&severity=high&period=30d`) },
  { name: "filters", open: openPanel(HISTORY, "filters", ".facet-value") },
  { name: "columns", open: openPanel(HISTORY, "columns", ".column-item") },
  {
    name: "views, one of them saved",
    open: async (page) => {
      await visitRows(page, `${PENDING}&panel=views`);
      const views = page.locator("#views");
      await views.getByLabel("Save what the list shows now as").fill("To look at");
      await views.getByRole("button", { name: "Save view" }).click();
      await expect(views.getByRole("link", { name: "To look at" })).toBeVisible();
    },
  },
  { name: "similar", open: openPanel(PENDING, "similar", ".bucket") },
  { name: "an action that waits", open: openReported },
  { name: "an action that waits, to who may not decide", role: "Security Reader", open: openReported },
  { name: "an action of the past", open: (page) => openFirst(page, HISTORY) },
  {
    name: "an action that is not there",
    status: 404,
    open: async (page) => {
      await visit(page, `${HISTORY}&open=0190a000-0000-7000-8000-000000000000`);
      await expect(page.locator("#flyout")).toContainText("does not exist, or you may not see it");
    },
  },
  {
    name: "the question before an approval",
    alive: true,
    open: async (page, estate) => {
      await openReported(page, estate);
      await page.keyboard.press("a");
      await expect(page.locator("#confirm:modal")).toBeVisible();
    },
  },
  {
    name: "the form of a rejection",
    open: async (page, estate) => {
      await openReported(page, estate);
      await page.locator("#flyout summary", { hasText: "Reject" }).click();
      await expect(page.getByLabel("Why it must not happen")).toBeVisible();
    },
  },
  {
    name: "the form of an undo",
    role: ADMINISTRATOR,
    open: async (page) => {
      await openFirst(page, `${HISTORY}&undoable=yes`);
      await page.locator("#flyout summary", { hasText: "Undo" }).click();
      await expect(page.getByLabel("Why it is undone")).toBeVisible();
    },
  },
  { name: "rows that are selected", open: (page) => selectRows(page, PENDING) },
  {
    name: "rows that wait to be shown",
    alive: true,
    open: async (page, estate) => {
      await selectRows(page, PENDING);
      await new MaliciousFile(estate, `look-${(reports += 1)}.bin`).report();
      await expect(page.getByRole("button", { name: "1 new" })).toBeVisible();
    },
  },
  { name: "the preview of an approval of many", role: ADMINISTRATOR, open: (page) => openPreview(page, PENDING, "Approve") },
  {
    name: "the result of a rejection of many",
    role: ADMINISTRATOR,
    open: async (page) => {
      await openPreview(page, PENDING, "Reject");
      await page.getByRole("textbox").fill("Only a drill");
      await page.getByRole("button", { name: /^Reject/ }).click();
      await expect(page).toHaveURL(/\/action-center\/jobs\//);
      await expect(async () => {
        const refresh = page.getByRole("link", { name: "Refresh" });
        if (!hasScripts() && (await refresh.isVisible())) await refresh.click();
        await expect(page.getByRole("heading", { level: 1, name: "3 actions rejected" })).toBeVisible({ timeout: 1000 });
      }).toPass();
    },
  },
  {
    name: "the preview of an undo of many",
    role: ADMINISTRATOR,
    open: (page) => openPreview(page, `${HISTORY}&undoable=yes`, "Undo"),
  },
  {
    name: "a preview that is not there",
    status: 404,
    open: async (page) => {
      await visit(page, "/action-center/plans/0190a000-0000-7000-8000-000000000000");
      await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
    },
  },
  {
    name: "an empty list",
    open: async (page) => {
      await visit(page, `${HISTORY}&q=nothing-is-called-like-this`);
      await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
    },
  },
  {
    name: "a list that could not be loaded",
    status: 422,
    open: async (page) => {
      await visit(page, `${HISTORY}&colour=red`);
      await expect(page.getByRole("heading", { name: "The list could not be loaded" })).toBeVisible();
    },
  },
  {
    name: "a page that is not there",
    status: 404,
    open: async (page) => {
      await visit(page, "/action-center/nowhere");
      await expect(page.getByRole("heading", { level: 1, name: "Page not found" })).toBeVisible();
    },
  },
  {
    name: "the account",
    open: async (page) => {
      await visitRows(page, PENDING);
      await page.locator("[popovertarget=account]").click();
      await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
    },
  },
  { name: "the keys", alive: true, open: (page) => openByKey(page, "?", "help") },
  {
    name: "the keys, to who may not decide",
    role: "Security Reader",
    alive: true,
    open: (page) => openByKey(page, "?", "help"),
  },
  { name: "the palette", alive: true, open: (page) => openByKey(page, "Control+k", "palette") },
];

for (const { name, role, alive, status, open } of STATES) {
  test(name, { tag: alive ? ["@tablet"] : ["@tablet", "@no-js"] }, async ({ page, estate, expectedStatuses }) => {
    if (status) expectedStatuses.add(status);
    if (role !== null) await authenticate(page, role);
    await open(page, estate);
    await expectAccessible(page);
  });
}
