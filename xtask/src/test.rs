//! `cargo xtask test`: every check, in an order in which nothing is compiled twice, until the first that fails.
//!
//! `frontend` stays out of native builds together with the server: cargo would unite their features, and a server
//! that also hydrates is neither. The xtask is tested apart for a like reason: with the server's features united
//! into its dependencies, they and it would have to be compiled again.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use crate::{
    browser,
    cargo::{self, cargo},
    compress, node, playwright,
    postgres::{self, Purpose},
    process, site,
    step::{size, step},
    style,
    tally::Tally,
    toolchain,
    wasm::{self, Flavour},
};

/// Bytes that a page may have to download, compressed.
const WASM_BUDGET: usize = 350_000;

const CLIPPY: &[&str] = &["clippy", "--quiet"];
/// As an argument, since `RUSTFLAGS` would have everything compiled anew.
const DENY: &[&str] = &["--", "-D", "warnings"];
/// The same wherever the server is checked or compiled for tests.
const CRASH_POINTS: &[&str] = &["--features", "server/crash-points"];
/// Server and vocabulary, with the points at which the crash tests end the process.
const SERVER: &[&str] =
    &["--workspace", "--exclude", "frontend", "--exclude", "xtask", CRASH_POINTS[0], CRASH_POINTS[1]];
const XTASK: &[&str] = &["--package", "xtask"];

/// Returns whether all passed; the last line that it prints is the tally.
pub(crate) fn test() -> bool {
    let mut tally = Tally::default();
    if let Err(error) = checks(&mut tally) {
        process::explain(&error);
        // A check that has no tests of its own, such as a build, failed as a whole.
        tally.failed = tally.failed.max(1);
    }
    println!("{tally}");
    tally.failed == 0
}

fn checks(tally: &mut Tally) -> Result<()> {
    // What has to be downloaded comes first: without it the rest would be in vain.
    let wasm_opt = node::packages()?;
    let rustc = toolchain::wasm_rustc()?;
    let chromium = browser::chromium()?;
    let postgres = postgres::programs()?;

    lint(tally, "fmt", "clean", cargo().args(["fmt", "--all", "--check"]))?;
    lint(
        tally,
        "clippy",
        "server and xtask are clean",
        cargo()
            .args(CLIPPY)
            .args(["--workspace", "--exclude", "frontend", "--all-targets"])
            .args(CRASH_POINTS)
            .args(DENY),
    )?;
    // For this machine, since not every rustc with the wasm32 standard library brings its clippy: what the
    // browser's half says is linted all the same.
    lint(
        tally,
        "clippy",
        "frontend is clean",
        cargo().args(CLIPPY).args(["--package", "frontend"]).args(DENY),
    )?;

    let nextest = process::stdout_of(cargo().args(["nextest", "--version"])).is_ok();
    let binary = step("build", || Ok((test_binary()?, "server and its tests".to_owned())))?;
    let cluster = postgres::start(&postgres, Purpose::Tests)?;
    run_tests(tally, "server", SERVER, nextest, Some(&cluster))?;
    drop(cluster);
    run_tests(tally, "xtask", XTASK, nextest, None)?;

    let glue = wasm::build(&rustc, Flavour::Release, Some(&wasm_opt))?;
    site::assemble(&glue, Flavour::Release, &style::build()?)?;
    step("budget", || Ok(((), within_budget("app", compress::pack(&glue.wasm()?)?.brotli.len())?)))?;
    *tally += Tally::PASSED;

    step("pages", || {
        let found = playwright::run(&binary, chromium.as_ref(), tally)?;
        Ok(((), found.to_string()))
    })
}

fn lint(tally: &mut Tally, name: &str, clean: &str, command: &mut Command) -> Result<()> {
    step(name, || Ok((process::check(command)?, clean.to_owned())))?;
    *tally += Tally::PASSED;
    Ok(())
}

/// Compiles the server's tests, and returns the server that comes with them: the browser tests use the same.
fn test_binary() -> Result<PathBuf> {
    let built = cargo::artifacts(cargo().args(["test", "--no-run"]).args(SERVER))?;
    let binary = if let Some((binary, _)) = cargo::binary(&built) {
        binary
    } else {
        // Cargo leaves the binary out while there are no integration tests.
        let built = cargo::artifacts(cargo().args(["build", "--bins"]).args(SERVER))?;
        cargo::binary(&built).context("cargo built the server but named no binary")?.0
    };
    fs::canonicalize(&binary).with_context(|| format!("{} is not there", binary.display()))
}

fn run_tests(
    tally: &mut Tally,
    name: &str,
    packages: &[&str],
    nextest: bool,
    cluster: Option<&postgres::Cluster>,
) -> Result<()> {
    step(name, || {
        let mut command = cargo();
        if let Some(cluster) = cluster {
            command.env(postgres::VARIABLE, cluster.url());
        }
        if nextest {
            command.args(["nextest", "run", "--no-fail-fast", "--no-tests", "pass", "--color", "never"]);
            command.args(["--status-level", "fail", "--cargo-quiet"]);
        } else {
            command.args(["test", "--no-fail-fast", "--quiet", "--lib", "--bins", "--tests"]);
        }
        let (status, output) = process::transcript(command.args(packages))?;
        let found = if nextest { Tally::from_nextest(&output) } else { Ok(Tally::from_cargo_test(&output)) };
        // Without a summary it did not get as far as running any.
        let found = found.unwrap_or_default();
        *tally += found;
        if !status.success() {
            return Err(process::failed(&command, status, output));
        }
        Ok(((), found.to_string()))
    })
}

fn within_budget(bundle: &str, compressed: usize) -> Result<String> {
    if compressed > WASM_BUDGET {
        bail!(
            "the wasm of {bundle} is {compressed} bytes as brotli, {} more than its budget",
            compressed - WASM_BUDGET
        );
    }
    Ok(format!("{bundle} {} of {} br", size(compressed), size(WASM_BUDGET)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_inclusive() {
        assert!(within_budget("board", WASM_BUDGET).is_ok());
        let error = within_budget("board", WASM_BUDGET + 1).unwrap_err().to_string();
        assert!(error.contains(&format!("{} bytes", WASM_BUDGET + 1)) && error.contains("1 more"), "{error}");
    }
}
