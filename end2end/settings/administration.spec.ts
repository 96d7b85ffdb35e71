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
  await expect(page.getByRole("link", { name: `Person ${name}` })).toBeVisible();
  await page.getByLabel("Rows with").fill(name.toUpperCase());
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("region", { name: "People", exact: true }).getByRole("rowheader")).toHaveText([`Person ${name}`]);
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
  await page.getByRole("textbox", { name: "Name", exact: true }).fill(`tool ${Date.now()}`);
  await page.getByRole("checkbox", { name: "Propose actions and see them" }).check();
  await page.getByRole("button", { name: "Make the token" }).click();
  await expect(page.locator("code.secret")).toHaveText(/^cst_/);
  await visit(page, "/settings/tokens");
  await expect(page.getByRole("heading", { name: "API tokens" })).toBeVisible();
  await expect(page.locator("code.secret")).toHaveCount(0);
});

test("people are sorted, filtered and exported, with the columns that one chose", { tag: ["@no-js", "@tablet"] }, async ({ page, estate }) => {
  await authenticate(page, ADMIN);
  await visit(page, "/settings/people");
  const region = page.getByRole("region", { name: "People", exact: true });
  const heads = region.getByRole("columnheader");
  await expect(heads).toHaveText([/^Name/, "Signs in as", "State", "Can", "Last sign-in", "Added", "Sessions", "Tokens"]);
  await page.getByText("Customize columns").click();
  const form = page.locator(".case-columns");
  for (const name of ["Can", "Added", "Sessions", "Tokens"]) await form.getByLabel(name, { exact: true }).uncheck();
  await form.getByRole("button", { name: "Save columns" }).click();
  await expect(heads).toHaveText([/^Name/, "Signs in as", "State", "Last sign-in"]);
  const first = region.getByRole("rowheader").first();
  const before = await first.innerText();
  await region.getByRole("link", { name: /^Name/ }).click();
  await expect(region.getByRole("columnheader", { name: /^Name/ })).toHaveAttribute("aria-sort", "descending");
  await expect(first).not.toHaveText(before);
  await page.getByText("Filters", { exact: true }).click();
  await page.getByRole("group", { name: "Can" }).getByLabel("Administer people and roles").check();
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page).toHaveURL(/can=administer/);
  const href = await page.getByRole("link", { name: "Export CSV" }).getAttribute("href");
  const answer = await page.request.get(`${estate.url}${href}`);
  expect(answer.headers()["content-type"]).toContain("text/csv");
  const lines = (await answer.text()).trim().split("\r\n");
  await expect(region.getByRole("rowheader")).toHaveCount(lines.length - 1);
  await page.getByText("Customize columns").click();
  await page.getByRole("button", { name: "Back to the usual columns" }).click();
  await expect(heads).toHaveCount(8);
});

test("tokens and sessions are searched and sorted", { tag: "@no-js" }, async ({ page }) => {
  await authenticate(page, ADMIN);
  await visit(page, "/settings/sessions?sort=-begun");
  const sessions = page.getByRole("region", { name: "Sessions", exact: true });
  await expect(sessions.getByRole("columnheader", { name: /^Begun/ })).toHaveAttribute("aria-sort", "descending");
  await expect(sessions.getByText("This session", { exact: true })).toBeVisible();
  await page.getByLabel("Rows with").fill("no such person");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText("No row matches.")).toBeVisible();
  await visit(page, "/settings/tokens?whose=tool&sort=name");
  const tokens = page.getByRole("region", { name: "API tokens", exact: true });
  await expect(tokens.getByRole("columnheader", { name: /^Name/ })).toHaveAttribute("aria-sort", "ascending");
  await expect(tokens.getByRole("row").nth(1)).toContainText("A tool");
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
