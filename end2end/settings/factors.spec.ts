// Second factors: an app and a passkey are set up, asked for at sign-in, and once more before a change of what is
// administered. Over an estate with passwords, as the demo asks for none.
import { type CDPSession, type Page } from "@playwright/test";
import { expect, hasScripts, test, waitForHydration } from "../support/estate";
import { expectAccessible } from "../support/accessible";
import { enter, type RealEstate, startRealEstate } from "../support/real";
import { totp } from "../support/totp";

let estate: RealEstate;

// One for each test: a person's second factors stay.
test.beforeEach(async () => {
  estate = await startRealEstate();
});

test.afterEach(async () => {
  await estate.stop();
});

async function open(page: Page, path: string): Promise<void> {
  await page.goto(estate.url + path);
  if (hasScripts()) await waitForHydration(page);
}

/** Signs in with the password, up to what comes next. */
async function password(page: Page, name: string, next: string): Promise<void> {
  await open(page, next);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

async function signOut(page: Page): Promise<void> {
  await page.context().clearCookies({ name: "__Host-session" });
}

/** Sets an app up on the page; its secret, and the first recovery code. */
async function setUp(page: Page): Promise<{ secret: string; recovery: string }> {
  await page.getByRole("button", { name: "Set up an authenticator app" }).click();
  await expect(page.getByAltText("The secret as a QR code")).toBeVisible();
  const secret = await page.locator("code.secret").first().innerText();
  await page.getByLabel("Code that the app shows").fill(totp(secret));
  await page.getByRole("button", { name: "Confirm the app" }).click();
  await expect(page.getByRole("heading", { name: "Recovery codes" })).toBeVisible();
  await expect(page.locator(".recovery-codes code")).toHaveCount(10);
  return { secret, recovery: await page.locator(".recovery-codes code").first().innerText() };
}

test("an app is set up and asked for at sign-in", { tag: "@no-js" }, async ({ page }) => {
  await password(page, "ana", "/settings");
  await expect(page.getByRole("heading", { name: "My account" })).toBeVisible();
  const { secret, recovery } = await setUp(page);
  await open(page, "/settings");
  await expect(page.locator(".recovery-codes")).toHaveCount(0);
  await expect(page.getByRole("cell", { name: "Authenticator app" })).toBeVisible();
  await signOut(page);

  await password(page, "ana", "/settings");
  await expect(page.getByRole("heading", { name: "Second factor" })).toBeVisible();
  const code = page.getByLabel("Code of the app, or a recovery code");
  // The code that confirmed the app is not taken again.
  await code.fill("000000");
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByRole("alert")).toContainText("That was wrong");
  await code.fill(totp(secret, 1));
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByRole("heading", { name: "My account" })).toBeVisible();

  await page.getByText("Remove ana").click();
  await page.getByRole("group").filter({ hasText: "Remove ana" }).getByLabel("Code of the app, or a recovery code").fill(recovery);
  await page.getByRole("button", { name: "Remove it" }).click();
  await expect(page.getByText("whoever knows your password can sign in as you")).toBeVisible();
});

test("who must have a second factor sets one up first", { tag: "@no-js" }, async ({ page, browser }) => {
  await password(page, "root", "/settings/second-factors");
  await page.getByRole("checkbox", { name: "Security Operator" }).check();
  await page.getByLabel(/^Yes: who has none/).check();
  await page.getByRole("button", { name: "Save who must have one" }).click();
  await expect(page.getByRole("row", { name: /^ana/ })).toContainText("Yes");

  const context = await browser.newContext({ javaScriptEnabled: hasScripts() });
  const theirs = await context.newPage();
  await password(theirs, "ana", "/action-center/history");
  await expect(theirs.getByRole("heading", { name: "Set up a second factor" })).toBeVisible();
  await theirs.goto(`${estate.url}/settings`);
  await expect(theirs.getByRole("heading", { name: "Set up a second factor" })).toBeVisible();
  if (hasScripts()) await waitForHydration(theirs);
  await theirs.getByRole("button", { name: "Set up an authenticator app" }).click();
  await expect(theirs.getByAltText("The secret as a QR code")).toBeVisible();
  const secret = await theirs.locator("code.secret").first().innerText();
  await theirs.getByLabel("Code that the app shows").fill(totp(secret));
  await theirs.getByRole("button", { name: "Confirm the app" }).click();
  if (hasScripts()) {
    await expect(theirs.getByRole("heading", { name: "Recovery codes" })).toBeVisible();
    await theirs.getByRole("link", { name: "Go on" }).click();
  }
  await expect(theirs.getByRole("heading", { name: "My account" })).toBeVisible();
  await context.close();
});

/** An authenticator of the browser's own, which always says yes. */
async function authenticator(page: Page): Promise<{ cdp: CDPSession; id: string }> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2" as const,
    transport: "internal" as const,
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
  return { cdp, id: authenticatorId };
}

test("a passkey is added, signs in, and confirms a change over the page", async ({ page, browser, expectedStatuses }) => {
  expectedStatuses.add(403);
  // A session from before, which showed no second factor.
  await enter(page, estate, "root", "/settings/people");
  const context = await browser.newContext();
  const other = await context.newPage();
  await enter(other, estate, "root", "/settings");
  const key = await authenticator(other);
  await other.getByLabel("Name of the passkey").fill("Laptop");
  await other.getByRole("button", { name: "Add a passkey" }).click();
  await expect(other.getByRole("heading", { name: "Recovery codes" })).toBeVisible();
  await expect(other.getByRole("cell", { name: "Laptop", exact: true })).toBeVisible();

  // As the second step of a sign-in.
  await other.context().clearCookies({ name: "__Host-session" });
  await password(other, "root", "/settings");
  await expect(other.getByRole("heading", { name: "Second factor" })).toBeVisible();
  await waitForHydration(other);
  await other.getByRole("button", { name: "Use a passkey" }).click();
  await expect(other.getByRole("heading", { name: "My account" })).toBeVisible();

  // In the session from before a change asks for it, over the page, and goes on with what was typed.
  const mine = await authenticator(page);
  const { credentials } = await key.cdp.send("WebAuthn.getCredentials", { authenticatorId: key.id });
  for (const credential of credentials) {
    await mine.cdp.send("WebAuthn.addCredential", { authenticatorId: mine.id, credential });
  }
  await page.getByText("Add a person", { exact: true }).first().click();
  await page.getByLabel("Name to sign in with").fill("ben");
  await page.getByLabel("Name to show").fill("Ben Okafor");
  await page.getByRole("checkbox", { name: "Security Reader" }).check();
  await page.getByRole("button", { name: "Add", exact: true }).click();
  const dialog = page.locator("#step-up:modal");
  await expect(dialog).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Use a passkey" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("link", { name: "Ben Okafor" })).toBeVisible();
  await context.close();
});

test("one's own page is set", { tag: "@no-js" }, async ({ page }) => {
  // Who leaves before the answer may take the change back.
  const save = (name: string) =>
    Promise.all([
      page.waitForResponse((answer) => answer.request().method() === "POST"),
      page.getByRole("button", { name }).click(),
    ]);
  await password(page, "ana", "/settings");
  await page.getByLabel("Name to show").fill("Ana Sousa");
  await save("Save my name");
  await open(page, "/settings");
  await expect(page.getByLabel("Name to show")).toHaveValue("Ana Sousa");
  await page.getByLabel("Pages are").selectOption("dark");
  await save("Save light or dark");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByLabel("Times are shown in the zone").last().selectOption("Europe/Warsaw");
  await save("Save my time zone");
  await page.getByLabel("Rows in all lists are").selectOption("comfortable");
  await save("Save the density");
  await open(page, "/settings");
  await expect(page.getByLabel("Rows in all lists are")).toHaveValue("comfortable");
  await expect(page.getByLabel("Times are shown in the zone").last()).toHaveValue("Europe/Warsaw");
  await expectAccessible(page);
});
