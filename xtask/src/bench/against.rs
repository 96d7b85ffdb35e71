//! This tree beside another revision: both are built optimised, fill databases of their own, and are measured in turn,
//! so that whatever else the machine does hits both.
//!
//! The other revision stands in a work tree in `target/against`, is built by its own `cargo xtask build`, and is kept:
//! the next comparison with it builds nothing. It is measured by its own benchmark; what both call by the same name is
//! compared.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::{
    FOLDER, Kind, Options,
    ratio::{Comparison, Figures},
};
use crate::{
    cargo::{artifacts, cargo},
    postgres::{self, Purpose},
    process::{check, stdout_of},
    step::step,
};

/// Work trees of other revisions, by their commit.
const TREES: &str = "target/against";

/// One of the two that are compared.
struct Side {
    name: &'static str,
    root: PathBuf,
    benchmark: PathBuf,
}

/// Measures both, prints the ratios and keeps them.
pub(super) fn measure(revision: &str, options: &Options) -> Result<()> {
    let here = env::current_dir()?;
    let sides = [other(&here, revision)?, Side::of("new", here)?];
    let programs = postgres::programs()?;
    let mut kept = Vec::new();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        if options.only.is_some_and(|only| only != kind) {
            continue;
        }
        let mut comparison = Comparison::default();
        for round in 1..=options.rounds {
            let mut figures = Vec::with_capacity(sides.len());
            for side in &sides {
                let cluster = match kind {
                    Kind::Sqlite => None,
                    // A new one, which has nothing of the other revision in its memory.
                    Kind::Postgres => Some(postgres::start(&programs, Purpose::Bench)?),
                };
                let what = format!("{}, {}, round {round} of {}", kind.name(), side.name, options.rounds);
                let url = cluster.as_ref().map(postgres::Cluster::url);
                figures.push(step("bench", || Ok((side.run(kind, options.actions, url.as_deref())?, what)))?);
            }
            if let [old, new] = figures.as_slice() {
                comparison.add(old, new);
            }
        }
        println!("{}", comparison.table(kind.name(), revision));
        kept.push(serde_json::json!({ "database": kind.name(), "figures": comparison.summaries() }));
    }
    let file = Path::new(FOLDER).join("against.json");
    let all = serde_json::json!({
        "against": revision, "actions": options.actions, "rounds": options.rounds, "databases": kept,
    });
    fs::create_dir_all(FOLDER)?;
    fs::write(&file, serde_json::to_string_pretty(&all)?)?;
    println!("kept as {}", file.display());
    Ok(())
}

/// The other revision, in its work tree.
fn other(here: &Path, revision: &str) -> Result<Side> {
    let mut parse = Command::new("git");
    parse
        .args(["rev-parse", "--verify", "--quiet", "--end-of-options"])
        .arg(format!("{revision}^{{commit}}"));
    let Ok(commit) = stdout_of(&mut parse) else { bail!("{revision:?} names no commit") };
    let root = here.join(TREES).join(commit.trim());
    if !root.join("Cargo.toml").is_file() {
        let add = ["worktree", "add", "--force", "--detach"];
        check(Command::new("git").args(add).arg(&root).arg(commit.trim()))?;
    }
    step("old", || {
        check(cargo().args(["xtask", "build", "--release"]).current_dir(&root))?;
        Ok(((), format!("built {revision}")))
    })?;
    Side::of("old", root)
}

impl Side {
    fn of(name: &'static str, root: PathBuf) -> Result<Self> {
        let mut build = cargo();
        build.args(["bench", "--no-run", "--package", "server", "--bench", "million"]).current_dir(&root);
        let files = step("bench", || Ok((artifacts(&mut build)?, format!("built, {name}"))))?;
        let benchmark = files.iter().find_map(|artifact| artifact.benchmark("million"));
        let benchmark = benchmark.context("cargo built no benchmark of that name")?.to_owned();
        Ok(Self { name, root, benchmark })
    }

    /// Fills a new database and measures it.
    fn run(&self, kind: Kind, actions: usize, cluster: Option<&str>) -> Result<Figures> {
        let folder = self.root.join(FOLDER);
        let mut million = Command::new(&self.benchmark);
        million.current_dir(&self.root).arg("--bench").arg("--folder").arg(&folder);
        million.args(["--only", kind.name(), "--actions", &actions.to_string()]);
        if let Some(url) = cluster {
            million.env(postgres::URL_VARIABLE, url);
        }
        check(&mut million)?;
        let latest = folder.join("latest.json");
        let text =
            fs::read_to_string(&latest).with_context(|| format!("cannot read {}", latest.display()))?;
        Figures::read(&text, kind.name())
    }
}
