// Without the demo: a mail server and a directory are connected, and what is approved is seen there by the test.
import { type Page } from "@playwright/test";
import { expect, test, waitForHydration } from "../support/estate";
import { approveToCompleted, enter, openAction, proposeOn, type RealEstate, startRealEstate, undoToUndone } from "../support/real";
import { Dovecot, LDAP_PASSWORD, MAIL_KEY, Slapd } from "../support/servers";

let estate: RealEstate;
test.beforeAll(async () => {
  estate = await startRealEstate();
});
test.afterAll(() => estate.stop());

/** Adds an executor by its form, and has it tested. */
async function connect(page: Page, kind: string, options: object, secret: [string, string], serves: string): Promise<void> {
  await enter(page, estate, "root", `/settings/executors/new?kind=${kind}`);
  await page.getByLabel("Name").fill(kind);
  await page.getByLabel("Its settings, as a JSON object").fill(JSON.stringify(options));
  await page.getByLabel(secret[0]).fill(secret[1]);
  await page.getByLabel("What it serves").fill(serves);
  await page.getByRole("button", { name: "Add executor" }).click();
  await expect(page.getByRole("heading", { name: kind })).toBeVisible();
  expect(await page.content(), "a secret is never shown again").not.toContain(secret[1]);
  await page.getByRole("button", { name: "Test" }).click();
}

test("an email is moved out of the inbox, and comes back", { tag: "@no-js" }, async ({ page }) => {
  const dovecot = await Dovecot.start();
  const id = "<evil-1@x.example>";
  dovecot.deliver("kim", id);
  dovecot.deliver("lee", id);
  const options = { url: `http://127.0.0.1:${dovecot.httpPort}`, quarantine: "quarantine@corp.example" };
  await connect(page, "mail", options, ["The key of doveadm's HTTP API", MAIL_KEY], "kind=mailbox");
  await expect(page.getByText(/Its doveadm has \d+ commands/)).toBeVisible();

  const mailbox = { kind: "mailbox", name: "kim@corp.example" };
  const entity = { kind: "email_message", message_id: id, subject: "Hello", sender: "a@x.example" };
  const action = await proposeOn(estate, { type: "soft_delete_email", entity, asset: mailbox });
  await enter(page, estate, "ana", `/action-center/pending?open=${action}`);
  await expect(page.locator("#flyout").getByText(/^Carried out by mail\./)).toBeVisible();
  expect(await dovecot.folders("kim", id)).toEqual(["INBOX"]);
  await approveToCompleted(page, estate, action);
  expect(await dovecot.folders("kim", id)).toEqual(["Recoverable Items"]);
  expect(await dovecot.folders("lee", id), "what was not meant").toEqual(["INBOX"]);
  await undoToUndone(page, estate, action);
  expect(await dovecot.folders("kim", id)).toEqual(["INBOX"]);
  await dovecot.stop();
});

test("a user is disabled in a directory, and enabled again", { tag: "@no-js" }, async ({ page }) => {
  const slapd = await Slapd.start("kim", "lee");
  const options = {
    url: `ldap://127.0.0.1:${slapd.port}`,
    bind_dn: "cn=countersign,dc=corp,dc=example",
    base_dn: "dc=corp,dc=example",
    policy: "cn=default,ou=policies,dc=corp,dc=example",
  };
  await connect(page, "ldap", options, ["The password that we bind with", LDAP_PASSWORD], "kind=account");
  await expect(page.getByText(/pwdAccountLockedTime/).first()).toBeVisible();

  const [entity, asset] = ["user", "account"].map((kind) => ({ kind, name: "kim" }));
  const action = await proposeOn(estate, { type: "disable_user", entity, asset });
  await enter(page, estate, "ana", "/");
  await openAction(page, estate, "pending", action);
  await waitForHydration(page);
  await expect(page.locator("#flyout").getByText(/^Carried out by ldap\./)).toBeVisible();
  expect(slapd.letsIn("kim")).toBe(true);
  await approveToCompleted(page, estate, action);
  expect(slapd.letsIn("kim")).toBe(false);
  expect(slapd.letsIn("lee"), "who was not meant").toBe(true);
  await undoToUndone(page, estate, action);
  expect(slapd.letsIn("kim")).toBe(true);
  await slapd.stop();
});
