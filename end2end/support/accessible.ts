// What axe finds on a page as it stands, in both colour schemes: WCAG 2.2 AA.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";
import { scripted } from "./estate";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Leaves the page in the light scheme. `without` are rules that do not fit it. */
export async function accessible(page: Page, without: string[] = []): Promise<void> {
  if (!scripted()) await page.evaluate(noTimers);
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page })
      // No page of ours has frames, for which axe would open another page each time.
      .setLegacyMode()
      .options({ runOnly: { type: "tag", values: TAGS }, resultTypes: ["violations"], preload: false })
      .disableRules(without)
      .analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
    expect(found, `axe in ${colorScheme}`).toEqual([]);
  }
}

/** Where scripts are off timers never fire, and axe would wait for them for ever; promises still settle. */
function noTimers(): void {
  const soon = (then: () => void): number => {
    void Promise.resolve().then(then);
    return 0;
  };
  window.setTimeout = soon as typeof window.setTimeout;
}
