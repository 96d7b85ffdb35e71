// Investigations of 0, 1 and 300 actions, wrong verdicts, emails, and the tabs as tables.
import { authenticate, expect, test, visit } from "../support/estate";
import { expectAccessible } from "../support/accessible";
import type { Estate } from "../support/estate";

async function report(estate: Estate, body: unknown): Promise<void> {
  const answer = await fetch(`${estate.url}/api/v1/investigations`, {
    method: "POST",
    headers: { authorization: `Bearer ${estate.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.ok, await answer.text()).toBe(true);
}

const quarantine = (name: string) => ({
  external_id: name,
  type: "quarantine_file",
  severity: "medium",
  source: "automated_device_action",
  verdict: "suspicious",
  alert: { id: `alert-${name}`, title: "Odd file" },
  entity: { kind: "file", path: `/srv/cases/${name}`, sha256: "cd".repeat(32) },
  asset: { kind: "device", name: "this machine" },
});

for (const count of [0, 1, 300]) {
  test(`an investigation of ${count} actions is shown`, { tag: ["@no-js", "@tablet"] }, async ({ page, estate }) => {
    const id = `INV-OF-${count}`;
    const actions = Array.from({ length: count }, (_, at) => quarantine(`of-${count}-${at}`));
    await report(estate, { id, title: `Of ${count}`, severity: "medium", actions });
    await authenticate(page);
    await visit(page, `/investigations/${id}?tab=pending`);
    const waiting = page.getByRole("button", { name: "Reject pending action" });
    await expect(waiting).toHaveCount(Math.min(count, 50));
    if (count === 0) await expect(page.getByText("Nothing waits for a decision.")).toBeVisible();
    if (count > 50) {
      await page.getByRole("link", { name: "Next" }).click();
      await expect(page.getByRole("link", { name: "Previous" })).toBeVisible();
      await expect(waiting).toHaveCount(50);
    }
    await visit(page, `/investigations/${id}`);
    await expect(page.getByRole("group", { name: /Investigation graph/ })).toBeVisible();
  });
}

test("a tab is sorted, filtered and exported", { tag: "@no-js" }, async ({ page, estate }) => {
  const evidence = ["b", "a", "c"].map((name) => ({
    id: name,
    entity: { kind: "file", path: `/srv/tab/${name}` },
    verdict: name === "c" ? "malicious" : "suspicious",
  }));
  await report(estate, { id: "INV-TAB", title: "A tab", evidence });
  await authenticate(page);
  await visit(page, "/investigations/INV-TAB?tab=evidence");
  const region = page.getByRole("region", { name: "Evidence", exact: true }).last();
  await region.getByRole("link", { name: "Entity" }).click();
  await expect(region.getByRole("rowheader").first()).toHaveText(/\/srv\/tab\/a/);
  await region.getByRole("link", { name: "Entity" }).click();
  await expect(region.getByRole("rowheader").first()).toHaveText(/\/srv\/tab\/c/);
  await page.getByLabel("Rows with").fill("tab/b");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(region.getByRole("rowheader")).toHaveCount(1);
  const href = await page.getByRole("link", { name: "Export CSV" }).getAttribute("href");
  const answer = await page.request.get(`${estate.url}${href}`);
  expect(answer.headers()["content-type"]).toContain("text/csv");
  const lines = (await answer.text()).trim().split("\r\n");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain("/srv/tab/b");
});

test("a wrong verdict is reported from evidence and from the flyout", { tag: "@no-js" }, async ({ page, estate }) => {
  await report(estate, {
    id: "INV-WRONG",
    title: "Wrong",
    evidence: [{ id: "E", entity: { kind: "file", path: "/srv/wrong", sha256: "ef".repeat(32) }, verdict: "malicious", detection_origin: "Odd rule" }],
    actions: [quarantine("wrong-1")],
  });
  await authenticate(page);
  await visit(page, "/investigations/INV-WRONG?tab=evidence");
  await page.getByText("Wrong verdict…").click();
  await expect(page.getByRole("link", { name: "Allow file…" })).toHaveAttribute("href", /type=allow_file/);
  await page.getByLabel("Why (optional)").fill("our own build");
  await page.getByRole("button", { name: "Tell who proposed it" }).click();
  await expect(async () => {
    const answer = await fetch(`${estate.url}/api/v1/feedback`, { headers: { authorization: `Bearer ${estate.token}` } });
    const { items } = await answer.json();
    expect(items.some((of: { evidence_id?: string; rule?: string }) => of.evidence_id === "E" && of.rule === "Odd rule")).toBe(true);
  }).toPass();
  await visit(page, "/investigations/INV-WRONG?tab=pending");
  await page.getByRole("link", { name: /Quarantine file/ }).first().click();
  await page.locator(".detail").getByText("Wrong verdict…").click();
  await page.locator(".detail").getByRole("button", { name: "Tell who proposed it" }).click();
  await expect(async () => {
    const answer = await fetch(`${estate.url}/api/v1/feedback`, { headers: { authorization: `Bearer ${estate.token}` } });
    const { items } = await answer.json();
    expect(items.some((of: { external_id?: string; rule?: string }) => of.external_id === "wrong-1" && of.rule === "Odd file")).toBe(true);
  }).toPass();
  await visit(page, "/");
  await expect(page.getByRole("heading", { name: "Wrong verdicts" })).toBeVisible();
});

test("an email has a page of its own", { tag: ["@no-js", "@tablet"] }, async ({ page, estate }) => {
  await report(estate, {
    id: "INV-MAIL",
    title: "Phish",
    emails: [{
      message_id: "<cases@bad.example>",
      cluster_id: "cases-cluster",
      subject: "Parcel on hold",
      sender: "post@bad.example",
      recipients: ["kim@corp.example"],
      authentication: [{ method: "dmarc", result: "fail" }],
      urls: [{ url: "https://bad.example/track", verdict: "malicious" }],
      attachments: [{ file_name: "label.html", verdict: "suspicious" }],
      copies: [{ mailbox: "kim@corp.example", delivery: "delivered", delivered_at: "2026-03-01T07:00:00Z", location: "inbox", located_at: "2026-03-01T07:10:00Z" }],
    }],
  });
  await authenticate(page);
  await visit(page, `/emails/${encodeURIComponent("<cases@bad.example>")}`);
  await expect(page.getByRole("heading", { level: 1, name: "Parcel on hold" })).toBeVisible();
  for (const text of ["post@bad.example", "dmarc", "https://bad.example/track", "label.html"]) {
    await expect(page.getByText(text).first()).toBeVisible();
  }
  await expect(page.getByRole("region", { name: "Where each copy is" })).toContainText("Inbox");
  await expectAccessible(page);
});
