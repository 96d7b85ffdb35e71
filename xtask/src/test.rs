//! `cargo xtask test`: every check, in an order in which nothing is compiled twice, until the first that fails. With
//! `--area` only the tests of an area, for work in progress.
//!
//! `frontend` is not built together with the server: cargo would unify their features, and `ssr` excludes `hydrate`. The
//! xtask is tested separately for a similar reason: unified with the server's features, its dependencies would have to
//! be compiled again.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    browser,
    cargo::{self, cargo},
    files::files_below,
    host_tools,
    node::{self, WasmOpt},
    playwright,
    postgres::{self, Purpose},
    process,
    servers::{self, Missing},
    site,
    step::{self, size, step},
    style,
    tally::Tally,
    toolchain::{self, WasmRustc},
    wasm::{self, Flavour, Glue, Weights},
};

/// Maximum size of the wasm that every page may have to download, as brotli, in bytes.
const MAIN_BUDGET: usize = 243_000;
/// Maximum size of a module that is loaded when it is needed, where it has none of its own.
const MODULE_BUDGET: usize = 40_000;
/// Modules with a budget of their own: the list is the page for which most people come. What several share counts in
/// each of them.
const OWN_BUDGETS: [(&str, usize); 7] = [
    ("details", 54_000),
    ("list", 115_000),
    ("bulk", 53_000),
    ("administration", 122_000),
    ("executors", 74_000),
    ("investigations", 92_000),
    ("settings", 59_000),
];
/// Maximum size of what the Action center loads first.
const FIRST_BUDGET: usize = 339_000;
/// Maximum duration of all checks in a fresh clone on two cores, more than twice what they take on quiet ones: the
/// same checks took twice as long on some machines as on others. Above it the run would soon be ended from outside,
/// without its tally. Exceeding it is a failure if `CI` is `true`.
const TIME_BUDGET: Duration = Duration::from_mins(85);

/// Used wherever the server is checked or compiled for tests, so that nothing is compiled twice.
const CRASH_POINTS: &[&str] = &["--features", "server/crash-points"];
/// Server and vocabulary, with the points at which the crash tests end the process.
const SERVER: &[&str] =
    &["--workspace", "--exclude", "frontend", "--exclude", "xtask", CRASH_POINTS[0], CRASH_POINTS[1]];
const XTASK: &[&str] = &["--package", "xtask"];

/// Runs all checks, or the tests of an area. Returns whether all passed; the last line that it prints is the tally.
pub(crate) fn test(area: Option<&str>) -> bool {
    let started = Instant::now();
    let mut tally = Tally::default();
    let done = match area {
        None => checks(&mut tally),
        Some(area) => tests_of(area, &mut tally),
    };
    if let Err(error) = done {
        process::report(&error);
        // A check that has no tests of its own, such as a build, failed as a whole.
        tally.failed = tally.failed.max(1);
    }
    let whole = started.elapsed();
    println!("{}", step::table(whole));
    if whole > TIME_BUDGET {
        println!("  budget     {:>7.1}  exceeded", TIME_BUDGET.as_secs_f64());
    }
    tally.failed += usize::from(is_too_slow(whole, is_ci()));
    println!("{tally}");
    tally.failed == 0
}

/// Whether the run failed by its duration. Outside CI the machine may be busy with other work.
const fn is_too_slow(whole: Duration, ci: bool) -> bool {
    ci && whole.as_secs() > TIME_BUDGET.as_secs()
}

/// Whether this is the run that decides whether a change lands.
fn is_ci() -> bool {
    env::var("CI").is_ok_and(|ci| ci == "true")
}

/// The tools that the browser tests need.
struct Tools {
    wasm_opt: WasmOpt,
    rustc: WasmRustc,
    chromium: Option<PathBuf>,
}

impl Tools {
    fn provide() -> Result<Self> {
        let wasm_opt = node::packages()?;
        Ok(Self { wasm_opt, rustc: toolchain::wasm_rustc()?, chromium: browser::chromium()? })
    }

    /// Builds the site.
    fn site(&self) -> Result<Glue> {
        let glue = wasm::build(&self.rustc, Flavour::Release, Some(&self.wasm_opt))?;
        site::assemble(&glue, Flavour::Release, &style::build()?)?;
        Ok(glue)
    }

    fn test(&self, binary: &Path, area: Option<&str>, missing: &Missing, tally: &mut Tally) -> Result<()> {
        step("pages", || {
            let found = playwright::run(binary, self.chromium.as_ref(), area, missing, tally)?;
            Ok(((), found.to_string()))
        })
    }
}

/// Runs the Rust tests below modules of the area's name, and the browser tests in the area's folder.
fn tests_of(area: &str, tally: &mut Tally) -> Result<()> {
    let tools = playwright::covers(area).then(Tools::provide).transpose()?;
    let postgres = postgres::programs()?;
    host_tools::provide()?;
    let missing = servers::provide()?;
    let binary = step("build", || Ok((test_binary(cargo, &[])?, "server and its tests".to_owned())))?;
    let cluster = postgres::start(&postgres, Purpose::Tests)?;
    let below = format!("{area}::");
    let which = [SERVER, &[&below]].concat();
    let done = run_tests(tally, "server", cargo, &which, Some((&cluster, &missing)));
    // These are the tests of other areas.
    tally.skipped = 0;
    done?;
    drop(cluster);
    if let Some(tools) = tools {
        tools.site()?;
        tools.test(&binary, Some(area), &missing, tally)?;
    }
    if *tally == Tally::default() {
        bail!("there are no tests of {area}: areas are named as their folders in app/domain/src and end2end");
    }
    Ok(())
}

fn checks(tally: &mut Tally) -> Result<()> {
    // Downloads come first: without them the other checks cannot complete.
    let tools = Tools::provide()?;
    let postgres = postgres::programs()?;
    host_tools::provide()?;
    let missing = servers::provide()?;

    lint(tally, "fmt", "clean", cargo().args(["fmt", "--all", "--check", "--"]).args(pages()?))?;
    let binary = step("build", || {
        // Benchmarks have nothing that runs here, but are linted, too.
        let found = test_binary(cargo::linting, &["--all-targets"])?;
        Ok((found, "server and its tests, clippy is clean".to_owned()))
    })?;
    *tally += Tally::PASSED;
    let cluster = postgres::start(&postgres, Purpose::Tests)?;
    run_tests(tally, "server", cargo::linting, SERVER, Some((&cluster, &missing)))?;
    drop(cluster);
    run_tests(tally, "xtask", cargo::linting, XTASK, None)?;
    // For the native target, since not every rustc with the wasm32 standard library has a clippy.
    let frontend = ["clippy", "--quiet", "--package", "frontend", "--", "-D", "warnings"];
    lint(tally, "clippy", "frontend is clean", cargo().args(frontend))?;

    let glue = tools.site()?;
    step("budget", || Ok(((), within_budgets(&glue.weigh()?)?)))?;
    *tally += Tally::PASSED;
    tools.test(&binary, None, &missing, tally)
}

/// The files that the areas' lists of pages declare: rustfmt does not look into these lists.
fn pages() -> Result<Vec<PathBuf>> {
    let mut files = files_below(Path::new("app/areas/src"))?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    Ok(files)
}

fn lint(tally: &mut Tally, name: &str, clean: &str, command: &mut Command) -> Result<()> {
    step(name, || Ok((process::check(command)?, clean.to_owned())))?;
    *tally += Tally::PASSED;
    Ok(())
}

/// Compiles the server's tests, and `more` targets, and returns the server's binary, which the browser tests use, too.
fn test_binary(cargo: fn() -> Command, more: &[&str]) -> Result<PathBuf> {
    let built = cargo::artifacts(cargo().args(["test", "--no-run"]).args(SERVER).args(more))?;
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
    cargo: fn() -> Command,
    which: &[&str],
    beside: Option<(&postgres::Cluster, &Missing)>,
) -> Result<()> {
    let nextest = process::stdout_of(cargo().args(["nextest", "--version"])).is_ok();
    step(name, || {
        let mut command = cargo();
        if let Some((cluster, missing)) = beside {
            command.env(postgres::URL_VARIABLE, cluster.url());
            missing.tell(&mut command);
        }
        if nextest {
            command.args(["nextest", "run", "--no-fail-fast", "--no-tests", "pass", "--color", "never"]);
            command.args(["--status-level", "fail", "--final-status-level", "flaky", "--cargo-quiet"]);
            // Tests with clocks and processes share two cores. What passes only when it is run again is named.
            if is_ci() {
                command.args(["--retries", "1"]);
            }
        } else {
            command.args(["test", "--no-fail-fast", "--quiet", "--lib", "--bins", "--tests"]);
        }
        let (status, output) = process::merged_output(command.args(which))?;
        let found = if nextest { Tally::from_nextest(&output) } else { Ok(Tally::from_cargo_test(&output)) };
        // Without a summary no test was run.
        let found = found.unwrap_or_default();
        *tally += found;
        if !status.success() {
            return Err(process::failed(&command, status, output));
        }
        Ok(((), found.to_string()))
    })
}

/// Says how much of its budget each takes, or which takes more.
fn within_budgets(weights: &Weights) -> Result<String> {
    let Weights { main, modules } = weights;
    let first = main + modules.get("list").copied().unwrap_or_default();
    let mut said = vec![
        within_budget("main", *main, MAIN_BUDGET)?,
        within_budget("Action center", first, FIRST_BUDGET)?,
    ];
    for (module, bytes) in modules {
        let own = OWN_BUDGETS.iter().find(|(name, _)| name == module);
        said.push(within_budget(module, *bytes, own.map_or(MODULE_BUDGET, |(_, budget)| *budget))?);
    }
    Ok(said.join("; "))
}

fn within_budget(name: &str, bytes: usize, budget: usize) -> Result<String> {
    if bytes > budget {
        bail!("the wasm of {name} is {bytes} bytes as brotli, {} more than its budget", bytes - budget);
    }
    Ok(format!("{name} {} of {}", size(bytes), size(budget)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(main: usize, modules: &[(&str, usize)]) -> Weights {
        let modules = modules.iter().map(|(name, bytes)| ((*name).to_owned(), *bytes)).collect();
        Weights { main, modules }
    }

    #[test]
    fn only_in_ci_slowness_is_a_failure() {
        let longer = TIME_BUDGET + Duration::from_secs(1);
        assert!(is_too_slow(longer, true));
        assert!(!is_too_slow(TIME_BUDGET, true));
        assert!(!is_too_slow(longer, false));
    }

    #[test]
    fn budgets_are_inclusive() {
        let full = weights(MAIN_BUDGET, &[("list", FIRST_BUDGET - MAIN_BUDGET), ("new", MODULE_BUDGET)]);
        assert!(within_budgets(&full).is_ok());
        for (over, name) in [
            (weights(MAIN_BUDGET + 1, &[]), "main"),
            (weights(MAIN_BUDGET, &[("list", FIRST_BUDGET - MAIN_BUDGET + 1)]), "Action center"),
            (weights(1, &[("new", MODULE_BUDGET + 1)]), "new"),
        ] {
            let error = within_budgets(&over).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("1 more"), "{error}");
        }
    }
}
