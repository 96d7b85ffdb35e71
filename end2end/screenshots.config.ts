// Pictures of the screens in their states, to be looked at by people. Run by `cargo xtask screenshots`.
import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

export default defineConfig({
  ...tests,
  testDir: "screenshots",
  testIgnore: [],
  // One estate for all: what one state changes, the next one shows.
  workers: 1,
});
