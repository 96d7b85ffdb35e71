// The browser tests: the built server, the release wasm, the production policy. Run by `cargo xtask test`.
//
// The tests of an area lie in the folder of its name; what they share, in `support`. A test runs on the desktop, and with
// the tag @tablet or @no-js there, too. Some files are about one place only.
import { defineConfig, devices } from "@playwright/test";

const executablePath = process.env.CHROMIUM;
const DESKTOP = { ...devices["Desktop Chrome"], viewport: { width: 1440, height: 900 } };

export default defineConfig({
  // Only the tests of that area, as `cargo xtask test --area` asks for.
  testDir: process.env.COUNTERSIGN_AREA ?? ".",
  testIgnore: "**/screenshots/**",
  outputDir: "test-results",
  fullyParallel: false,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  // Patience for a busy machine of two cores, not an expectation.
  timeout: 180_000,
  expect: { timeout: 15_000 },
  reporter: "line",
  use: {
    // Pictures of each step would take as long as the step.
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
      // Its pointer is coarse.
      use: { ...DESKTOP, viewport: { width: 1024, height: 768 }, hasTouch: true, isMobile: true },
      grep: /@tablet|touch\.spec\.ts/,
    },
    { name: "no-js", use: { ...DESKTOP, javaScriptEnabled: false }, grep: /@no-js|forms\.spec\.ts/ },
  ],
});
