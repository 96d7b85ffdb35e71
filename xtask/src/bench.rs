//! `cargo xtask bench`: measures the optimised server and site with a million actions, then the delays that a user sees
//! in a browser on the same database.

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

/// Runs the benchmarks and returns whether they succeeded. The figures are printed and saved in
/// `target/bench/latest.json`. `browser_only` uses the database that an earlier run left.
pub(crate) fn bench(arguments: &[String], browser_only: bool) -> Result<bool> {
    build::build(true)?;
    if !browser_only {
        let cluster = postgres::start(&postgres::programs()?, Purpose::Bench)?;
        let mut million = cargo();
        million.args(["bench", "--package", "server", "--bench", "million", "--"]).args(arguments);
        let status = million.env(postgres::URL_VARIABLE, cluster.url()).status();
        if !status.context("cannot start cargo")?.success() {
            return Ok(false);
        }
    }
    if option(arguments, "--only").is_some_and(|only| only != "sqlite") {
        return Ok(true);
    }
    in_browser(Path::new(option(arguments, "--folder").unwrap_or(FOLDER)))
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

/// The value of an option among the arguments that are passed on.
fn option<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_among_the_arguments() {
        let arguments = ["--actions", "1000", "--only", "postgres", "--folder"].map(String::from);
        assert_eq!(option(&arguments, "--only"), Some("postgres"));
        assert_eq!(option(&arguments, "--folder"), None);
        assert_eq!(option(&arguments, "--site"), None);
    }
}
