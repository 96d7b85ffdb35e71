//! Paths of the workspace. Every path is relative to the workspace root, which [`enter`] makes the current directory,
//! so that what is printed is short and the same on every machine.

use std::{env, path::Path};

use anyhow::{Context, Result, bail};

/// The site that the server serves.
pub(crate) const SITE: &str = "target/site";
/// Results of the stages that are kept between runs.
pub(crate) const CACHE: &str = "target/xtask";
/// The demo's database, sandbox, vault, key and logs.
pub(crate) const DEMO: &str = "target/demo";
/// The pictures of the screens.
pub(crate) const SCREENSHOTS: &str = "target/screenshots";
/// The browser tests, which also own the project's npm packages.
pub(crate) const END2END: &str = "end2end";

/// Makes the workspace root the current directory.
pub(crate) fn enter() -> Result<()> {
    // Cargo names the package's folder; a binary started by hand has to stand in the root.
    if let Some(package) = env::var_os("CARGO_MANIFEST_DIR")
        && let Some(root) = Path::new(&package).parent()
    {
        env::set_current_dir(root).context("cannot enter the workspace's root")?;
    }
    if !Path::new("xtask/Cargo.toml").is_file() {
        bail!("start this as `cargo xtask` inside the workspace");
    }
    Ok(())
}
