// What can't be undone is asked about once more, however it is approved.
import { authenticate, expect, test, visit, type Estate } from "../support/estate";
import type { Page } from "@playwright/test";

const MAIL_ROLE = "security_operator+search_and_purge";

/** Proposes to delete 39 messages, and opens that. */
async function openHardDelete(page: Page, estate: Estate) {
  const answer = await fetch(`${estate.url}/api/v1/actions`, {
    method: "POST",
    headers: { authorization: `Bearer ${estate.token}`, "content-type": "application/json" },
    body: JSON.stringify({
      actions: [
        {
          external_id: `campaign-${test.info().project.name}`,
          type: "hard_delete_email",
          entity: {
            kind: "email_cluster",
            cluster_id: "c-39",
            subject: "Invoice",
            messages: 39,
            mailboxes: 12,
            delivered: 30,
            junked: 5,
            blocked: 4,
          },
          asset: { kind: "mailbox", name: "desk@a.example" },
          comment: "A campaign",
          severity: "informational",
          source: "automated_email_action",
        },
      ],
    }),
  });
  const body = await answer.json();
  expect(answer.status, JSON.stringify(body)).toBe(201);
  await authenticate(page, MAIL_ROLE);
  await visit(page, `/action-center/pending?open=${body.actions[0].id}`);
  const flyout = page.locator("#flyout");
  await expect(flyout.getByRole("heading", { level: 2, name: "Hard delete email" })).toBeVisible();
  return flyout;
}

test("one press never hard-deletes: the question repeats what is hit, and its button says what it does", { tag: "@tablet" }, async ({ page, estate }) => {
  const flyout = await openHardDelete(page, estate);
  const sent: string[] = [];
  page.on("request", (request) => request.url().endsWith("/api/approve_action") && sent.push(request.url()));
  const impact = await flyout.locator(".effect").getByText(/^Hits 39 messages/).textContent();
  const press = flyout.getByRole("button", { name: "Approve…" });
  const dialog = page.locator("#confirm");
  await (test.info().project.name === "tablet" ? press.tap() : press.click());
  await expect(dialog).toBeVisible();
  await expect(dialog).toContainText(impact as string);
  await expect(dialog).toContainText("This can't be undone");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  if (test.info().project.name === "desktop") {
    await page.keyboard.press("a");
    await expect(dialog).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
  }
  expect(sent).toEqual([]);
  await press.click();
  await dialog.getByRole("button", { name: "Hard delete email" }).click();
  await expect.poll(() => sent.length).toBe(1);
  await expect(flyout.locator(".notice")).toContainText(/Approved|Completed|ended/);
});
