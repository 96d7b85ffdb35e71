// What a person sets for every page, the width of the pane and the zone of times, is there from the first byte on.
import { expect, hydrated, signIn, test, visit } from "../support/estate";

// Nobody else's tests sign in with it: what is set here stays with the person.
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

test("times are in the zone that the person chose", { tag: ["@tablet", "@no-js"] }, async ({ page }) => {
  await signIn(page, ROLE, "/action-center/history?limit=25");
  const titles = () =>
    page.locator("tbody td.col-updated").evaluateAll((cells) =>
      cells.map((cell) => cell.getAttribute("title") ?? cell.querySelector("[title]")?.getAttribute("title")),
    );
  const choose = async (zone: string) => {
    await page.locator("[popovertarget=account]").click();
    await page.getByLabel("Times are shown in the zone").selectOption(zone);
    await page.getByRole("button", { name: "Save time zone" }).click();
    await expect(page.getByLabel("Times are shown in the zone")).toHaveValue(zone);
    await expect(page).toHaveURL(/history\?limit=25$/);
    await hydrated(page);
  };
  await choose("Asia/Kathmandu");
  const there = await titles();
  expect(there.length).toBeGreaterThan(10);
  expect(there.every((title) => title?.endsWith("+05:45"))).toBe(true);
  await choose("UTC");
  expect((await titles()).every((title) => title?.endsWith("UTC"))).toBe(true);
});

test("one goes between the list and the other pages, and back", { tag: ["@tablet", "@no-js"] }, async ({ page }) => {
  await signIn(page);
  const list = page.getByRole("heading", { level: 1, name: "Action center" });
  const home = page.getByRole("heading", { level: 1, name: "Home" });
  const main = page.getByRole("navigation", { name: "Main" });
  await main.getByRole("link", { name: "Home" }).click();
  await expect(home).toBeVisible();
  await hydrated(page);
  await main.getByRole("link", { name: "Action center" }).click();
  await expect(list).toBeVisible();
  await hydrated(page);
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
