// The keys of the Action center.
import { expect, rejectOpenAction, signIn, test, visit } from "../support/estate";
import { MaliciousFile } from "../support/file";

const HISTORY = "/action-center/history";
const PENDING = "/action-center/pending";

test("the keys open, move, select and ask, and none decides", async ({ page, estate }) => {
  for (const n of [1, 2, 3]) await new MaliciousFile(estate, `keys-${n}.bin`).report();
  await signIn(page, "Security Operator", `${PENDING}?q=keys-`);
  const links = page.locator("tbody .col-entity a");
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
  const ids = await page.locator("tbody tr").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-id") ?? ""));
  // Its identifiers come with all that is known of it, not with the heading.
  const shown = (id: string) => expect(flyout).toContainText(id);
  await shown(ids[1]);
  await page.keyboard.press("j");
  await shown(ids[2]);
  await page.keyboard.press("k");
  await shown(ids[1]);
  await page.keyboard.press("a");
  const dialog = page.locator("#confirm");
  await expect(dialog).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(flyout).toContainText("Pending");
  await page.keyboard.press("r");
  await expect(flyout.locator("textarea[name=reason]")).toBeFocused();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await expect(flyout).toHaveCount(0);
  await page.keyboard.press("?");
  await expect(page.locator("#help")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("history");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/history/);
});

test("a key that comes before its dialog is loaded opens it all the same", { tag: "@tablet" }, async ({ page }) => {
  let release = () => {};
  const pressed = new Promise<void>((resolve) => (release = resolve));
  await page.route(/\/dialogs[^/]*\.wasm$/, async (route) => {
    await pressed;
    await route.continue();
  });
  await signIn(page, "Security Operator", PENDING);
  await page.keyboard.press("?");
  release();
  await expect(page.locator("#help:modal")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.locator("#help")).toBeHidden();
});

test("after a decision one goes on with the row that took its place", { tag: "@tablet" }, async ({ page, estate }) => {
  for (const n of [1, 2, 3, 4]) await new MaliciousFile(estate, `goes-on-${n}.bin`).report();
  await signIn(page, "Security Operator", `${PENDING}?q=goes-on-`);
  const rows = page.locator("tbody tr");
  await expect(rows).toHaveCount(4);
  const ids = await rows.evaluateAll((rows) => rows.map((row) => row.getAttribute("data-id")));
  const isOpen = async (id: string | null) => {
    await expect(page).toHaveURL(new RegExp(`open=${id}`));
    await expect(page.locator("#flyout .detail-head h2")).toBeFocused();
  };
  for (const key of ["j", "j", "Enter"]) await page.keyboard.press(key);
  await isOpen(ids[1]);
  await rejectOpenAction(page);
  await expect(rows).toHaveCount(3);
  await page.keyboard.press("j");
  await isOpen(ids[2]);
  await rejectOpenAction(page);
  await expect(rows).toHaveCount(2);
  await page.locator("#flyout").getByRole("link", { name: "Previous action" }).click();
  await isOpen(ids[0]);
  await page.locator("#flyout").getByRole("link", { name: "Next action" }).click();
  await isOpen(ids[3]);
  await rejectOpenAction(page);
  await expect(rows).toHaveCount(1);
  // None is left below; the keyboard is on the last.
  await page.keyboard.press("Escape");
  await expect(page.locator(`#open-${ids[0]}`)).toBeFocused();
});

test("with rows selected, the keys lead to their preview", async ({ page }) => {
  await signIn(page, "Global Administrator", `${HISTORY}?undoable=yes&limit=25`);
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("u");
  await expect(page.getByRole("heading", { level: 1, name: "Undo 1 action" })).toBeVisible();
  await visit(page, `${HISTORY}?undoable=yes&limit=25`);
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page.locator("#flyout .detail-head h2")).toBeFocused();
  await page.keyboard.press("u");
  await expect(page.getByLabel("Why it is undone")).toBeFocused();

  // Not every action has an investigation.
  await visit(page, `${HISTORY}?cols=entity,investigation&limit=25`);
  const investigated = page.locator("tbody tr").filter({ has: page.locator(".col-investigation", { hasText: /\S/ }) });
  await investigated.first().locator(".col-entity a").focus();
  await page.keyboard.press("e");
  await expect(page).toHaveURL(/\/investigations\/INV-\d+$/);
  await expect(page.getByRole("navigation", { name: "Parts of the investigation" })).toBeVisible();
});
