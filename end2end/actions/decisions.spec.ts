// What a person may decide, what stands in its place, and what happens to a decision that came second.
import { authenticate, expect, setHidden, rejectOpenAction, test, visit } from "../support/estate";
import { MaliciousFile } from "../support/file";

test("a rejection needs a reason and leaves the file where it is", { tag: "@tablet" }, async ({ page, estate }) => {
  const file = new MaliciousFile(estate, "rejected.bin");
  const id = await file.report();
  await authenticate(page);
  await visit(page, `/action-center/pending?open=${id}`);
  const flyout = page.locator("#flyout");
  await flyout.locator("summary", { hasText: "Reject" }).click();
  await flyout.getByRole("button", { name: "Reject", exact: true }).click();
  // The browser holds back a form whose reason is empty.
  await expect(page).toHaveURL(/pending/);
  await flyout.getByLabel("Why it must not happen").fill("It is ours");
  await flyout.getByRole("button", { name: "Reject", exact: true }).click();
  await expect(flyout.getByText("Rejected. Nothing will be done.")).toBeVisible();
  await expect(flyout.getByText("It is ours")).toBeVisible();
  await expect(page.locator(`#open-${id}`)).toHaveCount(0);
  expect(file.state()).toEqual(file.original);
});

test("one's own decisions are the first that History offers", { tag: "@tablet" }, async ({ page, estate }) => {
  const id = await new MaliciousFile(estate, "own.bin").report();
  await authenticate(page);
  await visit(page, `/action-center/pending?open=${id}`);
  await rejectOpenAction(page);
  await expect(page.getByText("Rejected. Nothing will be done.")).toBeVisible();
  await visit(page, "/action-center/history?panel=filters");
  const deciders = page.locator("#filters").getByRole("group", { name: "Decided by" });
  await expect(deciders.locator(".facet-word").first()).toHaveText("Priya Raghunathan");
  await deciders.getByRole("checkbox").first().check();
  await expect(page).toHaveURL(/decided_by=Priya/);
  await expect(page.locator(`tbody tr[data-id="${id}"]`)).toBeVisible();
});

test("a reader reads why the buttons are missing", { tag: ["@tablet", "@no-js"] }, async ({ page, estate }) => {
  const id = await new MaliciousFile(estate, "reader.bin").report();
  await authenticate(page, "Security Reader");
  await visit(page, `/action-center/pending?open=${id}`);
  await expect(page.locator("#flyout")).toContainText("this needs Security Operator or Active remediation actions");
  await expect(page.getByRole("button", { name: "Approve", exact: true })).toHaveCount(0);
  // Of those who may, five by name; who was only given the mail's role is not among them.
  const deciders = page.locator("#flyout .deciders");
  await expect(deciders).toHaveText(/^Abena Owusu, Birgit Hollander, .* and \d+ others may decide this\.$/);
  await expect(deciders).not.toContainText("Elżbieta Wrona");
});

test("the details say what is hit, and lead to where one hunts further", async ({ page, estate }) => {
  const id = await new MaliciousFile(estate, "a & b.bin").report();
  await authenticate(page);
  await visit(page, `/action-center/pending?open=${id}`);
  const flyout = page.locator("#flyout");
  await expect(flyout.locator(".effect")).toContainText("Hits 1 file on this machine, high criticality.");
  const hunt = flyout.getByRole("link", { name: "Go hunt (opens in a new tab)" });
  const path = encodeURIComponent(`${estate.sandbox}/a & b.bin`);
  await expect(hunt).toHaveAttribute("href", `https://siem.example/hunt?q=${path}&host=this%20machine`);
  await expect(hunt).toHaveAttribute("rel", "noopener noreferrer external");
  await expect(hunt).toHaveAttribute("target", "_blank");
  await expect(flyout.locator(".deciders")).toHaveCount(0);
});

test("a decision that came second is told what happened", async ({ page, browser, estate, expectedStatuses }) => {
  expectedStatuses.add(409);
  const id = await new MaliciousFile(estate, "contested.bin").report();
  await authenticate(page);
  await visit(page, `/action-center/pending?open=${id}`);
  // Otherwise it would show at once, and there would be no button left.
  await setHidden(page);

  const other = await browser.newContext({ baseURL: estate.url });
  const second = await other.newPage();
  await authenticate(second, "Security Administrator");
  await visit(second, `/action-center/pending?open=${id}`);
  await rejectOpenAction(second);
  await expect(second.getByText("Rejected. Nothing will be done.")).toBeVisible();
  await other.close();

  const flyout = page.locator("#flyout");
  await flyout.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(flyout.getByText("the action was decided or changed meanwhile")).toBeVisible();
  await expect(flyout.getByText("Known good")).toBeVisible();
});
