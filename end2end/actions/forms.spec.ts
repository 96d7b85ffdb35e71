// What only a page without scripts does: everything by links and forms, with buttons that scripts make needless.
import { expect, rejectOpenAction, signIn, test } from "../support/estate";
import { MaliciousFile } from "../support/file";
import { openHardDelete } from "../support/hard_delete";

const HISTORY = "/action-center/history";
const PENDING = "/action-center/pending";

test("lists are sorted, filtered, searched and paged by links and forms", async ({ page }) => {
  await signIn(page, "Security Reader", HISTORY);
  await page.getByRole("link", { name: "Asset", exact: true }).click();
  await expect(page).toHaveURL(/sort=asset/);
  await page.locator("#open-filters").click();
  await page.locator("#filters label", { hasText: /^High/ }).locator("input").check();
  await page.locator("#filters").getByRole("button", { name: "Apply" }).click();
  await expect(page).toHaveURL(/sort=asset.*severity=high/);
  expect(page.url(), "fields that were left empty").not.toMatch(/=(&|$)/);
  await expect(page.locator(".chip")).toContainText(["High"]);
  await page.getByRole("searchbox").fill("lt-");
  await page.getByRole("searchbox").press("Enter");
  await expect(page).toHaveURL(/q=lt-/);
  await expect(page.locator(".chip")).toHaveCount(2);
  expect(await page.locator("tbody tr").count()).toBeGreaterThan(0);
  await page.getByRole("combobox", { name: "Time period" }).selectOption("Past week");
  await page.locator(".period").getByRole("button", { name: "Apply" }).click();
  await expect(page).toHaveURL(/period=7d/);
  await page.getByRole("link", { name: "Clear all" }).click();
  await page.getByLabel("Per page").selectOption("25");
  await page.locator(".per-page").getByRole("button", { name: "Apply" }).click();
  await expect(page.locator("tbody tr")).toHaveCount(25);
});

test("checked rows are decided together, and so is all that matches", async ({ page, estate }) => {
  const files = [1, 2, 3].map((n) => new MaliciousFile(estate, `forms-${n}.bin`));
  for (const file of files) await file.report();
  await signIn(page, "Security Operator", `${PENDING}?q=forms-`);
  const bar = page.locator(".bulk-bar");
  await page.locator("tbody tr", { hasText: files[0].name }).getByRole("checkbox").check();
  await bar.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Approve 1 action" })).toBeVisible();
  await page.getByRole("link", { name: "Cancel" }).click();

  await page.goto(`${PENDING}?q=forms-`);
  await bar.getByLabel("All that match, on all pages").check();
  await bar.getByRole("button", { name: "Reject" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Reject 3 actions" })).toBeVisible();
  await page.getByRole("textbox").fill("Ours");
  await page.getByRole("button", { name: "Reject 3 actions" }).click();
  await expect(async () => {
    const refresh = page.getByRole("link", { name: "Refresh" });
    if (await refresh.isVisible()) await refresh.click();
    await expect(page.getByRole("heading", { level: 1, name: "3 actions rejected" })).toBeVisible({ timeout: 1000 });
  }).toPass();
  for (const file of files) expect(file.state()).toEqual(file.original);
});

test("a decision that came second is told so", async ({ page, estate }) => {
  const id = await new MaliciousFile(estate, "contested-forms.bin").report();
  await signIn(page);
  const tab = await page.context().newPage();
  for (const each of [page, tab]) await each.goto(`${PENDING}?open=${id}`);
  await rejectOpenAction(page);
  await expect(page.locator("#flyout").getByText("Known good")).toBeVisible();
  await rejectOpenAction(tab);
  await expect(tab.locator("#flyout")).toContainText("the action was decided or changed meanwhile");
});

test("what can't be undone is not sent before it is said to be known", async ({ page, estate }) => {
  const flyout = await openHardDelete(page, estate);
  const address = page.url();
  await flyout.getByRole("button", { name: "Approve…" }).click();
  const known = flyout.getByRole("checkbox", { name: "I know that this can't be undone" });
  // The browser points at what is missing, and sends nothing.
  await expect(known).toBeFocused();
  expect(page.url()).toBe(address);
  await known.check();
  await flyout.getByRole("button", { name: "Approve…" }).click();
  await expect(page.locator("#flyout")).toContainText(/Approved|Completed/);
});

test("counts are there, and no state of a connection", async ({ page }) => {
  await signIn(page);
  const waits = Number(/^\((\d+)\) Pending · Action center/.exec(await page.title())?.[1]);
  expect(waits).toBeGreaterThan(0);
  await expect(page.locator(".tab .lane-count").first()).toHaveText(String(waits));
  await expect(page.locator(".pane .lane-count")).toHaveText(String(waits));
  await expect(page.locator(".link-state")).toBeHidden();
});
