// The zone of times is the person's choice, on every page and from the first byte on.
import { expect, waitForHydration, signIn, test } from "../support/estate";

// No test of a list signs in with it: what is set here stays with the person.
const ROLE = "Active remediation actions";

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
    await waitForHydration(page);
  };
  await choose("Asia/Kathmandu");
  const there = await titles();
  expect(there.length).toBeGreaterThan(10);
  expect(there.every((title) => title?.endsWith("+05:45"))).toBe(true);
  await choose("UTC");
  expect((await titles()).every((title) => title?.endsWith("UTC"))).toBe(true);
});
