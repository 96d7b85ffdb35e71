//! `cargo xtask screenshots`: pictures of the screens in their states, in both colour schemes and three sizes.

use std::{env, fs, process::Command};

use anyhow::{Context, Result};

use crate::{
    browser, build, node, process,
    step::step,
    wasm::Flavour,
    workspace::{END2END, SCREENSHOTS, SITE},
};

/// Builds what is missing and takes the pictures. A state whose screen does not exist is printed on a line of its own.
pub(crate) fn screenshots() -> Result<()> {
    node::packages()?;
    let chromium = browser::chromium()?;
    build::site(Flavour::Release)?;
    let binary = fs::canonicalize(build::server(false)?)?;
    let skipped = step("pictures", || {
        // Pictures of screens that no longer exist must not remain.
        if fs::exists(SCREENSHOTS)? {
            fs::remove_dir_all(SCREENSHOTS).context("the old pictures cannot be removed")?;
        }
        let mut command = Command::new("npx");
        command
            .args(["playwright", "test", "--config", "screenshots.config.ts", "--reporter", "list"])
            .current_dir(END2END)
            .env("COUNTERSIGN_BIN", &binary)
            .env("COUNTERSIGN_SITE", env::current_dir()?.join(SITE));
        if let Some(chromium) = &chromium {
            command.env("CHROMIUM", chromium);
        }
        let output = process::check(&mut command)?;
        let count = fs::read_dir(SCREENSHOTS)?.count();
        Ok((skipped(&output), format!("{count} in {SCREENSHOTS}")))
    })?;
    for line in skipped {
        println!("{line}");
    }
    Ok(())
}

fn skipped(output: &str) -> Vec<String> {
    output.lines().filter(|line| line.contains(" is skipped: ")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_skipped_is_said() {
        let output = "Running 6 tests\nhome dark 390x844 is skipped: `/` only leads on\n  ok 1 [light]\n";
        assert_eq!(skipped(output), ["home dark 390x844 is skipped: `/` only leads on"]);
    }
}
