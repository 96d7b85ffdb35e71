//! Chromium for the browser tests: the installed one, else Debian's package, else Playwright's own.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

use crate::{apt, process, step::step, workspace::END2END};

const PACKAGES: &[&str] = &["chromium"];

/// The browser's binary; none means Playwright's own, which it finds by itself.
pub(crate) fn chromium() -> Result<Option<PathBuf>> {
    step("browser", || {
        if let Some(found) = installed() {
            let what = format!("{} found", found.display());
            return Ok((Some(found), what));
        }
        if apt::is_available() && apt::is_root() {
            apt::install("Chromium", PACKAGES)?;
            return Ok((installed(), "chromium installed".to_owned()));
        }
        if process::check(
            Command::new("npx").args(["playwright", "install", "chromium"]).current_dir(END2END),
        )
        .is_ok()
        {
            return Ok((None, "Playwright's own".to_owned()));
        }
        let manual_command = if apt::is_available() {
            apt::manual_command(PACKAGES)
        } else {
            format!("cd {END2END} && npx playwright install --with-deps chromium")
        };
        bail!("Chromium is missing and could not be downloaded. Run this and start again: {manual_command}")
    })
}

fn installed() -> Option<PathBuf> {
    let debian = Path::new("/usr/bin/chromium");
    if debian.exists() {
        return Some(debian.to_owned());
    }
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join("google-chrome")).find(|it| it.exists())
}
