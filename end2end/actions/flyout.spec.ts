// The details of an action: from one to the next, copied whole, and with nothing hidden in them.
import { authenticate, expect, holdRequests, signIn, test, visit } from "../support/estate";
import { MaliciousFile } from "../support/file";

test("the details go to the next row and back", { tag: "@tablet" }, async ({ page }) => {
  // The oldest first: what ends meanwhile does not push them down.
  await signIn(page, "Security Reader", "/action-center/history?limit=25&sort=updated");
  const rows = page.locator("tbody tr");
  await rows.first().locator(".col-entity a").click();
  const flyout = page.locator("#flyout");
  await expect(flyout.locator(".detail-head h2")).toBeVisible();
  await expect(rows.first()).toHaveAttribute("aria-current", "true");
  await flyout.getByRole("link", { name: "Next action" }).click();
  await expect(rows.nth(1)).toHaveAttribute("aria-current", "true");
  await expect(page).toHaveURL(new RegExp(`open=${await rows.nth(1).getAttribute("data-id")}`));
  await flyout.getByRole("link", { name: "Previous action" }).click();
  await expect(rows.first()).toHaveAttribute("aria-current", "true");
  // Before the first there is none.
  await expect(flyout.getByRole("link", { name: "Previous action" })).toHaveCount(0);
  await flyout.getByRole("link", { name: "Close" }).click();
  await expect(flyout).toHaveCount(0);
});

test("what the list knows of an action shows before its details arrive", { tag: "@tablet" }, async ({ page }) => {
  const release = await holdRequests(page, "**/api/load_action*");
  await signIn(page, "Security Reader", "/action-center/history?limit=25&sort=updated");
  const row = page.locator("tbody tr").nth(1);
  const type = await row.locator(".col-action-type").innerText();
  // Nothing is written to the rows that do not open.
  await page.locator("tbody").evaluate((body) => {
    const written = new Set<string | undefined>();
    Object.assign(window, { written });
    const row = ({ target }: MutationRecord) => (target as Element).closest("tr")?.dataset.id;
    new MutationObserver((changes) => changes.forEach((change) => written.add(row(change)))).observe(body, {
      subtree: true,
      attributeFilter: ["href", "aria-current"],
    });
  });
  await row.locator(".col-entity a").click();
  const flyout = page.locator("#flyout");
  await expect(flyout.getByRole("heading", { level: 2, name: type })).toBeVisible();
  await expect(flyout.getByText("Loading")).toHaveCount(1);
  await expect(flyout.getByRole("heading", { name: "Target" })).toHaveCount(0);
  await expect(row).toHaveAttribute("aria-current", "true");
  const written = await page.evaluate(() => [...(window as unknown as { written: Set<string> }).written]);
  expect(written).toEqual([await row.getAttribute("data-id")]);
  release();
  await expect(flyout.getByRole("heading", { name: "Target" })).toBeVisible();
  await expect(flyout.getByText("Loading")).toHaveCount(0);
  await expect(flyout.getByRole("heading", { level: 2, name: type })).toBeFocused();
});

test("values are copied whole", { tag: "@tablet" }, async ({ page, context, estate }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const file = new MaliciousFile(estate, "copied.bin");
  const id = await file.report();
  await authenticate(page);
  await visit(page, `/action-center/pending?open=${id}`);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  const flyout = page.locator("#flyout");
  await flyout.getByRole("button", { name: "Copy SHA-256" }).click();
  await expect(flyout.getByRole("button", { name: "Copied" })).toHaveCount(1);
  expect(await copied()).toBe(file.original.sha256);
  await flyout.getByRole("button", { name: "Copy Action ID" }).click();
  await expect.poll(copied).toBe(id);
});

test("characters that deceive are shown by their number", { tag: ["@tablet", "@no-js"] }, async ({ page, estate }) => {
  // Shown as it is, it would end in "exe.txt".
  const id = await new MaliciousFile(estate, "invoice-\u202etxt.exe").report();
  await authenticate(page);
  await visit(page, `/action-center/pending?open=${id}`);
  await expect(page.locator(`#open-${id}`)).toContainText("invoice-U+202Etxt.exe");
  await expect(page.locator("#flyout .detail-entity")).toContainText("invoice-U+202Etxt.exe");
  await expect(page.locator("body")).not.toContainText("\u202e");
});

test("of mail the details say what came, how it was delivered and where it is", { tag: ["@tablet", "@no-js"] }, async ({ page }) => {
  await authenticate(page);
  const facts = page.locator("#flyout .facts").filter({ has: page.getByRole("heading", { name: "Target" }) });
  const says = async (kind: string, labels: string[]) => {
    await page.goto(`/action-center/history?entity_type=${kind}`);
    await page.locator("tbody .col-entity a").first().click();
    for (const label of labels) {
      await expect(facts.locator(".fact").filter({ has: page.getByText(label, { exact: true }) }).locator("dd")).toHaveText(/\S/);
    }
  };
  await says("email_message", ["Subject", "Sender", "Recipients", "Message ID", "Delivery", "Location now", "Received"]);
  await says("email_cluster", ["Subject", "Messages", "Mailboxes", "Delivered", "Delivered to junk", "Blocked", "Cluster ID"]);
  await expect(page.locator("#flyout .effect")).toContainText(/\d messages in \d+ mailboxes/);
});
