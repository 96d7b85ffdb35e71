// Signing in by an identity provider: set up on its page of settings, then used by people of its groups.
import { expect, test, waitForHydration } from "../support/estate";
import { expectAccessible } from "../support/accessible";
import { type Provider, startProvider } from "../support/provider";
import { type RealEstate, enter, startRealEstate } from "../support/real";

let estate: RealEstate;
let provider: Provider;

test.beforeAll(async () => {
  estate = await startRealEstate();
  provider = await startProvider(estate.url);
});

test.afterAll(async () => {
  provider.stop();
  await estate.stop();
});

test("people sign in by their groups", { tag: "@no-js" }, async ({ page, browser }) => {
  await enter(page, estate, "root", "/settings/sign-in");
  await expect(page.getByText(`${estate.url}/sign-in/provider/return`)).toBeVisible();
  await page.getByText(/^(Set it up|Change it)$/).click();
  await page.getByLabel("Name on the button").fill("Sesame");
  await page.getByLabel("Issuer (https://…)").fill(provider.issuer);
  await page.getByLabel("Client ID").fill("countersign");
  await page.getByLabel(/^Client secret/).fill("a secret that both know");
  await page.getByLabel("Yes: it decides who people are").check();
  await page.getByRole("button", { name: "Save", exact: true }).first().click();
  await expect(page.getByText(`People sign in by Sesame (${provider.issuer}).`)).toBeVisible();
  await page.getByText("Add a group", { exact: true }).click();
  const form = page.locator("form", { has: page.getByLabel(/^Group, exactly/) });
  await form.getByLabel(/^Group, exactly/).fill("responders");
  await form.getByLabel("Security Operator", { exact: true }).check();
  await form.getByLabel("Yes: it counts for its people at once").check();
  await form.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("cell", { name: "Security Operator" }).first()).toBeVisible();
  await expectAccessible(page);

  const elsewhere = await browser.newContext();
  const ana = await elsewhere.newPage();
  await ana.goto(`${estate.url}/action-center/history`);
  await ana.getByRole("link", { name: "Sign in with Sesame" }).click();
  await expect(ana.getByRole("heading", { name: "Who are you?" })).toBeVisible();
  await ana.getByRole("button", { name: "Dara Nwosu" }).click();
  await expect(ana).toHaveURL(`${estate.url}/action-center/history`);
  await waitForHydration(ana);
  await expect(ana.locator("[popovertarget=account]")).toContainText("Dara Nwosu");
  await elsewhere.close();

  const other = await browser.newContext();
  const cy = await other.newPage();
  await cy.goto(`${estate.url}/sign-in`);
  await cy.getByRole("link", { name: "Sign in with Sesame" }).click();
  await cy.getByRole("button", { name: "Cy Lindgren" }).click();
  await expect(cy.getByRole("alert")).toContainText("none of your groups has a role here");
  await other.close();
});
