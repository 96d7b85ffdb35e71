// The list of incidents, and how people care for one.
import { authenticate, expect, report, signIn, test, visit, waitForHydration } from "../support/estate";
import { expectAccessible } from "../support/accessible";

test("an incident is assigned, commented and resolved", async ({ page }) => {
  await signIn(page);
  await visit(page, "/incidents");
  await page.getByRole("region", { name: "Incidents" }).getByRole("rowheader").getByRole("link").first().click();
  await waitForHydration(page);
  await expect(page.getByRole("heading", { level: 2, name: "Evidence and Response" })).toBeVisible();
  await page.getByLabel("Assigned to").fill("Kim");
  await page.getByLabel("Status").selectOption("in_progress");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await expect(page.getByLabel("Assigned to")).toHaveValue("Kim");
  await page.getByLabel("Comment", { exact: true }).fill("Called the owner.");
  await page.getByRole("button", { name: "Add comment" }).click();
  await expect(page.locator(".case-story").getByText("Called the owner.")).toBeVisible();
  await expectAccessible(page);
});

test("an incident tells its story without scripts", { tag: ["@no-js", "@tablet"] }, async ({ page }) => {
  await signIn(page);
  await visit(page, "/incidents");
  await page.getByRole("region", { name: "Incidents" }).getByRole("rowheader").getByRole("link").first().click();
  await expect(page.getByRole("heading", { level: 2, name: "Story" })).toBeVisible();
  await expect(page.locator(".case-story li").first()).toBeVisible();
});

test("an incident that is resolved with actions waiting says so", { tag: ["@no-js", "@tablet"] }, async ({ page, estate }) => {
  const action = {
    external_id: "resolved-1",
    type: "quarantine_file",
    severity: "medium",
    source: "automated_device_action",
    entity: { kind: "file", path: "/srv/resolved/1", sha256: "ab".repeat(32) },
    asset: { kind: "device", name: "this machine" },
  };
  await report(estate, { id: "INC-RESOLVED", title: "Resolved too early" }, "incidents");
  await report(estate, { id: "INV-RESOLVED", incident_id: "INC-RESOLVED", title: "Of it", actions: [action] });
  await authenticate(page);
  await visit(page, "/incidents/INC-RESOLVED");
  await expect(page.getByText("It is resolved, but")).toHaveCount(0);
  await page.getByLabel("Status").selectOption("resolved");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("It is resolved, but 1 action still waits for a decision.")).toBeVisible();
});
