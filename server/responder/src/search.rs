//! Finding every file of one content beneath the root.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Dir, FileType, FsWord, OFlags, PROC_SUPER_MAGIC};

use super::content;
use super::durable;
use super::root::{RelativePath, Root};
use openc2::Hashes;

/// Kernel file systems whose "files" are not content: sysfs, cgroup2, debugfs, tracefs, securityfs, bpf.
const KERNEL_FILE_SYSTEMS: [FsWord; 6] =
    [0x6265_6572, 0x6367_7270, 0x6462_6720, 0x7472_6163, 0x7363_6673, 0xcafe_4a11];

/// What a search found.
#[derive(Debug, Default)]
pub(super) struct Matches {
    /// Files with the content.
    pub(super) places: Vec<RelativePath>,
    /// Files with the content whose path cannot be written as text, as near as it can be shown.
    pub(super) unnameable: Vec<String>,
    /// How many files and folders could not be looked into.
    pub(super) unreadable: usize,
}

impl Matches {
    fn count(&self) -> usize {
        self.places.len() + self.unnameable.len()
    }
}

/// Looks through the whole root; stops as soon as there are more than `limit` matches.
pub(super) fn search(root: &Root, wanted: &Hashes, limit: usize) -> Matches {
    let mut matches = Matches::default();
    matches.unreadable = walk(root, &mut |path, file| {
        if content::is_wanted(file, wanted)? {
            let lossy = root.path().join(path).to_string_lossy().into_owned();
            match root.beneath(path.to_owned()) {
                Some(place) => matches.places.push(place),
                None => matches.unnameable.push(lossy),
            }
        }
        Ok(if matches.count() > limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    });
    matches.places.sort_by(|a, b| a.shown().cmp(b.shown()));
    matches
}

/// Shows each file beneath the root, by its absolute path. Answers how many could not be looked into.
pub(super) fn each_file(root: &Root, look: &mut dyn FnMut(&Path, &File) -> io::Result<()>) -> usize {
    walk(root, &mut |path, file| look(&root.path().join(path), file).map(ControlFlow::Continue))
}

/// What is asked about each file.
type Look<'a> = dyn FnMut(&Path, &File) -> io::Result<ControlFlow<()>> + 'a;

fn walk(root: &Root, look: &mut Look<'_>) -> usize {
    let mut unreadable = 0;
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        match look_into(root, &folder, look, &mut folders, &mut unreadable) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => break,
            Err(_) => unreadable += 1,
        }
    }
    unreadable
}

fn look_into(
    root: &Root,
    folder: &Path,
    look: &mut Look<'_>,
    folders: &mut Vec<PathBuf>,
    unreadable: &mut usize,
) -> rustix::io::Result<ControlFlow<()>> {
    let dir = root.folder(folder)?;
    let kind = rustix::fs::fstatfs(&dir)?.f_type;
    if kind == PROC_SUPER_MAGIC || KERNEL_FILE_SYSTEMS.contains(&kind) {
        return Ok(ControlFlow::Continue(()));
    }
    for entry in Dir::read_from(&dir)? {
        let entry = entry?;
        let name = Path::new(OsStr::from_bytes(entry.file_name().to_bytes()));
        if name == Path::new(".") || name == Path::new("..") {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => match durable::stat(dir.as_fd(), name) {
                Ok(Some(stat)) => FileType::from_raw_mode(stat.st_mode),
                _ => continue,
            },
            known => known,
        };
        match kind {
            FileType::Directory => folders.push(folder.join(name)),
            FileType::RegularFile => {
                let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
                let looked = match Root::open_beneath(dir.as_fd(), name, flags) {
                    Ok(file) => look(&folder.join(name), &File::from(file)),
                    // Gone or replaced since the folder was read: not there any more.
                    Err(rustix::io::Errno::NOENT | rustix::io::Errno::LOOP) => continue,
                    Err(error) => Err(error.into()),
                };
                match looked {
                    Ok(ControlFlow::Continue(())) => {}
                    Ok(ControlFlow::Break(())) => return Ok(ControlFlow::Break(())),
                    Err(_) => *unreadable += 1,
                }
            }
            _ => {}
        }
    }
    Ok(ControlFlow::Continue(()))
}
