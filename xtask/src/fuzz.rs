//! `cargo xtask fuzz`: fuzz targets of `server/fuzz`, each for a time, by cargo-fuzz, which is installed if it is missing.

use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;

use crate::cargo::cargo;
use crate::process;

/// The version that is installed.
const VERSION: &str = "0.13.2";
const TARGETS: [&str; 7] = ["intake", "query", "cursor", "openc2_message", "signature", "csv_cell", "audit"];
/// Largest input, in bytes.
const MAX_INPUT: &str = "-max_len=16384";

/// Options of `cargo xtask fuzz`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The targets; all where none is named
    targets: Vec<String>,

    /// How long each is tried
    #[arg(long, default_value_t = 600)]
    seconds: u64,
}

/// Whether nothing was found. What was found lies in `server/fuzz/artifacts`.
pub(crate) fn fuzz(options: &Options) -> Result<bool> {
    if let Some(unknown) = options.targets.iter().find(|name| !TARGETS.contains(&name.as_str())) {
        bail!("{unknown} is no target; there are {}", TARGETS.join(", "));
    }
    if process::stdout_of(cargo().args(["fuzz", "--version"])).is_err() {
        process::check(cargo().args(["install", "cargo-fuzz", "--locked", "--version", VERSION]))?;
    }
    // With the versions that the product is built with; cargo adds what only fuzzing needs.
    std::fs::copy("Cargo.lock", "server/fuzz/Cargo.lock")?;
    let all = TARGETS.map(str::to_owned);
    let targets = if options.targets.is_empty() { all.as_slice() } else { &options.targets };
    let mut found = Vec::new();
    for target in targets {
        // What is found goes to the first folder, which is nobody's but this machine's; the second is kept.
        let folders = [format!("fuzz/corpus/{target}"), format!("fuzz/seeds/{target}")];
        for folder in &folders {
            std::fs::create_dir_all(Path::new("server").join(folder))?;
        }
        // Without a sanitizer, which needs a nightly compiler: nothing of ours is unsafe.
        let mut command = cargo();
        command.current_dir("server").args(["fuzz", "run", "--dev", "--sanitizer", "none"]);
        command.args(["--target-dir", "../target/fuzz", target]).args(&folders).args(["--", MAX_INPUT]);
        command.arg(format!("-max_total_time={}", options.seconds)).arg("-print_final_stats=1");
        if !command.status()?.success() {
            found.push(target.as_str());
        }
    }
    if !found.is_empty() {
        println!("something was found by {}", found.join(", "));
    }
    Ok(found.is_empty())
}
