//! `cargo xtask build`: the site and the server's binary.

use std::path::PathBuf;

use anyhow::Result;

use crate::{
    cargo, node, site,
    step::step,
    style, toolchain,
    wasm::{self, Flavour},
};

/// Builds all.
pub(crate) fn build(release: bool) -> Result<()> {
    site(Flavour::Release)?;
    server(release)?;
    Ok(())
}

/// Sets up what the site needs, and builds it.
pub(crate) fn site(flavour: Flavour) -> Result<()> {
    let wasm_opt = if flavour == Flavour::Release { node::packages_if_possible()? } else { None };
    let rustc = toolchain::wasm_rustc()?;
    let glue = wasm::build(&rustc, flavour, wasm_opt.as_ref())?;
    site::assemble(&glue, flavour, &style::build()?)
}

/// Builds the server and returns its binary.
pub(crate) fn server(release: bool) -> Result<PathBuf> {
    step("server", || {
        let (binary, fresh) = cargo::server(release)?;
        Ok((binary, if fresh { "unchanged" } else { "built" }.to_owned()))
    })
}
