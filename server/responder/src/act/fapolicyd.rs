//! The file access policy daemon fapolicyd: whether it runs and decides, what it trusts, and how it is made to read its
//! rules again.
//!
//! `fagenrules` makes one list of the files in `rules.d` and signals the daemon. fapolicyd 1.1.7 (Debian 12) reads its trust
//! anew at that signal and goes on with its old rules, and says nothing of it: such a one is restarted by systemd.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use super::program::{is_program, program};
use super::systemd::Systemd;

/// The folder that `fagenrules` reads, which can't be told another.
pub(super) const RULES: &str = "/etc/fapolicyd/rules.d";
const COMPILED: &str = "/etc/fapolicyd/compiled.rules";
const SETTINGS: &str = "/etc/fapolicyd/fapolicyd.conf";
const DAEMON: &str = "fapolicyd";
const UNIT: &str = "fapolicyd.service";
/// What `fagenrules` of versions 1.1 to 2.0 calls, and itself.
pub(crate) const TOOLS: [&str; 20] = [
    "fagenrules",
    "fapolicyd-cli",
    "sh",
    "awk",
    "cat",
    "chgrp",
    "chmod",
    "cmp",
    "cp",
    "find",
    "grep",
    "ls",
    "mktemp",
    "mv",
    "pidof",
    "rm",
    "sha256sum",
    "sort",
    "wc",
    "restorecon",
];

/// Whether rules can be put in force now, and lifted again.
pub(super) fn answers(systemd: Option<&Systemd>) -> bool {
    why_not(systemd).is_none()
}

/// Why no rules can be put in force now; none if they can.
pub(super) fn why_not(systemd: Option<&Systemd>) -> Option<String> {
    if !is_program("fagenrules") || !is_program("fapolicyd-cli") || !Path::new(RULES).is_dir() {
        return Some(format!("fapolicyd with a folder {RULES} is not installed"));
    }
    if !runs() {
        return Some("fapolicyd does not run".to_owned());
    }
    if is_permissive() {
        return Some(format!("fapolicyd would only watch: {SETTINGS} says permissive = 1"));
    }
    let restarts = || systemd.is_some_and(|systemd| systemd.is_active(UNIT));
    (!reads_again() && !restarts()).then(|| {
        format!("this fapolicyd reads its rules only at its start, and systemd has no running {UNIT}")
    })
}

/// Makes the rules those of the files in the folder as they are now, and the daemon go by them if it shall run.
pub(super) fn load(systemd: Option<&Systemd>, runs_then: bool) -> anyhow::Result<()> {
    let output = Command::new("fagenrules")
        .arg("--load")
        .stdin(Stdio::null())
        .output()
        .context("fagenrules can't be started")?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("without a word");
    ensure!(output.status.success(), "fagenrules fails: {last}");
    if !runs_then {
        return Ok(());
    }
    if !reads_again() {
        systemd.context("systemd is not there to restart fapolicyd")?.restart(UNIT)?;
    }
    ensure!(runs(), "fapolicyd has ended, and does not decide about anything");
    Ok(())
}

/// Whether the list that the daemon reads has this rule.
pub(super) fn has_rule(rule: &str) -> bool {
    fs::read_to_string(COMPILED).is_ok_and(|text| text.lines().any(|line| line.trim() == rule))
}

/// A program that would be needed to lift a restriction and that the daemon does not trust; none if all are trusted.
pub(super) fn untrusted() -> anyhow::Result<Option<PathBuf>> {
    let output = Command::new("fapolicyd-cli")
        .arg("--dump-db")
        .stdin(Stdio::null())
        .output()
        .context("fapolicyd-cli can't be started")?;
    ensure!(output.status.success(), "fapolicyd-cli does not tell what is trusted");
    let trusted = String::from_utf8_lossy(&output.stdout);
    let trusted: HashSet<&str> = trusted.lines().filter_map(path_of).collect();
    let own = std::env::current_exe().context("the responder's own program is not known")?;
    let tools = TOOLS.iter().filter_map(|name| program(name)).map(|path| path.canonicalize().unwrap_or(path));
    Ok(std::iter::once(own).chain(tools).find(|path| !is_among(path, &trusted)))
}

/// The path in a line of `fapolicyd-cli --dump-db`: `SOURCE PATH SIZE HASH`.
fn path_of(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once(' ')?;
    let (rest, _) = rest.rsplit_once(' ')?;
    rest.rsplit_once(' ').map(|(path, _)| path)
}

/// Whether the path is trusted, also by the name that packages of before the merge of `/usr` give it.
fn is_among(path: &Path, trusted: &HashSet<&str>) -> bool {
    let Some(path) = path.to_str() else { return false };
    let before = path
        .strip_prefix("/usr")
        .filter(|path| ["/bin/", "/sbin/", "/lib/", "/lib64/"].iter().any(|folder| path.starts_with(folder)));
    trusted.contains(path) || before.is_some_and(|path| trusted.contains(path))
}

/// Whether the daemon itself can be made to read its rules again.
fn reads_again() -> bool {
    let output = Command::new("fapolicyd-cli").arg("--help").stdin(Stdio::null()).output();
    output.is_ok_and(|output| {
        [output.stdout, output.stderr]
            .iter()
            .any(|text| String::from_utf8_lossy(text).contains("--reload-rules"))
    })
}

/// Whether the daemon is there.
pub(super) fn runs() -> bool {
    let is_process = |name: &OsStr| name.to_str().is_some_and(|name| name.parse::<u32>().is_ok());
    let is_daemon = |path: &Path| {
        fs::read_to_string(path.join("comm")).is_ok_and(|name| name.trim_end() == DAEMON)
            // What has ended and was not waited for has no program any more.
            && fs::read_link(path.join("exe")).is_ok()
    };
    fs::read_dir("/proc").is_ok_and(|entries| {
        entries.flatten().any(|entry| is_process(&entry.file_name()) && is_daemon(&entry.path()))
    })
}

fn is_permissive() -> bool {
    let text = fs::read_to_string(SETTINGS).unwrap_or_default();
    let setting = |line: &str| {
        let (name, value) = line.split_once('=')?;
        (name.trim().eq_ignore_ascii_case("permissive")).then(|| value.trim() != "0")
    };
    text.lines().filter_map(setting).next_back().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_trusted_is_known_by_its_path() {
        assert_eq!(path_of("rpmdb /usr/bin/cat 36168 ab"), Some("/usr/bin/cat"));
        assert_eq!(path_of("filedb /srv/a b 7 ab"), Some("/srv/a b"));
        for bad in ["", "filedb", "filedb /srv/a", "filedb /srv/a 7"] {
            assert_eq!(path_of(bad), None, "{bad}");
        }
        let trusted = HashSet::from(["/bin/cat", "/usr/bin/awk", "/opt/a"]);
        for (path, is_trusted) in [
            ("/usr/bin/cat", true),
            ("/bin/cat", true),
            ("/usr/bin/awk", true),
            ("/bin/awk", false),
            ("/opt/a", true),
            ("/usr/opt/a", false),
            ("/opt/ab", false),
        ] {
            assert_eq!(is_among(Path::new(path), &trusted), is_trusted, "{path}");
        }
    }
}
