// The page that shows every part in every state, and what comes out on paper.
import { expectAccessible } from "../support/accessible";
import { authenticate, expect, signIn, test } from "../support/estate";

test.describe("every part", () => {
  // It never hydrates, so it stands in a context that nobody waits for.
  for (const width of [1440, 390]) {
    test(`is accessible, ${width} px wide`, async ({ page, browser, estate }) => {
      await authenticate(page);
      const { cookies } = await page.context().storageState();
      const context = await browser.newContext({
        baseURL: estate.url,
        viewport: { width, height: 900 },
        reducedMotion: "reduce",
        storageState: { cookies, origins: [] },
      });
      const design = await context.newPage();
      const problems: string[] = [];
      design.on("console", (message) => message.type() === "error" && problems.push(message.text()));
      const answer = await design.goto("/design");
      expect(answer?.status()).toBe(200);
      expect(answer?.headers()["content-security-policy"]).toContain("style-src 'self'");
      await expect(design.locator("script[type=module], link[rel=modulepreload]")).toHaveCount(0);
      // A part that stands here in several states has its ids several times.
      await expectAccessible(design, ["duplicate-id-aria"]);
      for (const dialog of ["help", "palette"]) {
        await design.locator(`[commandfor=${dialog}]`).click();
        await expect(design.locator(`#${dialog}:modal`)).toBeVisible();
        await design.keyboard.press("Escape");
        await expect(design.locator(`#${dialog}:modal`)).toHaveCount(0);
      }
      expect(await design.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      expect(problems).toEqual([]);
      await context.close();
    });
  }
});

test("an action is printed with its facts and without controls", async ({ page }) => {
  await signIn(page, "Security Reader", "/action-center/history");
  await page.locator("tbody a").first().click();
  const flyout = page.locator("#flyout");
  await expect(flyout.locator(".detail-head h2")).toBeVisible();
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await expect(flyout.getByText("Digest")).toBeVisible();
  for (const gone of [".pane", ".tabs", ".action-table", "#flyout .flyout-bar", "#flyout .decide"]) {
    await expect(page.locator(gone).first()).toBeHidden();
  }
  const [ink, paper] = await flyout.locator(".detail-head h2").evaluate((heading) => {
    return [getComputedStyle(heading).color, getComputedStyle(document.documentElement).backgroundColor];
  });
  expect([ink, paper]).toEqual(["rgb(0, 0, 0)", "rgba(0, 0, 0, 0)"]);
});
