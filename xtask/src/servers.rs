//! The servers that the kinds of executors are tested against: Debian's packages, which the tests start by themselves,
//! in folders and on ports of their own.
//!
//! None is needed to work on anything else: where one can't be had its tests say so and pass.

use std::{fs, path::Path, process::Command};

use anyhow::Result;

use crate::{apt, step::step};

/// The environment variable that names the packages that could not be had, which excuses their tests in CI.
const WITHOUT_VARIABLE: &str = "COUNTERSIGN_TEST_WITHOUT";

/// Each package with those that its tests need beside it.
const PACKAGES: &[(&str, &[&str])] = &[
    ("slapd", &["slapd"]),
    ("ldap-utils", &["ldap-utils"]),
    ("dovecot-imapd", &["dovecot-imapd"]),
    ("dovecot-sieve", &["dovecot-sieve", "dovecot-managesieved"]),
    ("crowdsec", &["crowdsec"]),
];

/// Where `CrowdSec` keeps who it is for its maker's API. The package registers this machine there unless it has text.
const CROWDSEC_CENTRAL: &str = "/etc/crowdsec/online_api_credentials.yaml";

/// The packages that could not be had.
pub(crate) struct Missing(String);

impl Missing {
    /// Tells it the tests.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.env(WITHOUT_VARIABLE, &self.0);
    }
}

/// Installs what is missing, where that is possible. Returns what is missing still.
pub(crate) fn provide() -> Result<Missing> {
    let missing = missing();
    if missing.is_empty() || !apt::is_available() || !apt::is_root() {
        return Ok(told(&missing));
    }
    step("servers", || {
        stay_unregistered();
        let packages: Vec<&str> = missing.iter().flat_map(|(_, packages)| *packages).copied().collect();
        if apt::install("what executors are tested against", &packages).is_err() {
            // One that can't be had keeps no other away.
            for (_, packages) in &missing {
                let _ = apt::install("what executors are tested against", packages);
            }
        }
        let left = self::missing();
        let said = if left.is_empty() { "installed".to_owned() } else { format!("without {}", names(&left)) };
        Ok((Missing(names(&left)), said))
    })
}

fn missing() -> Vec<(&'static str, &'static [&'static str])> {
    PACKAGES.iter().filter(|(_, packages)| !apt::are_installed(packages)).copied().collect()
}

fn told(missing: &[(&str, &'static [&'static str])]) -> Missing {
    if !missing.is_empty() {
        let packages: Vec<&str> = missing.iter().flat_map(|(_, packages)| *packages).copied().collect();
        println!(
            "skipped  tests of executors without {}: {}",
            names(missing),
            apt::manual_command(&packages)
        );
    }
    Missing(if apt::is_available() { String::new() } else { names(missing) })
}

fn names(missing: &[(&str, &[&str])]) -> String {
    missing.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
}

/// Keeps the installation of `CrowdSec` from registering this machine with its maker.
fn stay_unregistered() {
    let file = Path::new(CROWDSEC_CENTRAL);
    if fs::metadata(file).is_ok_and(|found| found.len() > 0) {
        return;
    }
    if let Some(folder) = file.parent() {
        let _ = fs::create_dir_all(folder);
        let _ = fs::write(file, "# Not registered at the central API.\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_are_told_what_is_missing() {
        let mut command = Command::new("true");
        Missing(names(&PACKAGES[..2])).tell(&mut command);
        let told = command.get_envs().next().unwrap();
        assert_eq!(told, (WITHOUT_VARIABLE.as_ref(), Some("slapd ldap-utils".as_ref())));
    }
}
