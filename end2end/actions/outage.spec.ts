// What a page says while it can't know: an answer that was lost, a session that is over, a server that is gone.
import { authenticate, expect, holdRequests, setHidden, test, visit, waitForLive } from "../support/estate";
import { MaliciousFile } from "../support/file";

const NO_ANSWER = 0;

test("a decision whose answer was lost is told as it is, once that is known", async ({ page, estate, expectedStatuses }) => {
  expectedStatuses.add(NO_ANSWER);
  const file = new MaliciousFile(estate, "answer-lost.bin");
  const id = await file.report();
  await authenticate(page);
  await visit(page, `/action-center/pending?open=${id}`);
  // It arrives; only its answer does not come back.
  await page.route("**/api/approve_action", async (route) => {
    await route.fetch();
    await route.abort("connectionreset");
  });
  const answer = await holdRequests(page, "**/api/load_action");
  const flyout = page.locator("#flyout");
  await flyout.getByLabel("Comment (optional)").fill("Sent once");
  await flyout.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(flyout.getByText("We don't know yet whether it arrived. Checking…")).toBeVisible();
  await expect(flyout).not.toContainText("Nothing was changed");
  answer();
  await expect(flyout.locator(".notice")).toContainText(/It had arrived\. Approved|Completed/);
  await expect(flyout).not.toContainText("We don't know yet");
  await expect(flyout.getByText("Sent once")).toBeVisible();
  await expect.poll(() => file.exists(), { timeout: 30_000 }).toBe(false);
});

test("a decision that never arrived is sent again, once", async ({ page, estate, expectedStatuses }) => {
  expectedStatuses.add(NO_ANSWER);
  const id = await new MaliciousFile(estate, "never-arrived.bin").report();
  await authenticate(page);
  await visit(page, `/action-center/pending?open=${id}`);
  let sent = 0;
  await page.route("**/api/reject_action", (route) => (sent++ === 0 ? route.abort("connectionreset") : route.continue()));
  const flyout = page.locator("#flyout");
  await flyout.locator("summary", { hasText: "Reject" }).click();
  await flyout.getByLabel("Why it must not happen").fill("Not ours");
  await flyout.getByRole("button", { name: "Reject", exact: true }).click();
  await expect(flyout.getByText("Rejected. Nothing will be done.")).toBeVisible();
  expect(sent).toBe(2);
});

test("after the session ended nothing is told as sent, and what was typed is kept", async ({ page, estate, expectedStatuses }) => {
  expectedStatuses.add(401);
  const id = await new MaliciousFile(estate, "session-over.bin").report();
  await authenticate(page);
  await visit(page, `/action-center/pending?open=${id}`);
  // Otherwise the stream would tell at once.
  await setHidden(page);
  const flyout = page.locator("#flyout");
  await flyout.getByLabel("Comment (optional)").fill("Typed before");
  await page.request.post("/sign-out", { headers: { "sec-fetch-site": "same-origin" } });
  await flyout.getByRole("button", { name: "Approve", exact: true }).click();
  const dialog = page.locator("#session-over");
  await expect(dialog).toBeVisible();
  await expect(flyout.getByText("Nothing was sent: your session had ended.")).toBeVisible();
  await dialog.getByRole("button", { name: "Sign in as Security Operator", exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(page).toHaveURL(new RegExp(`/pending\\?open=${id}`));
  await expect(flyout.getByLabel("Comment (optional)")).toHaveValue("Typed before");
  await flyout.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(flyout.locator(".notice")).toContainText(/Approved|Completed/);
  await expect(flyout.getByText("Typed before")).toBeVisible();
});

test("while the server is gone the rows stay, and afterwards the list goes on by itself", async ({ page, estate, expectedStatuses }) => {
  expectedStatuses.add(NO_ANSWER);
  const id = await new MaliciousFile(estate, "outage.bin").report();
  await authenticate(page);
  await visit(page, `/action-center/pending?open=${id}`);
  await waitForLive(page);
  const flyout = page.locator("#flyout");
  await flyout.getByLabel("Comment (optional)").fill("Typed before");
  await estate.kill();
  await expect(page.getByText(/Not connected since \d\d:\d\d\./)).toBeVisible();
  // It tries again, in vain; what came with the page stays.
  const failed = (part: string) => page.waitForEvent("requestfailed", (request) => request.url().includes(part));
  await Promise.all([failed("/api/list_actions"), failed("/api/load_action")]);
  await Promise.all([failed("/api/list_actions"), failed("/api/load_action")]);
  await expect(page.locator(`#open-${id}`)).toBeVisible();
  await expect(page.getByText(/could not be loaded/)).toHaveCount(0);
  await expect(flyout.getByLabel("Comment (optional)")).toHaveValue("Typed before");
  await estate.start();
  await expect(page.getByText(/Not connected since/)).toHaveCount(0, { timeout: 40_000 });
  await expect(flyout.getByLabel("Comment (optional)")).toHaveValue("Typed before");
  // What is reported from now on appears.
  const next = await new MaliciousFile(estate, "after-outage.bin").report();
  await expect(page.locator(`#open-${next}`)).toBeVisible({ timeout: 40_000 });
});
