// Who may do what, administered on the pages of settings: with scripts and without.
import { authenticate, expect, test, visit } from "../support/estate";
import { expectAccessible } from "../support/accessible";

const ADMIN = "Global Administrator";

test("a person is added, given a role, and kept out", { tag: "@no-js" }, async ({ page }) => {
  await authenticate(page, ADMIN);
  await visit(page, "/settings/people");
  const name = `p${Date.now()}${Math.floor(Math.random() * 1000)}`;
  await page.getByText("Add a person", { exact: true }).first().click();
  await page.getByLabel("Name to sign in with").fill(name);
  await page.getByLabel("Name to show").fill(`Person ${name}`);
  await page.getByLabel(/First password/).fill("correct horse battery");
  await page.getByRole("checkbox", { name: "Security Reader" }).check();
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("link", { name: `Person ${name}` }).click();
  await expect(page.getByRole("heading", { name: "What this person can do" })).toBeVisible();
  const row = page.getByRole("row", { name: /^View/ });
  await expect(row).toContainText("Yes");
  await expect(page.getByRole("row", { name: /^Decide on email/ })).toContainText("Search and Purge");
  await page.getByRole("checkbox", { name: "Security Operator" }).check();
  await page.getByLabel("Yes: this counts from the person's next request on").check();
  await page.getByRole("button", { name: "Save what they hold" }).click();
  await expect(page.getByRole("row", { name: /^Decide on devices/ })).toContainText("Yes");
  await page.getByLabel("Yes: it ends their sessions and tokens at once").check();
  await page.getByRole("button", { name: "Keep this person out" }).click();
  await expect(page.getByText("is kept out", { exact: false }).first()).toBeVisible();
});

test("a device group is tried, added and deleted", { tag: "@no-js" }, async ({ page }) => {
  await authenticate(page, ADMIN);
  await visit(page, "/settings/device-groups");
  await expect(page.getByRole("cell", { name: "Ungrouped devices" })).toBeVisible();
  await page.getByRole("textbox", { name: /One condition a line/ }).last().fill("name starts_with no-such-device");
  await page.getByRole("button", { name: "See what it matches" }).click();
  await expect(page.getByText("0 devices meet it")).toBeVisible();
});

test("a tool's token shows its secret once", { tag: "@no-js" }, async ({ page }) => {
  await authenticate(page, ADMIN);
  await visit(page, "/settings/tokens");
  await page.getByText("Make a tool's token").click();
  await page.getByLabel("Name", { exact: true }).fill(`tool ${Date.now()}`);
  await page.getByRole("checkbox", { name: "Propose actions and see them" }).check();
  await page.getByRole("button", { name: "Make the token" }).click();
  await expect(page.locator("code.secret")).toHaveText(/^cst_/);
  await visit(page, "/settings/tokens");
  await expect(page.getByRole("heading", { name: "API tokens" })).toBeVisible();
  await expect(page.locator("code.secret")).toHaveCount(0);
});

test("who may not administer is told who could help", { tag: "@no-js" }, async ({ page, expectedStatuses }) => {
  expectedStatuses.add(403);
  await authenticate(page, "Security Reader");
  await visit(page, "/settings/people");
  await expect(page.getByRole("heading", { name: "This page is for administrators" })).toBeVisible();
  await expect(page.getByText("can help.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Roles", exact: true })).toHaveCount(0);
});

test("pages of settings are accessible", async ({ page }) => {
  await authenticate(page, ADMIN);
  await visit(page, "/settings");
  for (const path of ["", "/people", "/roles", "/device-groups", "/tokens", "/sessions", "/deciders"]) {
    await visit(page, `/settings${path}`);
    await expect(page.locator("h1")).toBeVisible();
    await expectAccessible(page);
  }
});
