//! The folder that is served, and the only way into it: every open goes through the kernel's `openat2`, which
//! resolves beneath the root and follows no links, whatever others do to the folder meanwhile.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

use super::durable;
use super::refusal::Refusal;

const BENEATH: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);

/// The served folder.
pub(super) struct Root {
    dir: OwnedFd,
    path: PathBuf,
    given: PathBuf,
    /// Without root privileges only files of this user are served.
    only_uid: Option<u32>,
}

/// A path beneath the root, checked as text; it need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RelativePath {
    relative: PathBuf,
    shown: String,
}

/// An open folder beneath the root and a name in it.
pub(super) struct FolderEntry {
    folder: OwnedFd,
    name: PathBuf,
}

/// An open file that may be taken.
pub(super) struct Found {
    pub(super) spot: FolderEntry,
    pub(super) file: File,
}

impl Root {
    /// Opens the folder and makes sure that the kernel resolves as we need.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let given = std::path::absolute(path)?;
        let path = path.canonicalize()?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::open(&path, flags, Mode::empty())?;
        openat2(&dir, ".", flags, Mode::empty(), BENEATH)?;
        let uid = rustix::process::geteuid();
        let only_uid = (!uid.is_root()).then_some(uid.as_raw());
        Ok(Self { dir, path, given, only_uid })
    }

    /// The folder's real path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The paths by which files below it are named: the real one, and the one that was given.
    pub(super) fn spellings(&self) -> Vec<String> {
        let paths = std::iter::once(&self.path).chain((self.given != self.path).then_some(&self.given));
        paths.filter_map(|path| path.to_str().map(str::to_owned)).collect()
    }

    /// Restricts it to the files of one user, as it is without root privileges.
    #[cfg(test)]
    pub(super) fn only_uid(mut self, uid: u32) -> Self {
        self.only_uid = Some(uid);
        self
    }

    /// Reads a path: absolute and beneath the root, or relative to it.
    pub(super) fn place(&self, path: &str) -> Result<RelativePath, Refusal> {
        if path.is_empty() || path.contains('\0') {
            return Err(Refusal::malformed("the path is empty or has a NUL byte"));
        }
        let path = Path::new(path);
        if path.components().any(|part| part == Component::ParentDir) {
            return Err(Refusal::outside());
        }
        let relative = if path.is_absolute() {
            path.strip_prefix(&self.path)
                .or_else(|_| path.strip_prefix(&self.given))
                .map_err(|_| Refusal::outside())?
        } else {
            path
        };
        let relative: PathBuf =
            relative.components().filter(|part| matches!(part, Component::Normal(_))).collect();
        self.beneath(relative).ok_or_else(Refusal::unnameable)
    }

    /// The place of a path that was found beneath the root; `None` if it cannot be written as text.
    pub(super) fn beneath(&self, relative: PathBuf) -> Option<RelativePath> {
        let shown = self.path.join(&relative).to_str()?.to_owned();
        Some(RelativePath { relative, shown })
    }

    /// Opens something beneath the root or one of its folders.
    pub(super) fn open_beneath(
        dir: BorrowedFd<'_>,
        path: &Path,
        flags: OFlags,
    ) -> Result<OwnedFd, rustix::io::Errno> {
        openat2(dir, path, flags | OFlags::CLOEXEC, Mode::empty(), BENEATH)
    }

    /// Opens a folder by its path beneath the root; the empty path is the root.
    pub(super) fn folder(&self, relative: &Path) -> Result<OwnedFd, rustix::io::Errno> {
        let path = if relative.as_os_str().is_empty() { Path::new(".") } else { relative };
        Self::open_beneath(self.dir.as_fd(), path, OFlags::RDONLY | OFlags::DIRECTORY)
    }

    /// Opens the folder of a place.
    pub(super) fn spot(&self, place: &RelativePath) -> Result<FolderEntry, Refusal> {
        let name = place.relative.file_name().ok_or_else(Refusal::not_regular)?;
        let parent = place.relative.parent().unwrap_or(Path::new(""));
        let folder = self.folder(parent).map_err(Refusal::opening)?;
        Ok(FolderEntry { folder, name: name.into() })
    }

    /// Opens the file at a place, if it is one that may be taken.
    pub(super) fn find(&self, place: &RelativePath) -> Result<Found, Refusal> {
        let spot = self.spot(place)?;
        let file = self.open_file(spot.folder(), spot.name())?;
        Ok(Found { spot, file })
    }

    /// Opens the file at a place to read it, however many links it has.
    pub(super) fn look(&self, place: &RelativePath) -> Result<File, Refusal> {
        let spot = self.spot(place)?;
        let stat = spot.stat().map_err(|error| Refusal::system("look at the file", &error))?;
        let stat = stat.ok_or_else(Refusal::not_found)?;
        match rustix::fs::FileType::from_raw_mode(stat.st_mode) {
            rustix::fs::FileType::RegularFile => {}
            rustix::fs::FileType::Symlink => return Err(Refusal::symlink()),
            _ => return Err(Refusal::not_regular()),
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        Ok(Self::open_beneath(spot.folder(), spot.name(), flags).map_err(Refusal::opening)?.into())
    }

    fn open_file(&self, folder: BorrowedFd<'_>, name: &Path) -> Result<File, Refusal> {
        // A look before the open: opening a device or a pipe can have effects of its own.
        let stat =
            durable::stat(folder, name).map_err(|error| Refusal::system("look at the file", &error))?;
        let stat = stat.ok_or_else(Refusal::not_found)?;
        match rustix::fs::FileType::from_raw_mode(stat.st_mode) {
            rustix::fs::FileType::RegularFile => {}
            rustix::fs::FileType::Symlink => return Err(Refusal::symlink()),
            _ => return Err(Refusal::not_regular()),
        }
        if self.only_uid.is_some_and(|uid| uid != stat.st_uid) {
            return Err(Refusal::foreign());
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = File::from(Self::open_beneath(folder, name, flags).map_err(Refusal::opening)?);
        let metadata = file.metadata().map_err(|error| Refusal::system("look at the file", &error))?;
        if !metadata.is_file() {
            return Err(Refusal::not_regular());
        }
        match metadata.nlink() {
            1 => {}
            0 => return Err(Refusal::changed("the file was replaced or removed meanwhile")),
            _ => return Err(Refusal::hard_link()),
        }
        if self.only_uid.is_some_and(|uid| uid != metadata.uid()) {
            return Err(Refusal::foreign());
        }
        Ok(file)
    }
}

impl RelativePath {
    /// The absolute path, for people and for the record.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }
}

impl FolderEntry {
    pub(super) fn folder(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }

    pub(super) fn name(&self) -> &Path {
        &self.name
    }

    /// What lies at the name now, without following it.
    pub(super) fn stat(&self) -> io::Result<Option<rustix::fs::Stat>> {
        durable::stat(self.folder(), &self.name)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        durable::sync(&self.folder)
    }
}
