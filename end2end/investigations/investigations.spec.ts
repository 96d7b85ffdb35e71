// The list of investigations, each tab of one, and what is decided right there.
import { authenticate, expect, report, signIn, test, visit, waitForHydration } from "../support/estate";
import { expectAccessible } from "../support/accessible";

const WAITING = "/investigations?state=pending_approval";

test("an investigation shows each of its tabs", { tag: ["@tablet", "@no-js"] }, async ({ page }) => {
  await signIn(page);
  await visit(page, WAITING);
  await page.getByRole("region", { name: "Investigations" }).getByRole("rowheader").getByRole("link").first().click();
  const tabs = page.getByRole("navigation", { name: "Parts of the investigation" });
  await expect(page.getByRole("group", { name: /Investigation graph/ })).toBeVisible();
  for (const tab of ["Alerts", "Devices", "Mailboxes", "Users", "Evidence", "Entities", "Log", "Pending actions history"]) {
    await tabs.getByRole("link", { name: new RegExp(`^${tab}\\s*\\d*$`) }).click();
    await expect(page.getByRole("region", { name: tab, exact: true }).first()).toBeVisible();
  }
});

test("what waits is decided on the page of its investigation", async ({ page, estate }) => {
  const actions = ["one", "two"].map((name) => ({
    external_id: `decided-there-${name}`,
    type: "quarantine_file",
    severity: "medium",
    source: "automated_device_action",
    entity: { kind: "file", path: `/srv/decided-there/${name}`, sha256: "ab".repeat(32) },
    asset: { kind: "device", name: "this machine" },
  }));
  await report(estate, { id: "INV-DECIDED-THERE", title: "Odd sign-ins", severity: "medium", actions });
  await authenticate(page);
  await visit(page, "/investigations/INV-DECIDED-THERE?tab=pending");
  const forms = page.getByRole("button", { name: "Reject pending action" });
  await expect(forms).toHaveCount(2);
  await page.getByLabel("Why it must not happen").first().fill("our own scanner");
  await forms.first().click();
  await expect(page.getByText("Decided.")).toBeVisible();
  await expect(forms).toHaveCount(1);
});

test("the graph is walked by the keyboard and has its twin in words", async ({ page }) => {
  await signIn(page);
  await visit(page, WAITING);
  await page.getByRole("region", { name: "Investigations" }).getByRole("rowheader").getByRole("link").first().click();
  await waitForHydration(page);
  await page.locator(".graph-node").first().focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/tab=/);
  await page.goBack();
  await page.getByText("The graph as a table").click();
  await expect(page.getByRole("region", { name: "The graph as a table" })).toBeVisible();
  await expectAccessible(page);
});
