//! Node and the npm packages of `end2end/`: wasm-opt for the build, Playwright for the tests.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::{files, process, step::step, workspace::END2END};

const MIN_VERSION: u32 = 20;

/// The optimiser for wasm.
pub(crate) struct WasmOpt {
    /// Its path.
    pub(crate) program: PathBuf,
    /// Its version: another version produces another wasm.
    pub(crate) version: String,
}

/// Installs the npm packages as locked, unless they are there, and returns wasm-opt.
pub(crate) fn packages() -> Result<WasmOpt> {
    step("node", provide)
}

/// Like [`packages`], but a failure is not an error: without wasm-opt the wasm is larger, and the step's line says so.
pub(crate) fn packages_if_possible() -> Result<Option<WasmOpt>> {
    step("node", || {
        Ok(match provide() {
            Ok((wasm_opt, what)) => (Some(wasm_opt), what),
            Err(error) => (None, format!("wasm-opt is skipped, the wasm stays larger: {error:#}")),
        })
    })
}

fn provide() -> Result<(WasmOpt, String)> {
    require_node()?;
    let what = if install()? { "npm packages installed" } else { "npm packages unchanged" };
    Ok((wasm_opt()?, what.to_owned()))
}

fn require_node() -> Result<()> {
    let version = process::stdout_of(Command::new("node").arg("--version")).ok();
    match version.as_deref().and_then(major) {
        Some(version) if version >= MIN_VERSION => Ok(()),
        Some(version) => bail!("Node.js {version} is too old, {MIN_VERSION} or newer is needed"),
        None => bail!("Node.js is not installed, {MIN_VERSION} or newer is needed"),
    }
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Installs the locked packages and returns whether that was necessary.
fn install() -> Result<bool> {
    let lock =
        fs::read(in_end2end("package-lock.json")).context("end2end/package-lock.json cannot be read")?;
    let wanted = files::sha256(&lock);
    let stamp = in_end2end("node_modules/.lock-sha256");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(false);
    }
    process::check(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"])
            .current_dir(END2END),
    )?;
    fs::write(stamp, wanted)?;
    Ok(true)
}

fn wasm_opt() -> Result<WasmOpt> {
    #[derive(Deserialize)]
    struct Package {
        version: String,
    }
    let package = fs::read(in_end2end("node_modules/binaryen/package.json"))
        .context("the npm package binaryen is not installed")?;
    let Package { version } = serde_json::from_slice(&package)?;
    Ok(WasmOpt { program: in_end2end("node_modules/.bin/wasm-opt"), version })
}

fn in_end2end(path: &str) -> PathBuf {
    [END2END, path].iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("20"), None);
    }
}
