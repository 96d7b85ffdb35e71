//! `cargo xtask schemathesis`: the test of the same name, with as many cases as are named.

use anyhow::Result;
use clap::Args;

use crate::cargo::cargo;

/// Options of `cargo xtask schemathesis`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Cases of each operation, for each token
    #[arg(long, default_value_t = 50)]
    examples: u32,

    /// Only with a token of this scope, for example `actions:decide`
    #[arg(long)]
    scope: Option<String>,

    /// Try all combinations of limits first, which takes long
    #[arg(long)]
    coverage: bool,

    /// What chooses the cases: the same seed, the same cases
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

/// Whether the API keeps to its description.
pub(crate) fn schemathesis(options: &Options) -> Result<bool> {
    let mut command = cargo();
    command.args(["test", "--package", "server", "--features", "crash-points", "--test", "it"]);
    command.args(["schemathesis::", "--", "--nocapture"]);
    command.env("COUNTERSIGN_SCHEMATHESIS_EXAMPLES", options.examples.to_string());
    if let Some(scope) = &options.scope {
        command.env("COUNTERSIGN_SCHEMATHESIS_SCOPE", scope);
    }
    if options.coverage {
        command.env("COUNTERSIGN_SCHEMATHESIS_PHASES", "examples,coverage,fuzzing");
    }
    command.env("COUNTERSIGN_SCHEMATHESIS_SEED", options.seed.to_string());
    Ok(command.status()?.success())
}
