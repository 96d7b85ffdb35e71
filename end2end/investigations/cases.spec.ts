// Investigations of 0, 1 and 300 actions, wrong verdicts, emails, and the tabs as tables.
import { authenticate, expect, report, test, visit } from "../support/estate";
import { expectAccessible } from "../support/accessible";

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
  await expect(region.getByRole("columnheader", { name: "Entity" })).toHaveAttribute("aria-sort", "ascending");
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

test("columns are chosen, kept for the person, and named by an address", { tag: ["@no-js", "@tablet"] }, async ({ page, estate }) => {
  const evidence = [{ id: "1", entity: { kind: "file", path: "/srv/columns/1" }, verdict: "malicious", first_seen: "2026-03-01T07:00:00Z" }];
  await report(estate, { id: "INV-COLUMNS", title: "Columns", evidence });
  await authenticate(page);
  await visit(page, "/investigations/INV-COLUMNS?tab=evidence");
  const heads = page.getByRole("region", { name: "Evidence", exact: true }).last().getByRole("columnheader");
  await expect(heads).toHaveText(["Entity", "Kind", "Verdict", "Remediation status", "Impacted assets", "Detection origin", "First seen", "Feedback"]);
  await page.getByText("Customize columns").click();
  const form = page.locator(".case-columns");
  for (const name of ["Kind", "Remediation status", "Impacted assets", "Detection origin"]) await form.getByLabel(name, { exact: true }).uncheck();
  await form.getByRole("button", { name: "Save columns" }).click();
  await expect(heads).toHaveText(["Entity", "Verdict", "First seen", "Feedback"]);
  await form.getByRole("button", { name: "Move Verdict up" }).click();
  await expect(heads).toHaveText(["Verdict", "Entity", "First seen", "Feedback"]);
  await visit(page, "/investigations/INV-COLUMNS?tab=evidence&cols=first_seen,entity");
  await expect(heads).toHaveText(["First seen", "Entity", "Feedback"]);
  await visit(page, "/investigations/INV-COLUMNS?tab=evidence");
  await expect(heads).toHaveText(["Verdict", "Entity", "First seen", "Feedback"]);
  await page.getByText("Customize columns").click();
  await page.getByRole("button", { name: "Back to the usual columns" }).click();
  await expect(heads).toHaveCount(8);
});

test("what waits has columns that are chosen, sorted and exported", { tag: ["@no-js", "@tablet"] }, async ({ page, estate }) => {
  const actions = ["b", "a"].map((name) => quarantine(`columns-${name}`));
  await report(estate, { id: "INV-WAITING", title: "Waiting", actions });
  await authenticate(page);
  await visit(page, "/investigations/INV-WAITING?tab=pending");
  const region = page.getByRole("region", { name: "Pending actions", exact: true }).last();
  const heads = region.getByRole("columnheader");
  await expect(heads).toHaveText(["Action type", "Entity", "Asset", "Severity", "Proposed by", "Proposed", "Expires", "Decision"]);
  await page.getByText("Customize columns").click();
  const form = page.locator(".case-columns");
  for (const name of ["Action type", "Severity", "Proposed by", "Proposed"]) await form.getByLabel(name, { exact: true }).uncheck();
  await form.getByRole("button", { name: "Save columns" }).click();
  await expect(heads).toHaveText(["Entity", "Asset", "Expires", "Decision"]);
  await region.getByRole("link", { name: "Entity" }).click();
  await expect(region.getByRole("rowheader")).toHaveText([/columns-a/, /columns-b/]);
  await region.getByRole("link", { name: "Entity" }).click();
  await expect(region.getByRole("rowheader")).toHaveText([/columns-b/, /columns-a/]);
  const href = await page.getByRole("link", { name: "Export CSV" }).getAttribute("href");
  const lines = (await (await page.request.get(`${estate.url}${href}`)).text()).trim().split("\r\n");
  expect(lines).toHaveLength(3);
  await region.getByLabel("Why it must not happen").first().fill("our own scanner");
  await region.getByRole("button", { name: "Reject pending action" }).first().click();
  await expect(region.getByRole("rowheader")).toHaveText([/columns-a/]);
  await visit(page, "/investigations/INV-WAITING?tab=pending");
  await expect(heads).toHaveCount(4);
  await page.getByText("Customize columns").click();
  await page.getByRole("button", { name: "Back to the usual columns" }).click();
  await expect(heads).toHaveCount(8);
  await expectAccessible(page);
});

test("lists are sorted, filtered and exported", { tag: ["@no-js", "@tablet"] }, async ({ page, estate }) => {
  for (const [id, severity] of [["INV-LIST-1", "low"], ["INV-LIST-2", "critical"]]) await report(estate, { id, title: `Of a list ${id}`, severity });
  await authenticate(page);
  await visit(page, "/investigations");
  await page.getByLabel("Rows with").fill("of a list");
  await page.getByRole("button", { name: "Apply" }).click();
  const region = page.getByRole("region", { name: "Investigations" });
  await expect(region.getByRole("rowheader")).toHaveCount(2);
  await region.getByRole("link", { name: "Severity" }).click();
  await expect(region.getByRole("rowheader")).toHaveText(["INV-LIST-2", "INV-LIST-1"]);
  await page.getByText("Filters", { exact: true }).click();
  await page.getByRole("group", { name: "Severity" }).getByLabel("Low").check();
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(region.getByRole("rowheader")).toHaveText(["INV-LIST-1"]);
  const href = await page.getByRole("link", { name: "Export CSV" }).getAttribute("href");
  const lines = (await (await page.request.get(`${estate.url}${href}`)).text()).trim().split("\r\n");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain("INV-LIST-1");
  await page.getByRole("link", { name: "Show all" }).click();
  await expect(page).toHaveURL(/\/investigations$/);
  await visit(page, "/incidents?sort=-severity");
  await expect(page.getByRole("columnheader", { name: /Severity/ })).toHaveAttribute("aria-sort", "descending");
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
