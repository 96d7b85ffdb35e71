// The list of investigations, each tab of one, and what is decided right there.
import { expect, signIn, test, visit, waitForHydration } from "../support/estate";
import { expectAccessible } from "../support/accessible";

const WAITING = "/investigations?state=pending_approval";

test("an investigation shows each of its tabs", { tag: ["@tablet", "@no-js"] }, async ({ page }) => {
  await signIn(page);
  await visit(page, WAITING);
  await page.getByRole("region", { name: "Investigations" }).getByRole("link").first().click();
  const tabs = page.getByRole("navigation", { name: "Parts of the investigation" });
  await expect(page.getByRole("group", { name: /Investigation graph/ })).toBeVisible();
  for (const tab of ["Alerts", "Devices", "Mailboxes", "Users", "Evidence", "Entities", "Log", "Pending actions history"]) {
    await tabs.getByRole("link", { name: new RegExp(`^${tab}\\s*\\d*$`) }).click();
    await expect(page.getByRole("region", { name: tab, exact: true }).first()).toBeVisible();
  }
});

test("what waits is decided on the page of its investigation", async ({ page }) => {
  await signIn(page);
  await visit(page, WAITING);
  await page.getByRole("region", { name: "Investigations" }).getByRole("link").first().click();
  await waitForHydration(page);
  await page.getByRole("link", { name: /^Pending actions\s*\d+$/ }).click();
  const forms = page.getByRole("button", { name: "Reject pending action" });
  // Those of the person's own are closed.
  const count = await forms.count();
  test.skip(count === 0, "all of it is the person's own proposal");
  await page.getByLabel("Why it must not happen").first().fill("our own scanner");
  await forms.first().click();
  await expect(page.getByText("Decided.")).toBeVisible();
  await expect(forms).toHaveCount(count - 1);
});

test("the graph is walked by the keyboard and has its twin in words", async ({ page }) => {
  await signIn(page);
  await visit(page, WAITING);
  await page.getByRole("region", { name: "Investigations" }).getByRole("link").first().click();
  await waitForHydration(page);
  await page.locator(".graph-node").first().focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/tab=/);
  await page.goBack();
  await page.getByText("The graph as a table").click();
  await expect(page.getByRole("region", { name: "The graph as a table" })).toBeVisible();
  await expectAccessible(page);
});
