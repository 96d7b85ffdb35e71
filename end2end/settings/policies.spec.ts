// Something is protected: two people approve it, one alone says why and is reviewed by another.
import { randomUUID } from "node:crypto";
import { authenticate, expect, hasScripts, proposeAction, test, visit } from "../support/estate";
import { expectAccessible } from "../support/accessible";

const ADMIN = "Global Administrator";

test("what is protected takes two people, or one whose reason is reviewed", { tag: "@no-js" }, async ({ page, estate }) => {
  // By a tool: where a person proposed it, that person and who approves it are two already.
  const asset = `dc-${randomUUID().slice(0, 8)}`;
  const { id } = await proposeAction(estate, {
    external_id: asset,
    type: "quarantine_file",
    entity: { kind: "file", path: "C:\\Windows\\Temp\\loader.exe", sha256: "5f".repeat(32) },
    asset: { kind: "device", name: asset },
    comment: "Matches a known loader",
    severity: "high",
    source: "antivirus_action",
  });
  const name = `crown jewels ${asset}`;
  await authenticate(page, ADMIN);
  await visit(page, "/settings/policies");
  await page.getByText("Protect something", { exact: true }).click();
  await page.getByLabel("Name, for example domain controllers").fill(name);
  await page.getByLabel(/^Named \(/).fill(asset);
  await page.getByRole("button", { name: "Protect", exact: true }).click();
  const row = page.getByRole("row", { name: new RegExp(`^${name} named`) });
  await expect(row).toContainText("Needs a second person");

  await visit(page, `/action-center/pending?open=${id}`);
  await expect(page.getByText(`Protected: ${name}. Needs a second person.`).first()).toBeVisible();
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(page.getByText(/approved it first/).first()).toBeVisible();
  await expect(page.getByText("you approved it first; someone else must approve it, too", { exact: false })).toBeVisible();

  await page.getByText("Break-glass…", { exact: true }).click();
  await page.getByLabel(/^Why it can't wait/).fill("The whole domain is being encrypted");
  await page.getByRole("button", { name: "Approve alone" }).click();
  await expect(page.getByRole("button", { name: "Approve alone" })).toHaveCount(0);

  await authenticate(page, "Security Administrator");
  await visit(page, "/settings/policies");
  const use = page.getByRole("row", { name: name }).filter({ hasText: "The whole domain" });
  await use.getByText("Review", { exact: true }).first().click();
  await use.getByLabel("What you found").fill("It was needed");
  await use.getByRole("button", { name: "Review" }).click();
  await expect(use).toContainText("It was needed");

  await authenticate(page, ADMIN);
  await visit(page, "/settings/policies");
  await page.getByText(`Remove ${name}`, { exact: true }).click();
  await row.getByRole("checkbox").check();
  await row.getByRole("button", { name: "Remove" }).click();
  await expect(row).toHaveCount(0);
});

test("an undo on what is protected says what it waits for", { tag: "@no-js" }, async ({ page }) => {
  const history = "/action-center/history?type=disable_user&undoable=yes";
  await authenticate(page, ADMIN);
  await visit(page, history);
  const asset = (await page.locator("td.col-asset").filter({ hasNotText: " and " }).first().innerText()).trim();
  const name = `held ${asset}`.slice(0, 60);
  await visit(page, "/settings/policies");
  await page.getByText("Protect something", { exact: true }).click();
  await page.getByLabel("Name, for example domain controllers").fill(name);
  await page.getByLabel(/^Named \(/).fill(asset);
  await page.getByLabel("What is asked for").selectOption("held");
  await page.getByRole("button", { name: "Protect", exact: true }).click();
  const row = page.getByRole("row", { name: new RegExp(`^${name} named`) });
  await expect(row).toContainText("Waits for a person");

  await visit(page, `${history}&asset=${encodeURIComponent(asset)}`);
  await page.locator("a.entity-link").first().click();
  const flyout = page.locator("#flyout");
  await flyout.locator("summary", { hasText: "Undo" }).click();
  await flyout.getByLabel("Why it is undone").fill("It was a false alarm");
  const others = flyout.getByLabel(/lift it for both/);
  if (await others.count()) await others.check();
  await flyout.getByRole("button", { name: "Undo this action" }).click();
  if (hasScripts()) await expect(page.getByText(/Undo requested, but it waits/).first()).toBeVisible();
  await expect(flyout.locator("dd", { hasText: `Protected: ${name}. Waits for a person. It waits for somebody else.` })).toBeVisible();

  await visit(page, "/settings/policies");
  await page.getByText(`Remove ${name}`, { exact: true }).click();
  await row.getByRole("checkbox").check();
  await row.getByRole("button", { name: "Remove" }).click();
  await expect(row).toHaveCount(0);
});

test("the page of policies is accessible", async ({ page }) => {
  await authenticate(page, ADMIN);
  await visit(page, "/settings/policies");
  await page.getByText("Protect something", { exact: true }).click();
  await expectAccessible(page);
});
