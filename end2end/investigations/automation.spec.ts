// All automation is stopped and resumed, quotas are set, and a level is tried before anybody sets it.
import { authenticate, expect, test, visit } from "../support/estate";
import { expectAccessible } from "../support/accessible";

const ADMIN = "Global Administrator";

test("all automation is stopped with a reason, says so where decisions are made, and goes on", { tag: "@no-js" }, async ({ page }) => {
  await authenticate(page, ADMIN);
  await visit(page, "/settings/automation");
  await page.getByLabel("Why (for others to read)").fill("a rule went wild");
  await page.getByLabel(/^Yes: from now on no rule approves anything/).check();
  await page.getByRole("button", { name: "Stop all automation" }).click();
  await expect(page.getByRole("button", { name: "Resume automation" })).toBeVisible();
  for (const path of ["/action-center/pending", "/investigations"]) {
    await visit(page, path);
    await expect(page.getByText("All automation is stopped.")).toBeVisible();
    await expect(page.getByText("a rule went wild")).toBeVisible();
  }
  await visit(page, "/settings/automation");
  await page.getByLabel(/^Yes: rules approve again/).check();
  await page.getByRole("button", { name: "Resume automation" }).click();
  await expect(page.getByRole("button", { name: "Stop all automation" })).toBeVisible();
  await visit(page, "/investigations");
  await expect(page.getByText("All automation is stopped.")).toHaveCount(0);
});

test("a quota is set and read again", { tag: "@no-js" }, async ({ page }) => {
  await authenticate(page, ADMIN);
  await visit(page, "/settings/automation");
  await page.getByText("Change Run antivirus scan", { exact: true }).click();
  const row = page.getByRole("row", { name: /^Run antivirus scan/ });
  await row.getByRole("spinbutton").fill("7");
  await row.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("row", { name: /^Run antivirus scan 7 / })).toBeVisible();
});

test("rules decide on compromised users where it is set, and it says so", { tag: "@no-js" }, async ({ page }) => {
  await authenticate(page, ADMIN);
  await visit(page, "/settings/automation");
  const part = page.locator("form", { has: page.getByText("Decide these actions on compromised users automatically") });
  const sessions = part.getByRole("checkbox", { name: "Revoke sessions", exact: true });
  const save = async () => {
    await part.getByLabel(/^Yes: from the next report on/).check();
    await part.getByRole("button", { name: "Save" }).click();
  };
  const summary = page.getByText(/^On users whose verdict is Compromised rules approve: .*Revoke sessions/);
  await expect(summary).toBeVisible();
  await sessions.uncheck();
  await save();
  await expect(summary).toHaveCount(0);
  await expect(sessions).not.toBeChecked();
  await sessions.check();
  await save();
  await expect(summary).toBeVisible();
  await expect(sessions).toBeChecked();
});

test("a level is tried on the page of device groups", { tag: ["@no-js", "@tablet"] }, async ({ page }) => {
  await authenticate(page, ADMIN);
  await visit(page, "/settings/device-groups");
  await page.getByRole("link", { name: "Try a level" }).last().click();
  const trial = page.locator("form", { has: page.getByRole("button", { name: "Try it" }) });
  await trial.getByLabel("Remediation level").selectOption("full");
  await trial.getByRole("button", { name: "Try it" }).click();
  await expect(page.getByRole("status").filter({ hasText: "would have been automatic" })).toBeVisible();
});

test("the pages are accessible", async ({ page }) => {
  await authenticate(page, ADMIN);
  for (const path of ["/settings/automation", "/settings/device-groups"]) {
    await visit(page, path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expectAccessible(page);
  }
});
