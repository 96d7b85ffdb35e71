// Many decided at once: the preview says what would happen, the result what did. The list's own form is not needed
// here: its fields are sent as a browser sends them.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, signIn, test, visit } from "./estate";
import { EvilFile } from "./file";

/** Sends the form of the list; returns where it leads. */
async function plan(page: Page, url: string, fields: [string, string][]): Promise<string> {
  const answer = await page.request.post("/api/plan_bulk", {
    data: new URLSearchParams(fields).toString(),
    headers: {
      accept: "text/html",
      "content-type": "application/x-www-form-urlencoded",
      origin: url,
      referer: `${url}/action-center/pending`,
    },
    maxRedirects: 0,
  });
  expect(answer.status()).toBe(302);
  return answer.headers()["location"];
}

async function accessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
    expect(violations).toEqual([]);
  }
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });

    test("three files are approved together and released together", async ({ page, estate }) => {
      const files = [1, 2, 3].map((n) => new EvilFile(estate, `bulk-${n}-${javaScriptEnabled}.bin`));
      const ids: string[] = [];
      for (const file of files) ids.push(await file.report());
      await signIn(page);
      const preview = await plan(page, estate.url, [
        ["verb", "approve"],
        ...ids.map((id): [string, string] => ["ids[]", id]),
      ]);
      await visit(page, preview, javaScriptEnabled);
      await expect(page.getByRole("heading", { level: 1, name: "Approve 3 actions" })).toBeVisible();
      await expect(page.getByText("On 1 asset, 1 of high criticality. Nothing has happened yet.")).toBeVisible();
      if (javaScriptEnabled) await accessible(page);
      for (const file of files) expect(file.isThere()).toBe(true);
      await page.getByLabel("Comment (optional)").fill("All three at once");
      await page.getByRole("button", { name: "Approve 3 actions" }).click();

      await expect(page).toHaveURL(/\/action-center\/jobs\//);
      await expect(async () => {
        const refresh = page.getByRole("link", { name: "Refresh" });
        if (!javaScriptEnabled && (await refresh.isVisible())) await refresh.click();
        await expect(page.getByRole("heading", { level: 1, name: "3 actions approved" })).toBeVisible({ timeout: 1000 });
      }).toPass();
      await expect(page.getByText("All three at once")).toBeVisible();
      if (javaScriptEnabled) await accessible(page);
      for (const file of files) await expect.poll(() => file.isThere(), { timeout: 30_000 }).toBe(false);

      const undo = await plan(page, estate.url, [
        ["verb", "undo"],
        ["same_file", ids[0]],
      ]);
      await visit(page, undo, javaScriptEnabled);
      await expect(page.getByRole("heading", { level: 1, name: "Undo 1 action" })).toBeVisible();
      await page.getByRole("link", { name: "Cancel" }).click();
      await expect(page).toHaveURL(/\/action-center\/history/);
    });

    test("what may not be decided is named, and a foreign preview is not there", async ({
      page,
      estate,
      expectedStatuses,
    }) => {
      expectedStatuses.add(404);
      const id = await new EvilFile(estate, `bulk-reader-${javaScriptEnabled}.bin`).report();
      await signIn(page, "Security Reader");
      const preview = await plan(page, estate.url, [
        ["verb", "approve"],
        ["ids[]", id],
      ]);
      await visit(page, preview, javaScriptEnabled);
      await expect(page.getByText("this needs Security Operator or Active remediation actions")).toBeVisible();
      await expect(page.getByRole("button", { name: /^Approve/ })).toHaveCount(0);
      await page.context().clearCookies();
      await signIn(page);
      await visit(page, preview, javaScriptEnabled);
      await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
    });
  });
}
