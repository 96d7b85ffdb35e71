//! `cargo xtask bench`: measures the optimised server and site with a million actions, then the delays that a user sees
//! in a browser on the same database. `against` measures two revisions side by side, `ratio` compares their figures.

mod against;
mod ratio;

use std::{env, path::Path, process::Command};

use anyhow::{Context, Result, bail};

use crate::{
    browser, build,
    cargo::cargo,
    node,
    postgres::{self, Purpose},
    workspace::{END2END, SITE},
};

const SERVER: &str = "target/release/countersign";
const FOLDER: &str = "target/bench";

/// What `cargo xtask bench` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many actions
    #[arg(long, default_value_t = 1_000_000)]
    actions: usize,
    /// How many pieces of evidence; each ten have an investigation
    #[arg(long, default_value_t = 1_000_000)]
    evidence: usize,
    /// Nothing but incidents and investigations
    #[arg(long, conflicts_with_all = ["browser", "against", "actions"])]
    only_cases: bool,
    /// Only this database
    #[arg(long)]
    only: Option<Kind>,
    /// Only in the browser, with the database that an earlier run left
    #[arg(long, conflicts_with_all = ["only", "actions"])]
    browser: bool,
    /// Beside another revision, in turn: prints the ratios, and measures no browser
    #[arg(long, value_name = "REV", conflicts_with = "browser")]
    against: Option<String>,
    /// How often each revision is measured
    #[arg(long, value_name = "N", default_value_t = 7, requires = "against", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// A database to measure on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// Runs the benchmarks and returns whether they succeeded. The figures are printed and saved in
/// `target/bench/latest.json`, ratios to another revision in `target/bench/against.json`.
pub(crate) fn bench(options: &Options) -> Result<bool> {
    build::build(true)?;
    if let Some(revision) = &options.against {
        against::measure(revision, options)?;
        return Ok(true);
    }
    if !options.browser {
        let cluster = postgres::start(&postgres::programs()?, Purpose::Bench)?;
        let mut million = cargo();
        million.args(["bench", "--package", "server", "--bench", "million", "--"]);
        million.args(["--actions", &options.actions.to_string()]);
        million.args(["--evidence", &options.evidence.to_string()]);
        if options.only_cases {
            million.arg("--only-cases");
        }
        if let Some(kind) = options.only {
            million.args(["--only", kind.name()]);
        }
        let status = million.env(postgres::URL_VARIABLE, cluster.url()).status();
        if !status.context("cannot start cargo")?.success() {
            return Ok(false);
        }
    }
    if options.only_cases || options.only == Some(Kind::Postgres) {
        Ok(true)
    } else {
        in_browser(Path::new(FOLDER))
    }
}

fn in_browser(folder: &Path) -> Result<bool> {
    let database = folder.join("million.db");
    if !database.exists() {
        bail!("{} is not there: run `cargo xtask bench` without `--browser` first", database.display());
    }
    node::packages()?;
    let chromium = browser::chromium()?;
    let root = env::current_dir()?;
    let mut command = Command::new("node");
    command
        .arg("bench.mjs")
        .current_dir(END2END)
        .env("COUNTERSIGN_BIN", root.join(SERVER))
        .env("COUNTERSIGN_SITE", root.join(SITE))
        .env("COUNTERSIGN_DATABASE", format!("sqlite://{}", root.join(database).display()))
        .env("COUNTERSIGN_REPORT", root.join(folder).join("latest.json"));
    if let Some(chromium) = chromium {
        command.env("CHROMIUM", chromium);
    }
    Ok(command.status().context("cannot start node")?.success())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn options_exclude_each_other() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' ')).map(|cli| cli.options);
        let options = parse("bench --actions 1000 --only postgres").unwrap();
        assert_eq!((options.actions, options.only, options.rounds), (1_000, Some(Kind::Postgres), 7));
        assert_eq!(parse("bench --against 7e64b88 --rounds 3").unwrap().rounds, 3);
        assert_eq!(parse("bench --only-cases --evidence 500").unwrap().evidence, 500);
        for wrong in [
            "--rounds 3",
            "--only-cases --browser",
            "--against x --rounds 0",
            "--browser --against x",
            "--browser --only sqlite",
        ] {
            assert!(parse(&format!("bench {wrong}")).is_err(), "{wrong}");
        }
    }
}
