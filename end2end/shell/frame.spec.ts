// The frame of every page: its pane, and the way from one page to another.
import { authenticate, expect, waitForHydration, signIn, test, visit } from "../support/estate";

// No test of a list signs in with it: what is set here stays with the person.
const ROLE = "Active remediation actions";

// On a tablet the pane has its small width and no switch.
test("the pane stays as it was left", { tag: "@no-js" }, async ({ page }) => {
  await signIn(page, ROLE);
  const frame = page.locator(".frame");
  const saved = page.waitForResponse((answer) => answer.url().endsWith("/api/save_pane"));
  await page.getByRole("button", { name: "Collapse the pane" }).click();
  await saved;
  await expect(frame).toHaveClass(/collapsed/);
  await expect.poll(async () => (await page.locator(".pane").boundingBox())?.width).toBe(56);
  await visit(page, "/action-center/history");
  await expect(frame).toHaveClass(/collapsed/);
  const again = page.waitForResponse((answer) => answer.url().endsWith("/api/save_pane"));
  await page.getByRole("button", { name: "Expand the pane" }).click();
  await again;
  await expect(frame).not.toHaveClass(/collapsed/);
});

test("one goes between the list and the other pages, and back", { tag: ["@tablet", "@no-js"] }, async ({ page }) => {
  await signIn(page);
  const list = page.getByRole("heading", { level: 1, name: "Action center" });
  const home = page.getByRole("heading", { level: 1, name: "Home" });
  const main = page.getByRole("navigation", { name: "Main" });
  await main.getByRole("link", { name: "Home" }).click();
  await expect(home).toBeVisible();
  await waitForHydration(page);
  await main.getByRole("link", { name: "Action center" }).click();
  await expect(list).toBeVisible();
  await waitForHydration(page);
  await page.goBack();
  await expect(home).toBeVisible();
  await page.goForward();
  await expect(list).toBeVisible();
  await page.locator("tbody input[type=checkbox]").first().check();
  await page.getByRole("button", { name: "Approve…" }).click();
  await expect(page.getByRole("heading", { level: 1, name: /^Approve / })).toBeVisible();
  await page.goBack();
  await expect(list).toBeVisible();
  await expect(page.locator("tbody tr").first()).toBeVisible();
});

test("another page comes without a page load, gets the focus, and its title is said", async ({ page }) => {
  await signIn(page);
  await page.evaluate(() => Object.assign(window, { stays: true }));
  const main = page.getByRole("navigation", { name: "Main" });
  for (const [name, title, content] of [
    ["Home", "Home · Countersign", ".cards"],
    ["Action center", /Pending · Action center · Countersign$/, "tbody tr"],
  ] as const) {
    await main.getByRole("link", { name }).click();
    await expect(page.locator(content).first()).toBeVisible();
    await expect(page.locator("#content")).toBeFocused();
    await expect(page.locator(".frame > [role=status].visually-hidden")).toHaveText(title);
    await expect(page).toHaveTitle(title);
  }
  expect(await page.evaluate(() => "stays" in window)).toBe(true);
});

test("text in a crafted URL is never shown", { tag: "@no-js" }, async ({ page }) => {
  await authenticate(page);
  const error = Buffer.from(JSON.stringify({ code: "conflict", detail: "Call 555-0100" })).toString("base64");
  const evil = encodeURIComponent(error);
  await visit(page, `/action-center/pending?__path=%2Fapi%2Fapprove_action&__err=${evil}`);
  await expect(page.locator("body")).not.toContainText("555-0100");
});
