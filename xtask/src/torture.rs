//! `cargo xtask torture`: the test `torture`, for as long and with the seed that are named.

use anyhow::Result;
use clap::Args;

use crate::cargo::cargo;
use crate::postgres::{self, Purpose};

/// Options of `cargo xtask torture`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What chooses the faults: the same seed, the same faults
    #[arg(long, default_value_t = 7)]
    seed: u64,

    /// How long each database is tortured
    #[arg(long, default_value_t = 5)]
    minutes: u64,

    /// Only this database: `sqlite` or `postgres`
    #[arg(long)]
    only: Option<String>,
}

/// Whether nothing was lost or doubled, and every fault happened.
pub(crate) fn torture(options: &Options) -> Result<bool> {
    let cluster = postgres::start(&postgres::programs()?, Purpose::Tests)?;
    let filter = format!(
        "torture::{}",
        options.only.as_ref().map(|of| format!("nothing_is_lost_or_doubled_on_{of}")).unwrap_or_default()
    );
    let mut command = cargo();
    command.args(["test", "--package", "server", "--features", "crash-points", "--test", "it", &filter]);
    // One after the other, and with what each says.
    command.args(["--", "--test-threads", "1", "--nocapture"]);
    command.env(postgres::URL_VARIABLE, cluster.url());
    command.env("COUNTERSIGN_TORTURE_SEED", options.seed.to_string());
    command.env("COUNTERSIGN_TORTURE_MINUTES", options.minutes.to_string());
    Ok(command.status()?.success())
}
