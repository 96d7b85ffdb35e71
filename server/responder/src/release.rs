//! Giving one file back to the path that it came from, never over another file.
//!
//! Like `quarantine`, [`advance`] does what remains of a step, fresh or left behind by a crash.

use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::content;
use super::durable;
use super::journal::{Method, Step};
use super::refusal::{Failure, Refusal};
use super::root::{FolderEntry, RelativePath, Root};
use super::vault::{self, Held, State, Vault};
use crash::crash_point;

/// Brings the step to its end, wherever it stands.
pub(super) fn advance(root: &Root, vault: &Vault, step: &Step) -> Result<(), Failure> {
    let place = root.place(&step.held.path).context("the journal speaks of another root")?;
    // Data leaves the vault only by its release, so without data there is only cleaning left to do.
    if vault.has(&step.entry).context("the vault cannot be read")? {
        let spot = destination(root, &place)?;
        match step.method {
            Method::Rename => by_rename(vault, step, &spot)?,
            Method::Copy => by_copy(vault, step, &spot)?,
        }
        spot.sync().context("the folder cannot be synced")?;
    } else if let Ok(spot) = root.spot(&place) {
        spot.sync().context("the folder cannot be synced")?;
    }
    vault.remove(&step.entry).context("the vault's entry cannot be removed")?;
    Ok(())
}

/// The folder and name of a place to which a file shall return.
pub(super) fn destination(root: &Root, place: &RelativePath) -> Result<FolderEntry, Refusal> {
    root.spot(place)
        .map_err(|refusal| if refusal == Refusal::not_found() { Refusal::no_folder() } else { refusal })
}

/// The data, if it is still what was put in.
fn open_sound(vault: &Vault, step: &Step) -> Result<File, Refusal> {
    let opened = vault.open_data(&step.entry).and_then(|file| Ok((content::sha256_of(&file)?, file)));
    match opened {
        Ok((hash, file)) if hash == step.held.facts.sha256 => Ok(file),
        Ok(_) => Err(Refusal::changed("the file in the vault has another content")),
        Err(error) => Err(Refusal::system("read the file in the vault", &error)),
    }
}

fn check_free(spot: &FolderEntry) -> Result<(), Refusal> {
    match spot.stat() {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(Refusal::occupied()),
        Err(error) => Err(Refusal::system("look at the path", &error)),
    }
}

fn by_rename(vault: &Vault, step: &Step, spot: &FolderEntry) -> Result<(), Failure> {
    check_free(spot)?;
    let file = open_sound(vault, step)?;
    // Owner and mode first, inside the vault: outside of it the file is complete from its first moment.
    if let Err(error) = content::restore(&file, &step.held.facts) {
        content::seal(&file).context("the file in the vault cannot be sealed")?;
        return Err(Refusal::system("restore the owner and mode", &error).into());
    }
    crash_point!("release.after_restore");
    if let Err(error) = (vault.rename)(vault.dir(), Path::new(&step.entry), spot.folder(), spot.name()) {
        content::seal(&file).context("the file in the vault cannot be sealed")?;
        return Err(match error {
            Errno::XDEV => Failure::OtherFileSystem,
            Errno::EXIST => Refusal::occupied().into(),
            Errno::NOENT => Refusal::no_folder().into(),
            error => Refusal::system("move the file back", &error.into()).into(),
        });
    }
    crash_point!("release.after_move");
    Ok(())
}

fn by_copy(vault: &Vault, step: &Step, spot: &FolderEntry) -> Result<(), Failure> {
    let record = vault.record(&step.entry).context("the vault's record cannot be read")?;
    if let Some(Held { state: State::Releasing { ino }, .. }) = record
        && is_out(spot, step, ino)?
    {
        return Ok(());
    }
    let temporary = vault::aside(&step.entry);
    durable::remove(spot.folder(), &temporary)
        .map_err(|error| Refusal::system("clear an unfinished copy", &error))?;
    check_free(spot)?;
    let file = open_sound(vault, step)?;
    let ino = copy_out(step, spot, &temporary, &file)?;
    let releasing = Held { state: State::Releasing { ino }, ..step.held.clone() };
    vault.write_record(&step.entry, &releasing).context("the vault's record cannot be written")?;
    crash_point!("release.after_copy");

    let stay = |refusal: Refusal| -> Failure {
        let cleared = durable::remove(spot.folder(), &temporary).and_then(|()| {
            vault.write_record(&step.entry, &Held { state: State::Held, ..step.held.clone() })
        });
        match cleared {
            Ok(()) => refusal.into(),
            Err(error) => Failure::Unsettled(error.into()),
        }
    };
    match durable::rename(spot.folder(), &temporary, spot.folder(), spot.name()) {
        Ok(()) => {}
        Err(Errno::EXIST) => return Err(stay(Refusal::occupied())),
        Err(error) => return Err(stay(Refusal::system("move the file back", &error.into()))),
    }
    crash_point!("release.after_move");
    // The copy lay in a folder that others may write to; only the one that was verified counts as released.
    if !is_out(spot, step, ino)? {
        return Err(stay(Refusal::changed("the released file was replaced at once; the vault keeps it")));
    }
    Ok(())
}

/// Makes a complete copy beside the destination and answers with its inode number.
fn copy_out(step: &Step, spot: &FolderEntry, temporary: &Path, source: &File) -> Result<u64, Refusal> {
    use std::os::unix::fs::MetadataExt as _;

    let copy = || -> std::io::Result<u64> {
        let target = durable::create(spot.folder(), temporary)?;
        content::copy(source, &target)?;
        content::copy_xattrs(source, &target);
        content::restore(&target, &step.held.facts)?;
        if content::sha256_of(&target)? != step.held.facts.sha256 {
            return Err(std::io::Error::other("the copy reads back differently"));
        }
        spot.sync()?;
        Ok(target.metadata()?.ino())
    };
    copy().map_err(|error| {
        if let Err(error) = durable::remove(spot.folder(), temporary) {
            tracing::warn!(%error, "an unfinished copy stays in the folder until the next attempt");
        }
        Refusal::system("copy the file back", &error)
    })
}

/// Whether the file at the destination is the copy with this inode number, complete.
fn is_out(spot: &FolderEntry, step: &Step, ino: u64) -> Result<bool, Failure> {
    let stat = spot.stat().context("the folder cannot be read")?;
    if stat.is_none_or(|stat| stat.st_ino != ino) {
        return Ok(false);
    }
    let file = Root::open_beneath(spot.folder(), spot.name(), OFlags::RDONLY | OFlags::NONBLOCK);
    let hash = file.ok().and_then(|file| content::sha256_of(&file.into()).ok());
    Ok(hash == Some(step.held.facts.sha256))
}
