// The home page: its numbers are those of the lists to which they lead.
import { type Page } from "@playwright/test";
import { authenticate, expect, signIn, test, visit } from "../support/estate";

/** How many rows the list of an address has, page by page. */
async function countRows(page: Page, href: string): Promise<number> {
  let count = 0;
  await page.goto(`${href}&limit=200`);
  for (;;) {
    await expect(page.locator("tbody tr, .empty-state").first()).toBeVisible();
    count += await page.locator("tbody tr").count();
    const next = page.locator("a[rel=next]");
    if ((await next.count()) === 0) return count;
    await page.goto((await next.getAttribute("href")) as string);
  }
}

test("the brand and the pane lead home, and home to what waits", { tag: ["@tablet", "@no-js"] }, async ({ page }) => {
  await signIn(page);
  await page.getByRole("link", { name: "Home", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Home" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Home", exact: true })).toHaveAttribute("aria-current", "page");
  await page.getByRole("link", { name: "Approve in Action Center" }).click();
  await expect(page).toHaveURL(/\/action-center\/pending$/);
  await expect(page.locator("tbody tr").first()).toBeVisible();
  await page.getByRole("link", { name: "Countersign", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Home" })).toBeVisible();
  await page.locator(".expiring a").first().click();
  await expect(page.locator("#flyout .detail-head h2")).toBeVisible();
});

test("each number is that of the list behind it", { tag: "@no-js" }, async ({ page }) => {
  await authenticate(page);
  await visit(page, "/");
  const links = page.locator(".severity-link, .stuck-link");
  const numbers = await links.evaluateAll((nodes) =>
    nodes.map((node) => ({
      href: node.getAttribute("href") as string,
      number: Number(node.querySelector(".number")?.textContent?.replace(/\D/g, "")),
    })),
  );
  expect(numbers.length).toBeGreaterThanOrEqual(6);
  const lead = await page.locator(".card-lead").innerText();
  const waiting = numbers.filter(({ href }) => href.includes("/pending?severity="));
  const total = waiting.reduce((sum, { number }) => sum + number, 0);
  expect(Number(lead.replace(/\D/g, ""))).toBe(total);
  for (const { href, number } of numbers) expect(await countRows(page, href), href).toBe(number);
});

test("investigations are counted by state", { tag: ["@tablet", "@no-js"] }, async ({ page }) => {
  await authenticate(page);
  await visit(page, "/");
  const links = page.getByRole("region", { name: "Investigations by state" }).getByRole("link");
  const states = await links.evaluateAll((nodes) =>
    nodes.map((node) => ({
      href: node.getAttribute("href") as string,
      number: Number(node.querySelector(".number")?.textContent?.replace(/\D/g, "")),
    })),
  );
  expect(states.length).toBeGreaterThan(1);
  const fewest = states.reduce((one, other) => (other.number < one.number ? other : one));
  expect(await countRows(page, fewest.href), fewest.href).toBe(fewest.number);
});

test("bars and table tell the same", { tag: ["@tablet", "@no-js"] }, async ({ page }) => {
  await authenticate(page);
  await visit(page, "/");
  const totals = (await page.locator(".chart-total").allInnerTexts()).map((text) => Number(text.replace(/\D/g, "")));
  const sums = await page.locator(".chart-table tbody tr").evaluateAll((trs) =>
    [1, 2, 3, 4].map((column) => trs.reduce((sum, tr) => sum + Number(tr.children[column].textContent), 0)),
  );
  expect(totals).toEqual(sums);
  expect(totals[0]).toBeGreaterThan(0);
  const bars = await page.locator(".chart-bars path").evaluateAll((paths) =>
    paths.map((path) => (path.getAttribute("d")?.match(/M/g) ?? []).length),
  );
  const days = await page.locator(".chart-table tbody tr").evaluateAll((trs) =>
    [1, 2, 3, 4].map((column) => trs.filter((tr) => tr.children[column].textContent !== "0").length),
  );
  expect(bars).toEqual(days);
});
