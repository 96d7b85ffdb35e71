//! The demo: its files, and the generator that fills them once.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{process, step::step, workspace::DEMO};

const ACTIONS: &str = "2000";

const DATABASE: &str = "target/demo/countersign.db";
/// The same as a URL.
pub(crate) const DATABASE_URL: &str = "sqlite://target/demo/countersign.db";
/// The folder whose files its real actions are about.
pub(crate) const SANDBOX: &str = "target/demo/sandbox";
/// Where the responder keeps what it took out of the sandbox.
pub(crate) const VAULT: &str = "target/demo/vault";
/// What server and responder sign with.
pub(crate) const KEY: &str = "target/demo/responder.key";

/// Creates the demo unless it is there; `fresh` removes the old one first.
pub(crate) fn prepare(binary: &Path, fresh: bool) -> Result<()> {
    step("estate", || {
        if fresh && Path::new(DEMO).exists() {
            fs::remove_dir_all(DEMO).context("the old demo cannot be removed")?;
        }
        fs::create_dir_all(DEMO)?;
        // Set only once the generator is through: a database without it is half filled, or somebody's own,
        // and the generator is asked what to think of it.
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
