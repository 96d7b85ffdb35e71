//! System packages of Debian and its derivatives. Nothing is installed without root privileges.

use std::{fs, path::Path, process::Command};

use anyhow::{Result, bail};

use crate::process;

/// Whether this system has apt.
pub(crate) fn is_available() -> bool {
    Path::new("/etc/debian_version").exists() && process::is_installed("apt-get")
}

/// Whether this process runs as root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether all the packages are installed.
pub(crate) fn are_installed(packages: &[&str]) -> bool {
    // One word for each package; an unknown one makes it fail.
    process::stdout_of(Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Status}\n"]).args(packages))
        .is_ok_and(|states| states.lines().all(|state| state == "installed"))
}

/// Installs the packages. Without root privileges the error names the command to run. `purpose` is what they are for.
pub(crate) fn install(purpose: &str, packages: &[&str]) -> Result<()> {
    if !is_root() {
        bail!("{purpose} is missing. Run this and start again: {}", manual_command(packages));
    }
    // One unreachable source fails the update as a whole, though the packages may come from another.
    let updated = process::check(apt_get().arg("update"));
    let installed =
        process::check(apt_get().args(["install", "-y", "--no-install-recommends"]).args(packages));
    match installed {
        Ok(_) => Ok(()),
        // Where both failed, the update's complaint is the cause.
        Err(error) => Err(updated.err().unwrap_or(error)),
    }
}

/// Unpacks the packages into a folder; none of what they do when they are installed is done.
pub(crate) fn unpack(packages: &[&str], folder: &Path) -> Result<()> {
    let downloads = folder.with_extension("packages");
    fs::create_dir_all(&downloads)?;
    process::check(apt_get().arg("download").args(packages).current_dir(&downloads))?;
    for entry in fs::read_dir(&downloads)? {
        process::check(Command::new("dpkg-deb").arg("-x").arg(entry?.path()).arg(folder))?;
    }
    Ok(fs::remove_dir_all(&downloads)?)
}

/// The command that installs the packages, for a user who is not root.
pub(crate) fn manual_command(packages: &[&str]) -> String {
    format!("sudo apt-get update && sudo apt-get install -y --no-install-recommends {}", packages.join(" "))
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    // Another installation may be under way, as on a machine that has just started.
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", "DPkg::Lock::Timeout=120"]);
    command
}
