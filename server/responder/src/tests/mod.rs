//! The engine on real files and the endpoint on a real port.

mod acts;
mod execution;
mod http;
#[cfg(feature = "crash-points")]
mod kill;
mod moves;
mod network;
mod refusals;
mod scans;
mod services;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tempfile::TempDir;
use uuid::Uuid;

use super::engine::Engine;
use super::journal::Verb;
use super::order::{Files, Order, Task};
use openc2::{Hashes, Outcome, Report, Response, Sha256};

fn clock() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn sha256(bytes: &[u8]) -> Sha256 {
    use sha2::Digest as _;
    Sha256::new(sha2::Sha256::digest(bytes).into())
}

/// A root and a vault, on one file system or on two.
struct Host {
    root: TempDir,
    vault: TempDir,
    renames_fail: bool,
}

impl Host {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap(), vault: tempfile::tempdir().unwrap(), renames_fail: false }
    }

    /// The vault on another file system; where this machine has only one, renames are made to say so.
    fn across() -> Self {
        let mut host = Self::new();
        let device = |path: &Path| fs::metadata(path).unwrap().dev();
        match tempfile::tempdir_in("/dev/shm") {
            Ok(vault) if device(vault.path()) != device(host.root.path()) => host.vault = vault,
            _ => host.renames_fail = true,
        }
        host
    }

    fn engine(&self) -> Engine {
        let mut engine = Engine::open(self.root.path(), &self.vault(), self.host(), clock).unwrap();
        if self.renames_fail {
            engine.vault.rename = |_, _, _, _| Err(rustix::io::Errno::XDEV);
        }
        engine
    }

    /// With all folders of its own, so that a test changes nothing else.
    fn host(&self) -> super::act::host::Host {
        let mut args = host_args(&[]);
        args.cron_root = self.root.path().into();
        args.runit = self.root.path().join("no services");
        args.supervisor = self.root.path().join("no supervisor");
        super::act::host::Host::open(&args, Vec::new()).unwrap()
    }

    fn vault(&self) -> PathBuf {
        self.vault.path().join("vault")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8], mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// The data files in the vault, by their content.
    fn vaulted(&self) -> Vec<Vec<u8>> {
        let mut found: Vec<_> = fs::read_dir(self.vault())
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_file())
            .filter(|entry| {
                let name = entry.file_name();
                let name = name.to_str().unwrap();
                Path::new(name).extension().is_none_or(|ext| ext != "json") && name != "lock"
            })
            .map(|entry| read_sealed(&entry.path()))
            .collect();
        found.sort();
        found
    }

    /// The names beneath the root.
    fn listing(&self) -> Vec<String> {
        fn walk(dir: &Path, root: &Path, names: &mut Vec<String>) {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.symlink_metadata().unwrap().is_dir() {
                    walk(&path, root, names);
                } else {
                    names.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
                }
            }
        }
        let mut names = Vec::new();
        walk(self.root.path(), self.root.path(), &mut names);
        names.sort();
        names
    }
}

fn host_args(args: &[&str]) -> super::HostArgs {
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        host: super::HostArgs,
    }
    <Line as clap::Parser>::parse_from(std::iter::once("x").chain(args.iter().copied())).host
}

fn order(verb: Verb, path: Option<&str>, sha256: Sha256) -> Order {
    order_of(verb, path, Hashes::sha256(sha256))
}

fn order_of(verb: Verb, path: Option<&str>, hashes: Hashes) -> Order {
    let files = Files { path: path.map(str::to_owned), hashes };
    let task = match verb {
        Verb::Quarantine => Task::Quarantine { files, stop: false },
        Verb::Release => Task::Release(files),
        Verb::Act => panic!("an act is no file's move"),
    };
    Order { command_id: Uuid::new_v4(), digest: format!("{task:?}"), task }
}

/// Reads a file that has no permission bits, which only root can do without lending it one.
fn read_sealed(path: &Path) -> Vec<u8> {
    let mode = path.metadata().unwrap().permissions();
    fs::set_permissions(path, fs::Permissions::from_mode(0o400)).unwrap();
    let bytes = fs::read(path).unwrap();
    fs::set_permissions(path, mode).unwrap();
    bytes
}

/// Everything that a release must bring back.
#[derive(Debug, PartialEq)]
struct Look {
    bytes: Vec<u8>,
    mode: u32,
    uid: u32,
    gid: u32,
    mtime: (i64, i64),
}

fn look(path: &Path) -> Look {
    let metadata = path.symlink_metadata().unwrap();
    Look {
        bytes: fs::read(path).unwrap(),
        mode: metadata.mode(),
        uid: metadata.uid(),
        gid: metadata.gid(),
        mtime: (metadata.mtime(), metadata.mtime_nsec()),
    }
}

#[track_caller]
fn reported(response: &Response, status: u16, outcome: Outcome) -> Report {
    let report = response.report().unwrap_or_else(|| panic!("no report in {response:?}"));
    assert_eq!((response.status.0, report.outcome), (status, outcome), "{response:?}");
    assert_eq!(response.status_text.as_deref(), Some(report.detail.as_str()));
    report
}
