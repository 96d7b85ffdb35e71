//! The programs on which the responder's tests act: packet filter, namespaces, service managers, antivirus. Without
//! root privileges none of them can be used, so that their tests say that they are skipped, unless `CI` is set.

use std::path::Path;

use anyhow::Result;

use crate::{apt, step::step};

/// Debian's packages, and what each is for.
const DEBIAN_PACKAGES: &[&str] = &[
    "nftables",          // blocks and isolation
    "iproute2",          // network namespaces
    "runit",             // services
    "supervisor",        // services
    "systemd",           // services and timers
    "dbus-user-session", // the bus of systemd's user manager
    "clamav-daemon",     // scans
];
/// What is only unpacked: once installed, Debian's fapolicyd lets nothing be executed on a host of systemd.
const UNPACKED_PACKAGES: &[&str] = &["fapolicyd", "liblmdb0"];
/// Where that lies, and a file by which it is known to be there.
const UNPACKED: &str = "target/host-tools/fapolicyd";
const UNPACKED_PROGRAM: &str = "usr/sbin/fapolicyd";

/// Installs or unpacks what is missing, where that can be done.
pub(crate) fn provide() -> Result<()> {
    unpack()?;
    if apt::is_available() && apt::are_installed(DEBIAN_PACKAGES) {
        return Ok(());
    }
    step("host tools", || {
        if !apt::is_available() || !apt::is_root() {
            return Ok(((), "not installed: tests that need them say that they are skipped".to_owned()));
        }
        apt::install("what the responder's tests act on", DEBIAN_PACKAGES)?;
        Ok(((), "installed".to_owned()))
    })
}

fn unpack() -> Result<()> {
    let folder = Path::new(UNPACKED);
    if folder.join(UNPACKED_PROGRAM).exists() || !apt::is_available() {
        return Ok(());
    }
    step("fapolicyd", || {
        // Without a network the test says that it is skipped.
        let said = match apt::unpack(UNPACKED_PACKAGES, folder) {
            Ok(()) => "unpacked".to_owned(),
            Err(error) => format!("not unpacked: {error:#}"),
        };
        Ok(((), said))
    })
}
