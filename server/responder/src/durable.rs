//! Changes to directories that survive a power cut: write-and-rename, rename without replacing, remove, sync.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, openat, renameat, renameat_with, unlinkat};
use rustix::io::Errno;

/// A file of our own that does not exist yet.
pub(super) fn create(dir: BorrowedFd<'_>, name: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(dir, name, flags, Mode::RUSR | Mode::WUSR)?.into())
}

/// Replaces a whole file: after a crash it holds the old bytes or the new ones. One writer at a time.
pub(super) fn write(dir: BorrowedFd<'_>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = format!(".{name}.new");
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(openat(dir, &temporary, flags, Mode::RUSR | Mode::WUSR)?);
    file.write_all(bytes)?;
    file.sync_all()?;
    renameat(dir, &temporary, dir, name)?;
    sync(dir)
}

/// Moves a name; fails with `EXIST` instead of replacing anything.
pub(super) fn rename(from: BorrowedFd<'_>, old: &Path, to: BorrowedFd<'_>, new: &Path) -> Result<(), Errno> {
    renameat_with(from, old, to, new, RenameFlags::NOREPLACE)
}

/// Removes a name; that it is gone already is as good.
pub(super) fn remove(dir: BorrowedFd<'_>, name: &Path) -> io::Result<()> {
    match unlinkat(dir, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Makes the names of a directory durable.
pub(super) fn sync(dir: impl AsFd) -> io::Result<()> {
    Ok(rustix::fs::fsync(dir)?)
}

/// What a name is, without following it; `None` if there is no such name.
pub(super) fn stat(dir: BorrowedFd<'_>, name: &Path) -> io::Result<Option<rustix::fs::Stat>> {
    match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
