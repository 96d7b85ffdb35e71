//! Where quarantined files lie: a folder that only the responder can enter.
//!
//! An entry is a data file and, once it is settled, a record beside it: `<command_id>-<n>` and `<command_id>-<n>.json`.
//! Owns names and permissions in the vault; when an entry comes and goes is decided by `quarantine` and `release`.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use rustix::fs::{FlockOperation, Mode, OFlags, openat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::content::{self, Facts};
use super::durable;
use super::root::Root;
use openc2::{Hashes, Md5, Sha1};

const KEPT: &str = "kept";

/// The record of a file in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Held {
    /// The absolute path that it came from.
    pub(super) path: String,
    #[serde(flatten)]
    pub(super) facts: Facts,
    /// Further hash values of the content; records of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha1: Option<Sha1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) md5: Option<Md5>,
    /// The command that took it.
    pub(super) command_id: Uuid,
    pub(super) quarantined_at: Timestamp,
    #[serde(default)]
    pub(super) state: State,
}

/// How far an entry is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub(super) enum State {
    /// In the vault.
    #[default]
    Held,
    /// A complete copy with this inode number was about to take the original path.
    Releasing {
        /// Tells the released copy from a stranger's file at the same path.
        ino: u64,
    },
}

/// Moves a name from one folder to another, never over an existing one.
type Rename = fn(BorrowedFd<'_>, &Path, BorrowedFd<'_>, &Path) -> Result<(), Errno>;

/// The open vault.
pub(super) struct Vault {
    dir: OwnedFd,
    journal: OwnedFd,
    device: u64,
    /// Held for as long as the process lives: two responders would not see each other's steps.
    _lock: OwnedFd,
    /// How a name crosses between the vault and a folder; `XDEV` when only copying will do.
    pub(super) rename: Rename,
}

impl Vault {
    /// Opens the vault, making it if it is missing; refuses one that others could enter.
    pub(super) fn open(path: &Path, root: &Root) -> anyhow::Result<Self> {
        match rustix::fs::mkdir(path, Mode::RWXU) {
            Ok(()) => {
                let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                File::open(parent.unwrap_or(Path::new(".")))
                    .and_then(|parent| parent.sync_all())
                    .context("the vault's name cannot be made durable")?;
            }
            Err(Errno::EXIST) => {}
            Err(error) => bail!("the vault {} cannot be made: {error}", path.display()),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let dir = rustix::fs::open(path, flags, Mode::empty())
            .with_context(|| format!("the vault {} cannot be opened", path.display()))?;
        let device = check_private(&dir, path)?;
        let real = path.canonicalize()?;
        ensure!(
            !real.starts_with(root.path()) && !root.path().starts_with(&real),
            "the vault {} and the root {} must not contain one another",
            real.display(),
            root.path().display()
        );

        let lock =
            openat(&dir, "lock", OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)?;
        if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            bail!("another responder is using the vault {}", path.display());
        }
        if let Err(error) = rustix::fs::mkdirat(&dir, "journal", Mode::RWXU)
            && error != Errno::EXIST
        {
            bail!("the journal cannot be made: {error}");
        }
        let journal = openat(&dir, "journal", flags, Mode::empty())?;
        check_private(&journal, &path.join("journal"))?;
        durable::sync(&dir)?;
        Ok(Self { dir, journal, device, _lock: lock, rename: durable::rename })
    }

    pub(super) fn dir(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }

    /// The folder of the journal.
    pub(super) fn journal(&self) -> BorrowedFd<'_> {
        self.journal.as_fd()
    }

    /// Whether something on this device can probably be renamed into the vault.
    pub(super) fn is_on(&self, device: u64) -> bool {
        self.device == device
    }

    /// Whether the entry's data is here and complete.
    pub(super) fn has(&self, entry: &str) -> io::Result<bool> {
        Ok(self.stat(entry)?.is_some())
    }

    pub(super) fn stat(&self, entry: &str) -> io::Result<Option<rustix::fs::Stat>> {
        durable::stat(self.dir(), Path::new(entry))
    }

    /// Opens the entry's data, which may have no permission bits left.
    pub(super) fn open_data(&self, entry: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match openat(&self.dir, entry, flags, Mode::empty()) {
            Err(Errno::ACCESS) => {
                // Not root: the owner needs the bit for the moment of opening. Nobody else can enter the vault.
                rustix::fs::chmodat(&self.dir, entry, Mode::RUSR, rustix::fs::AtFlags::empty())?;
                Ok(openat(&self.dir, entry, flags, Mode::empty())?.into())
            }
            other => Ok(other?.into()),
        }
    }

    /// Reads the entry's record, if there is one.
    pub(super) fn record(&self, entry: &str) -> io::Result<Option<Held>> {
        read_json(self.dir(), &format!("{entry}.json"))
    }

    /// Writes the entry's record durably.
    pub(super) fn write_record(&self, entry: &str, held: &Held) -> io::Result<()> {
        durable::write(self.dir(), &format!("{entry}.json"), &serde_json::to_vec_pretty(held)?)
    }

    /// Removes the entry: its data first, so that data never lies here without a word on what it is.
    pub(super) fn remove(&self, entry: &str) -> io::Result<()> {
        durable::remove(self.dir(), Path::new(entry))?;
        durable::sync(&self.dir)?;
        durable::remove(self.dir(), Path::new(&format!("{entry}.json")))?;
        durable::sync(&self.dir)
    }

    /// The entries with this content whose data is here, the newest first.
    pub(super) fn held(&self, wanted: &Hashes, path: Option<&str>) -> io::Result<Vec<(String, Held)>> {
        let mut found = Vec::new();
        for name in names(self.dir())? {
            let Some(entry) = name.strip_suffix(".json").filter(|name| !name.starts_with('.')) else {
                continue;
            };
            let held = match self.record(entry) {
                Ok(Some(held)) => held,
                Ok(None) => continue,
                // One damaged record must not keep all the others in.
                Err(error) => {
                    tracing::error!(entry, %error, "a record in the vault cannot be read");
                    continue;
                }
            };
            if path.is_none_or(|path| path == held.path)
                && self.has(entry)?
                && self.is_wanted(entry, &held, wanted)?
            {
                found.push((entry.to_owned(), held));
            }
        }
        found.sort_by(|(a, x), (b, y)| y.quarantined_at.cmp(&x.quarantined_at).then_with(|| a.cmp(b)));
        Ok(found)
    }

    fn is_wanted(&self, entry: &str, held: &Held, wanted: &Hashes) -> io::Result<bool> {
        let known = held.hashes();
        let lacks_one =
            wanted.sha1.is_some() && known.sha1.is_none() || wanted.md5.is_some() && known.md5.is_none();
        let found = if lacks_one { content::hashes_of(&self.open_data(entry)?)? } else { known };
        Ok(content::matches(wanted, &found))
    }

    /// The folder of what is kept beside files: states from before, and what was made for people. Made if missing.
    pub(super) fn kept(&self) -> io::Result<OwnedFd> {
        match rustix::fs::mkdirat(&self.dir, KEPT, Mode::RWXU) {
            Ok(()) => durable::sync(&self.dir)?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        self.find_kept()?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Opens one file of what is kept.
    pub(super) fn open_kept(&self, name: &str) -> io::Result<File> {
        let folder = self.find_kept()?.ok_or(io::ErrorKind::NotFound)?;
        if name.contains('/') {
            return Err(io::ErrorKind::NotFound.into());
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(&folder, name, flags, Mode::empty())?.into())
    }

    /// The same folder, if anything was ever kept.
    pub(super) fn find_kept(&self) -> io::Result<Option<OwnedFd>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(&self.dir, KEPT, flags, Mode::empty()) {
            Ok(folder) => Ok(Some(folder)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl Held {
    fn hashes(&self) -> Hashes {
        Hashes { md5: self.md5, sha1: self.sha1, sha256: Some(self.facts.sha256) }
    }
}

/// The names in a directory of ours; they are all text.
pub(super) fn names(dir: BorrowedFd<'_>) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(dir)? {
        if let Ok(name) = entry?.file_name().to_str() {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Reads a JSON file of ours; `None` if there is none.
pub(super) fn read_json<T: serde::de::DeserializeOwned>(
    dir: BorrowedFd<'_>,
    name: &str,
) -> io::Result<Option<T>> {
    match openat(dir, name, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
        Ok(file) => Ok(Some(serde_json::from_str(&io::read_to_string(File::from(file))?)?)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn check_private(dir: &OwnedFd, path: &Path) -> anyhow::Result<u64> {
    let stat = rustix::fs::fstat(dir)?;
    ensure!(
        stat.st_uid == rustix::process::geteuid().as_raw(),
        "{} belongs to another user; the vault must be the responder's own",
        path.display()
    );
    ensure!(
        !Mode::from_raw_mode(stat.st_mode).intersects(Mode::RWXG | Mode::RWXO),
        "{} is open to others; give it to its owner alone (chmod 700)",
        path.display()
    );
    Ok(stat.st_dev)
}

/// The name under which a copy is made beside the data.
pub(super) fn part(entry: &str) -> PathBuf {
    PathBuf::from(format!("{entry}.part"))
}

/// The name of our own transient file in a served folder.
pub(super) fn aside(entry: &str) -> PathBuf {
    PathBuf::from(format!(".countersign-{entry}"))
}
