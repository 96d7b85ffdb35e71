// The browser tests, against the built server, the release wasm and the production policy. Run by `cargo xtask test`.
//
// Each area has a folder; `support` holds what the tests share. A test runs in the project `desktop`, and with the tags
// @tablet or @no-js in these projects, too. The files touch.spec.ts and forms.spec.ts run in one project only.
import { defineConfig, devices } from "@playwright/test";

const executablePath = process.env.CHROMIUM;
const DESKTOP = { ...devices["Desktop Chrome"], viewport: { width: 1440, height: 900 } };

export default defineConfig({
  // Set by `cargo xtask test --area`: only the tests of this area.
  testDir: process.env.COUNTERSIGN_AREA ?? ".",
  testIgnore: "**/screenshots/**",
  outputDir: "test-results",
  fullyParallel: false,
  workers: 2,
  // The tests share one busy estate. What passes only when it is run again is named as flaky in the report.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: true,
  // Generous, for a busy machine with two cores.
  timeout: 180_000,
  expect: { timeout: 15_000 },
  reporter: "line",
  use: {
    // A screenshot of each step would double its time.
    trace: { mode: "retain-on-failure", screenshots: false },
    launchOptions: {
      executablePath,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "desktop", use: DESKTOP, grepInvert: /(touch|forms)\.spec\.ts/ },
    {
      name: "tablet",
      // With a coarse pointer.
      use: { ...DESKTOP, viewport: { width: 1024, height: 768 }, hasTouch: true, isMobile: true },
      grep: /@tablet|touch\.spec\.ts/,
    },
    { name: "no-js", use: { ...DESKTOP, javaScriptEnabled: false }, grep: /@no-js|forms\.spec\.ts/ },
  ],
});
