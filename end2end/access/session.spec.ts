// Signing in and out, and what a session that is over leaves on the screen.
import { expect, waitForHydration, waitForLive, signIn, test, visit } from "../support/estate";

test("signing in and out", { tag: ["@tablet", "@no-js"] }, async ({ page }) => {
  await page.goto("/action-center/history");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.getByLabel("Name").fill("nobody");
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("alert")).toHaveText(/Name or password is wrong/);
  await page.getByRole("button", { name: "Sign in as Global Administrator", exact: true }).click();
  await expect(page).toHaveURL(/\/action-center\/history$/);
  await waitForHydration(page);
  const cookies = await page.context().cookies();
  expect(cookies.find((cookie) => cookie.name === "__Host-session")).toMatchObject({
    secure: true,
    httpOnly: true,
    sameSite: "Lax",
    path: "/",
  });
  await page.locator("[popovertarget=account]").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await page.goto("/action-center/history");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
});

test("signing out in one tab asks in the other to sign in", { tag: "@tablet" }, async ({ page, expectedStatuses }) => {
  expectedStatuses.add(401);
  await signIn(page);
  await waitForLive(page);
  const tab = await page.context().newPage();
  await visit(tab, "/action-center/history");
  await tab.locator("[popovertarget=account]").click();
  await tab.getByRole("button", { name: "Sign out" }).click();
  await page.bringToFront();
  await expect(page.locator("#session-over:modal")).toBeVisible();
});
