// Screenshots of the screens in their states, for review by people. Run by `cargo xtask screenshots`.
import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

export default defineConfig({
  ...tests,
  testDir: "screenshots",
  testIgnore: [],
  // One estate for all states: each shows what the one before has changed.
  workers: 1,
});
