//! `cargo xtask bench`: the optimised server and site, measured with very many actions.

use anyhow::{Context, Result};

use crate::{
    build,
    cargo::cargo,
    postgres::{self, Purpose},
};

/// Returns whether it could be measured; the figures are printed and kept in `target/bench/latest.json`.
pub(crate) fn bench(arguments: &[String]) -> Result<bool> {
    build::build(true)?;
    let cluster = postgres::start(&postgres::programs()?, Purpose::Bench)?;
    let mut million = cargo();
    million.args(["bench", "--package", "server", "--bench", "million", "--"]).args(arguments);
    let status = million.env(postgres::VARIABLE, cluster.url()).status();
    Ok(status.context("cannot start cargo")?.success())
}
