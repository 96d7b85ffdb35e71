// A proposal to delete 39 messages for good, which can't be undone.
import { expect, test, type Locator, type Page } from "@playwright/test";
import { authenticate, visit, type Estate } from "./estate";

const MAIL_ROLE = "security_operator+search_and_purge";

/** Proposes it, and opens it. Returns its flyout. */
export async function openHardDelete(page: Page, estate: Estate): Promise<Locator> {
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
