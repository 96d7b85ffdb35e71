//! The demo estate: its paths, and the seed command that fills them once.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{process, step::step, workspace::DEMO};

const ACTIONS: &str = "2000";

const DATABASE: &str = "target/demo/countersign.db";
/// The database as a URL.
pub(crate) const DATABASE_URL: &str = "sqlite://target/demo/countersign.db";
/// The folder that holds the files of the demo's real actions.
pub(crate) const SANDBOX: &str = "target/demo/sandbox";
/// The folder in which the responder keeps quarantined files.
pub(crate) const VAULT: &str = "target/demo/vault";
/// The key with which server and responder sign their messages.
pub(crate) const KEY: &str = "target/demo/responder.key";

/// Creates the demo unless it is there; `fresh` removes the old one first.
pub(crate) fn prepare(binary: &Path, fresh: bool) -> Result<()> {
    step("estate", || {
        if fresh && Path::new(DEMO).exists() {
            fs::remove_dir_all(DEMO).context("the old demo cannot be removed")?;
        }
        fs::create_dir_all(DEMO)?;
        // Written after the seed command has succeeded. Without this file the database may be incomplete or hold
        // other data; the seed command decides whether it can use it.
        let complete = Path::new(DEMO).join("complete");
        if complete.exists() && Path::new(DATABASE).exists() {
            return Ok(((), "unchanged".to_owned()));
        }
        process::check(
            Command::new(binary)
                .args(["seed", "--database-url", DATABASE_URL, "--demo", "--actions", ACTIONS, "--seed", "1"])
                .args(["--sandbox", SANDBOX]),
        )
        .context("the demo could not be created; `cargo xtask run --fresh` starts it anew")?;
        fs::write(complete, "")?;
        Ok(((), format!("{ACTIONS} actions created")))
    })
}
