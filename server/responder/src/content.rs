//! The bytes and attributes of open files: hashing, copying, restoring. Works on descriptors only, never on paths.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use rustix::fs::{Mode, Timespec, Timestamps, XattrFlags, fchmod, fchown, futimens};
use rustix::process::{Gid, Uid};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use openc2::{Hashes, Md5, Sha1, Sha256};

const CHUNK: usize = 256 * 1024;

/// What a file was when it was chosen; enough to know it again and to restore it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) sha256: Sha256,
    pub(super) size: u64,
    /// Permission bits, set-id and sticky bits included.
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mtime_s: i64,
    pub(super) mtime_ns: i64,
    /// Tells our file from another at the same path. The device number may change with a reboot, so it is not kept.
    pub(super) ino: u64,
}

impl Facts {
    /// Reads attributes and content of an open file.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let sha256 = sha256_of(file)?;
        let metadata = file.metadata()?;
        Ok(Self {
            sha256,
            size: metadata.size(),
            mode: metadata.mode() & 0o7777,
            uid: metadata.uid(),
            gid: metadata.gid(),
            mtime_s: metadata.mtime(),
            mtime_ns: metadata.mtime_nsec(),
            ino: metadata.ino(),
        })
    }

    /// The mode as people write it.
    pub(super) fn octal(&self) -> String {
        format!("{:04o}", self.mode)
    }
}

/// The hash of a file's content. A file that grows while it is read cannot hold the reader for ever.
pub(super) fn sha256_of(file: &File) -> io::Result<Sha256> {
    stream(file, |_| Ok(()))
}

/// All hash values of a file's content, in one reading.
pub(super) fn hashes_of(file: &File) -> io::Result<Hashes> {
    let (mut sha1, mut md5) = (sha1::Sha1::new(), md5::Md5::new());
    let sha256 = stream(file, |chunk| {
        sha1.update(chunk);
        md5.update(chunk);
        Ok(())
    })?;
    let (sha1, md5) = (Sha1::new(sha1.finalize().into()), Md5::new(md5.finalize().into()));
    Ok(Hashes { md5: Some(md5), sha1: Some(sha1), sha256: Some(sha256) })
}

/// Whether a content with these hash values is what is wanted: all that are named must match.
pub(super) fn matches(wanted: &Hashes, found: &Hashes) -> bool {
    fn same<T: PartialEq>(wanted: Option<T>, found: Option<T>) -> bool {
        wanted.is_none() || wanted == found
    }
    same(wanted.sha256, found.sha256) && same(wanted.sha1, found.sha1) && same(wanted.md5, found.md5)
}

/// Whether an open file has the wanted content. Only what is needed for that is computed.
pub(super) fn is_wanted(file: &File, wanted: &Hashes) -> io::Result<bool> {
    if wanted.sha1.is_none() && wanted.md5.is_none() {
        return Ok(wanted.sha256.is_none() || wanted.sha256 == Some(sha256_of(file)?));
    }
    Ok(matches(wanted, &hashes_of(file)?))
}

/// Copies the content into an empty file and answers with the hash of what was read.
pub(super) fn copy(from: &File, mut to: &File) -> io::Result<Sha256> {
    stream(from, |chunk| to.write_all(chunk))
}

/// Hands the content on in pieces and answers with the hash of what was read.
pub(super) fn copy_to(from: &File, each: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<Sha256> {
    stream(from, each)
}

fn stream(file: &File, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Sha256> {
    // One byte more than its size shows that it grew, which changes the hash.
    let end = file.metadata()?.size().saturating_add(1);
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; CHUNK];
    let mut offset = 0;
    while offset < end {
        let room = usize::try_from(end - offset).map_or(CHUNK, |left| left.min(CHUNK));
        let read = match file.read_at(&mut buffer[..room], offset) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..read]);
        each(&buffer[..read])?;
        offset += read as u64;
    }
    Ok(Sha256::new(hasher.finalize().into()))
}

/// Gives a file the owner, mode and modification time that it had. The owner first: changing it clears set-id bits.
pub(super) fn restore(file: &File, facts: &Facts) -> io::Result<()> {
    let now = file.metadata()?;
    if now.uid() != facts.uid || now.gid() != facts.gid {
        fchown(file, Some(Uid::from_raw(facts.uid)), Some(Gid::from_raw(facts.gid)))?;
    }
    fchmod(file, Mode::from_raw_mode(facts.mode))?;
    let mtime = Timespec { tv_sec: facts.mtime_s, tv_nsec: facts.mtime_ns };
    let atime = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT };
    futimens(file, &Timestamps { last_access: atime, last_modification: mtime })?;
    file.sync_all()
}

/// Takes every permission away, so that nobody runs or reads it by accident.
pub(super) fn seal(file: &File) -> io::Result<()> {
    fchmod(file, Mode::empty())?;
    file.sync_all()
}

/// Carries the `user.*` attributes over, as far as both file systems can.
pub(super) fn copy_xattrs(from: &File, to: &File) {
    let mut names = vec![0_u8; 64 * 1024];
    let Ok(length) = rustix::fs::flistxattr(from, names.as_mut_slice()) else { return };
    for name in names[..length].split(|byte| *byte == 0).filter(|name| name.starts_with(b"user.")) {
        let mut value = vec![0_u8; 64 * 1024];
        if let Ok(length) = rustix::fs::fgetxattr(from, name, value.as_mut_slice())
            && let Err(error) = rustix::fs::fsetxattr(to, name, &value[..length], XattrFlags::empty())
        {
            tracing::warn!(%error, "an extended attribute could not be carried over");
        }
    }
}
