// Similar actions in buckets: the panel, and the list that each bucket leads to, where it is decided but for some.
import { type Page } from "@playwright/test";
import { authenticate, expect, hasScripts, signIn, test, visit } from "../support/estate";
import { MaliciousFile } from "../support/file";

// A page holds every bucket of the estate.
const PENDING = "/action-center/pending?limit=200";

/** Opens the panel and follows its greatest bucket; returns how many actions it has. */
async function openBucket(page: Page): Promise<number> {
  await page.getByRole("button", { name: "Group similar" }).click();
  const bucket = page.locator("#similar .bucket").first();
  await expect(bucket).toBeVisible();
  const said = /^(\d+) actions on (\d+) assets?$/.exec((await bucket.locator(".bucket-count").innerText()).trim());
  const [count, assets] = [Number(said?.[1]), Number(said?.[2])];
  expect(count).toBeGreaterThan(10);
  expect(assets).toBeLessThanOrEqual(count);
  const type = await bucket.locator(".bucket-type").innerText();
  const name = (await bucket.locator(".bucket-name").innerText()).trim();
  await expect(bucket).toContainText(/first .+, last .+/);
  await bucket.click();
  await expect(page).toHaveURL(/limit=200&similar=[0-9a-f-]{36}$/);
  await expect(page.locator("#similar")).toHaveCount(0);
  const rows = page.locator("tbody tr");
  await expect(rows).toHaveCount(count);
  await expect(rows.filter({ hasText: type })).toHaveCount(count);
  await expect(rows.filter({ hasText: name }).first()).toBeVisible();
  await expect(page.getByRole("group", { name: "Filters in use" })).toContainText("Similar to:");
  return count;
}

test("a bucket leads to its rows, which are selected but for some", { tag: ["@tablet", "@no-js"] }, async ({ page, estate }) => {
  // So that there are two, whatever other tests have decided.
  for (const name of ["twin-1.bin", "twin-2.bin"]) await new MaliciousFile(estate, name, Buffer.alloc(4096, 7)).report();
  await signIn(page, "Security Operator", PENDING);
  const count = await openBucket(page);
  // The rest needs scripts.
  if (!hasScripts()) return;
  const boxes = page.locator("tbody input[type=checkbox]");
  await boxes.first().check();
  await page.getByRole("button", { name: `Select all ${count} matching` }).click();
  await expect(page.locator(".bulk-count")).toHaveText(`${count} selected`);
  await boxes.nth(1).uncheck();
  await expect(page.locator(".bulk-count")).toHaveText(`${count - 1} selected`);

  // From inside a bucket the panel lists them all, and says which one it is.
  await page.getByRole("button", { name: "Group similar" }).click();
  await expect(page.locator("#similar .bucket[aria-current=true]")).toHaveCount(1);
  await expect.poll(() => page.locator("#similar .bucket").count()).toBeGreaterThan(1);
  await page.locator("#similar").getByRole("link", { name: "Close" }).click();
  await page.getByRole("link", { name: "Clear all" }).click();
  await expect.poll(() => page.locator("tbody tr").count()).toBeGreaterThan(count);
});

test("where nothing is alike the panel says so, and other tabs have none", { tag: "@tablet" }, async ({ page }) => {
  await authenticate(page, "Security Reader");
  await visit(page, "/action-center/pending?q=no%20such%20thing&panel=similar");
  await expect(page.locator("#similar")).toContainText("No two actions of this list are alike");
  await visit(page, "/action-center/history?panel=similar");
  await expect(page.locator("#similar")).toContainText("Only what waits for a decision is grouped.");
  await expect(page.getByRole("button", { name: "Group similar" })).toHaveCount(0);
});
