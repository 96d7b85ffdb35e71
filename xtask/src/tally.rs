//! How many tests passed, failed and were skipped, read from what the runners report.

use std::{fmt, ops::AddAssign};

use anyhow::{Context, Result};
use serde::Deserialize;

/// The sum over all runners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Passed.
    pub(crate) passed: usize,
    /// Failed, on each try.
    pub(crate) failed: usize,
    /// Skipped.
    pub(crate) skipped: usize,
}

impl Tally {
    /// One check that passed.
    pub(crate) const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0 };

    /// From the last `Summary` line of cargo-nextest.
    pub(crate) fn from_nextest(output: &str) -> Result<Self> {
        let line = output.lines().rfind(|line| line.trim_start().starts_with("Summary ["));
        let counts = line.and_then(|line| line.split_once(" run: "));
        let (_, counts) = counts.context("cargo-nextest printed no summary")?;
        let mut tally = Self::default();
        // Details in parentheses, such as how many were slow, are counted in the number before them.
        for part in outside_parentheses(counts).split(',') {
            let mut words = part.split_whitespace();
            let (Some(count), Some(kind)) = (words.next(), words.next()) else { continue };
            let count: usize = count.parse().context("cargo-nextest's summary has changed its form")?;
            match kind {
                "passed" => tally.passed += count,
                "skipped" => tally.skipped += count,
                // Failed, timed out, could not be started.
                _ => tally.failed += count,
            }
        }
        Ok(tally)
    }

    /// From the `test result:` line of each binary that `cargo test` runs.
    pub(crate) fn from_cargo_test(output: &str) -> Self {
        let mut tally = Self::default();
        for line in output.lines().filter(|line| line.starts_with("test result:")) {
            let count = |kind: &str| {
                let (before, _) = line.split_once(kind)?;
                before.split_whitespace().next_back()?.parse::<usize>().ok()
            };
            tally += Self {
                passed: count(" passed;").unwrap_or(0),
                failed: count(" failed;").unwrap_or(0),
                skipped: count(" ignored;").unwrap_or(0),
            };
        }
        tally
    }

    /// From Playwright's JSON report.
    pub(crate) fn from_playwright(report: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Report {
            stats: Stats,
            #[serde(default)]
            errors: Vec<serde_json::Value>,
        }
        #[derive(Deserialize)]
        struct Stats {
            expected: usize,
            unexpected: usize,
            flaky: usize,
            skipped: usize,
        }
        let Report { stats, errors } =
            serde_json::from_str(report).context("Playwright's report has changed its form")?;
        // Errors outside any test, such as a server that does not start, are in no statistics.
        let failed = stats.unexpected + errors.len();
        Ok(Self { passed: stats.expected + stats.flaky, failed, skipped: stats.skipped })
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

fn outside_parentheses(text: &str) -> String {
    let mut depth = 0_usize;
    text.chars()
        .filter(|&c| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: usize, failed: usize, skipped: usize) -> Tally {
        Tally { passed, failed, skipped }
    }

    #[test]
    fn nextest_summaries() {
        let read = |line: &str| Tally::from_nextest(line).unwrap();
        assert_eq!(read("     Summary [   0.003s] 3 tests run: 3 passed, 0 skipped"), tally(3, 0, 0));
        assert_eq!(
            read(
                "     Summary [  12.1s] 14/20 tests run: 10 passed (1 slow, 2 leaky), 2 failed, 1 timed out, 1 exec failed, 4 skipped\n        FAIL x"
            ),
            tally(10, 4, 4)
        );
        assert_eq!(read("     Summary [   0.000s] 0 tests run: 0 passed, 0 skipped"), tally(0, 0, 0));
        assert_eq!(read("     Summary [   0.000s] 1 test run: 1 passed, 0 skipped"), tally(1, 0, 0));
        assert!(Tally::from_nextest("error: could not compile").is_err());
    }

    #[test]
    fn cargo_test_results_are_summed_over_binaries() {
        let output = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            noise\n\
            test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        assert_eq!(Tally::from_cargo_test(output), tally(4, 2, 1));
    }

    #[test]
    fn playwright_counts_errors_outside_tests_as_failures_and_what_passed_on_a_retry_as_passed() {
        let report = r#"{"suites":[],"errors":[{"message":"no server"}],
            "stats":{"startTime":"x","duration":1.5,"expected":7,"skipped":1,"unexpected":2,"flaky":1}}"#;
        assert_eq!(Tally::from_playwright(report).unwrap(), tally(8, 3, 1));
    }

    #[test]
    fn the_last_line_names_skipped_tests_only_if_there_are_any() {
        assert_eq!(tally(12, 0, 0).to_string(), "12 passed, 0 failed");
        assert_eq!(tally(12, 1, 2).to_string(), "12 passed, 1 failed, 2 skipped");
    }
}
