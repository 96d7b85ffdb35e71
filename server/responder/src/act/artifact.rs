//! Files that are made for people to look at: complete under their name in the vault, or not there.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;

use anyhow::Context as _;
use rustix::fs::{Mode, OFlags, openat, renameat};

use super::ground::Ground;
use crate::content;
use crate::durable;
use crate::refusal::{Failure, Refusal};
use openc2::Artifact;

/// The artifact of this name, made first if it is missing.
pub(super) fn make(
    ground: &Ground<'_>,
    name: &str,
    write: impl FnOnce(&File) -> anyhow::Result<()>,
) -> Result<Artifact, Failure> {
    let folder = ground.vault.kept().context("the vault can't be opened")?;
    let there = durable::stat(folder.as_fd(), Path::new(name)).context("the vault can't be read")?;
    if there.is_none() {
        let part = format!("{name}.part");
        durable::remove(folder.as_fd(), Path::new(&part)).context("an unfinished file can't be removed")?;
        let file = durable::create(folder.as_fd(), Path::new(&part)).context("the file can't be made")?;
        if let Err(error) = write(&file).and_then(|()| Ok(file.sync_all()?)) {
            durable::remove(folder.as_fd(), Path::new(&part))
                .context("an unfinished file can't be removed")?;
            return Err(match error.downcast::<Refusal>() {
                Ok(refusal) => refusal.into(),
                Err(error) => Refusal::failed(format!("{error:#}")).into(),
            });
        }
        renameat(&folder, &part, &folder, name).context("the file can't be named")?;
        durable::sync(&folder).context("the vault can't be synced")?;
    }
    describe(folder.as_fd(), name).context("the file can't be read").map_err(Failure::from)
}

fn describe(folder: rustix::fd::BorrowedFd<'_>, name: &str) -> io::Result<Artifact> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(openat(folder, name, flags, Mode::empty())?);
    let (sha256, size) = (content::sha256_of(&file)?, file.metadata()?.len());
    Ok(Artifact { name: name.to_owned(), size, sha256 })
}

/// The end of the sentence that says where it is.
pub(super) fn told(artifact: &Artifact) -> String {
    format!(
        "{} bytes, sha256 {}, kept in the responder's vault as kept/{}",
        artifact.size,
        artifact.sha256.lower(),
        artifact.name
    )
}
