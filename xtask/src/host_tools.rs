//! The programs on which the responder's tests act: packet filter, namespaces, service managers, antivirus. Without
//! root privileges none of them can be used, so that their tests say that they are skipped, unless `CI` is set.

use anyhow::Result;

use crate::{apt, step::step};

/// Debian's packages, and what each is for.
const DEBIAN_PACKAGES: &[&str] = &[
    "nftables",          // blocks and isolation
    "iproute2",          // network namespaces
    "runit",             // services
    "systemd",           // services and timers
    "dbus-user-session", // the bus of systemd's user manager
    "clamav-daemon",     // scans
];
/// Installs what is missing, where that can be done.
pub(crate) fn provide() -> Result<()> {
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
