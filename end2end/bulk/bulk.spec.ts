// Many decided at once: the preview says what would happen, the result what did.
import type { Page } from "@playwright/test";
import { authenticate, expect, hasScripts, signIn, test, visit } from "../support/estate";
import { MaliciousFile } from "../support/file";

const ALL_PROJECTS = { tag: ["@tablet", "@no-js"] };

/** Sends the form of the list as a browser does; returns where it leads. */
async function plan(page: Page, url: string, fields: [string, string][]): Promise<string> {
  const answer = await page.request.post("/api/plan_bulk", {
    data: new URLSearchParams(fields).toString(),
    headers: {
      accept: "text/html",
      "content-type": "application/x-www-form-urlencoded",
      origin: url,
      referer: `${url}/action-center/pending`,
    },
    maxRedirects: 0,
  });
  expect(answer.status()).toBe(302);
  return answer.headers()["location"];
}

test("three files are approved together and released together", ALL_PROJECTS, async ({ page, estate }) => {
  const files = [1, 2, 3].map((n) => new MaliciousFile(estate, `bulk-${n}.bin`));
  const ids: string[] = [];
  for (const file of files) ids.push(await file.report());
  await authenticate(page);
  const preview = await plan(page, estate.url, [
    ["verb", "approve"],
    ["shows", "q=bulk-"],
    ...ids.map((id): [string, string] => ["ids[]", id]),
  ]);
  await visit(page, preview);
  await expect(page.getByRole("heading", { level: 1, name: "Approve 3 actions" })).toBeVisible();
  await expect(page.getByText("On 1 asset, 1 of high or very high criticality. Nothing has happened yet.")).toBeVisible();
  for (const file of files) expect(file.exists()).toBe(true);
  await page.getByLabel("Comment (optional)").fill("All three at once");
  await page.getByRole("button", { name: "Approve 3 actions" }).click();

  await expect(page).toHaveURL(/\/action-center\/jobs\//);
  await expect(async () => {
    const refresh = page.getByRole("link", { name: "Refresh" });
    if (!hasScripts() && (await refresh.isVisible())) await refresh.click();
    await expect(page.getByRole("heading", { level: 1, name: "3 actions approved" })).toBeVisible({ timeout: 1000 });
  }).toPass();
  await expect(page.getByText("All three at once")).toBeVisible();
  // The result lives on until the executor has reported each.
  await expect(async () => {
    const refresh = page.getByRole("link", { name: "Refresh" });
    if (!hasScripts() && (await refresh.isVisible())) await refresh.click();
    await expect(page.locator(".bulk-counters")).toHaveText("3 completed", { timeout: 1000 });
  }).toPass();
  const rows = page.locator(".bulk-table.items tbody tr");
  await expect(rows.filter({ hasText: "Approved" }).filter({ hasText: "Completed" })).toHaveCount(3);
  await expect(page.getByRole("link", { name: "Back to the list" })).toHaveAttribute("href", "/action-center/pending?q=bulk-");
  for (const file of files) await expect.poll(() => file.exists(), { timeout: 30_000 }).toBe(false);

  // Each can be undone as soon as its executor has reported.
  const undo = async (...fields: [string, string][]) =>
    visit(page, await plan(page, estate.url, [["verb", "undo"], ...fields]));
  await expect(async () => {
    await undo(...ids.map((id): [string, string] => ["ids[]", id]));
    await expect(page.getByRole("heading", { level: 1, name: "Undo 3 actions" })).toBeVisible({ timeout: 1000 });
  }).toPass();
  const undoAll = page.url();
  await undo(["same_file", ids[0]]);
  await expect(page.getByRole("heading", { level: 1, name: "Undo 1 action" })).toBeVisible();
  await page.getByRole("link", { name: "Cancel" }).click();
  await expect(page).toHaveURL(/\/action-center\/history/);
  await visit(page, undoAll);
  await page.getByRole("textbox").fill("They are ours");
  await page.getByRole("button", { name: "Undo 3 actions" }).click();
  await expect(page).toHaveURL(/\/action-center\/jobs\//);
  for (const file of files) await expect.poll(() => file.exists(), { timeout: 30_000 }).toBe(true);
});

test("what may not be decided is named, and a foreign preview is not there", ALL_PROJECTS, async ({
  page,
  estate,
  expectedStatuses,
}) => {
  expectedStatuses.add(404);
  const id = await new MaliciousFile(estate, "bulk-reader.bin").report();
  await authenticate(page, "Security Reader");
  const preview = await plan(page, estate.url, [
    ["verb", "approve"],
    ["ids[]", id],
  ]);
  await visit(page, preview);
  await expect(page.getByText("this needs Security Operator or Active remediation actions")).toBeVisible();
  await expect(page.getByRole("button", { name: /^Approve/ })).toHaveCount(0);
  await page.context().clearCookies();
  await authenticate(page);
  await visit(page, preview);
  await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
});

test("what is left out of all that match stays as it is", { tag: "@tablet" }, async ({ page, estate }) => {
  const files = [1, 2, 3, 4].map((n) => new MaliciousFile(estate, `sweep-${n}.bin`));
  for (const file of files) await file.report();
  await signIn(page, "Security Operator", "/action-center/pending?q=sweep-");
  const bar = page.locator(".bulk-bar");
  const row = (file: MaliciousFile) => page.locator("tbody tr", { hasText: file.name });
  await row(files[0]).getByRole("checkbox").check();
  await bar.getByRole("button", { name: "Select all 4 matching" }).click();
  await row(files[1]).getByRole("checkbox").uncheck();
  await expect(bar).toContainText("3 selected");
  await bar.getByRole("button", { name: "Reject" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Reject 3 actions" })).toBeVisible();
  await expect(page.getByText(files[1].name)).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Cancel" })).toHaveAttribute("href", "/action-center/pending?q=sweep-");
  // A rejection wants its reason here, too.
  await page.getByRole("button", { name: "Reject 3 actions" }).click();
  await expect(page).toHaveURL(/\/plans\//);
  await page.getByRole("textbox").fill("Ours");
  await page.getByRole("button", { name: "Reject 3 actions" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "3 actions rejected" })).toBeVisible();
  await page.getByRole("link", { name: "Back to the list" }).click();
  await expect(page).toHaveURL(/\/action-center\/pending\?q=sweep-$/);
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await expect(row(files[1])).toBeVisible();
  for (const file of files) expect(file.state()).toEqual(file.original);
});
