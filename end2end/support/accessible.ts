// Accessibility checks by axe: WCAG 2.2 AA, in both colour schemes.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";
import { hasScripts } from "./estate";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Expects no violations. Leaves the page in the light scheme. `without` are rules that do not apply. */
export async function expectAccessible(page: Page, without: string[] = []): Promise<void> {
  if (!hasScripts()) await page.evaluate(replaceTimers);
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page })
      // Pages have no frames, for which axe would open another page each time.
      .setLegacyMode()
      .options({ runOnly: { type: "tag", values: TAGS }, resultTypes: ["violations"], preload: false })
      .disableRules(without)
      .analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
    expect(found, `axe in ${colorScheme}`).toEqual([]);
  }
}

/** Without JavaScript timers never fire and axe would not end. Promises still settle, so they replace the timers. */
function replaceTimers(): void {
  const soon = (then: () => void): number => {
    void Promise.resolve().then(then);
    return 0;
  };
  window.setTimeout = soon as typeof window.setTimeout;
}
