// What is kept of a table by a page without scripts.
import { expect, signIn, test } from "../support/estate";

const HISTORY = "/action-center/history";
const PENDING = "/action-center/pending";

test("columns, views and the size of a page are saved by buttons", async ({ page }) => {
  await signIn(page, "Security Operator", `${HISTORY}?panel=columns`);
  const columns = page.locator("#columns");
  await columns.getByLabel("Severity", { exact: true }).check();
  await columns.getByLabel("Items per page").selectOption("50");
  await columns.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("columnheader", { name: "Severity" })).toBeVisible();
  await expect(page.locator("tbody tr")).toHaveCount(50);
  await columns.getByRole("button", { name: "Back to the usual columns" }).click();
  await expect(page.getByRole("columnheader", { name: "Severity" })).toHaveCount(0);

  await page.goto(`${PENDING}?severity=critical&panel=views`);
  const views = page.locator("#views");
  await views.getByLabel("Save what the list shows now as").fill("By hand");
  await views.getByRole("button", { name: "Save view" }).click();
  await page.goto(`${HISTORY}?panel=views`);
  await views.getByRole("link", { name: "By hand" }).click();
  await expect(page).toHaveURL(/pending\?severity=critical/);
  await page.goto(`${HISTORY}?panel=views`);
  await views.getByRole("button", { name: "Delete the view By hand" }).click();
  await expect(views.getByRole("link", { name: "By hand" })).toHaveCount(0);
});
