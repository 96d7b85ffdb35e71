//! Taking one file into the vault.
//!
//! [`advance`] is run for a fresh intent and for one that a crash left behind alike: it looks where the file is and
//! does what remains, so that the file ends up in exactly one place.

use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::content::{self, Facts};
use super::durable;
use super::journal::{Method, Step};
use super::refusal::{Failure, Refusal};
use super::root::{FolderEntry, Found, RelativePath, Root};
use super::vault::{self, Vault};
use crash::crash_point;

/// Brings the step to its end, wherever it stands.
pub(super) fn advance(root: &Root, vault: &Vault, step: &Step) -> Result<(), Failure> {
    let place = root.place(&step.held.path).context("the journal speaks of another root")?;
    match step.method {
        Method::Rename => by_rename(root, vault, step, &place),
        Method::Copy => by_copy(root, vault, step, &place),
    }
}

fn by_rename(root: &Root, vault: &Vault, step: &Step, place: &RelativePath) -> Result<(), Failure> {
    if let Some(held) = vault.record(&step.entry).context("the vault's record cannot be read")? {
        let settled = held.facts == step.held.facts;
        return if settled { Ok(()) } else { Err(kept(&step.entry).into()) };
    }
    if !vault.has(&step.entry).context("the vault cannot be read")? {
        let Found { spot, file: _file } = take_aim(root, place, step)?;
        match (vault.rename)(spot.folder(), spot.name(), vault.dir(), Path::new(&step.entry)) {
            Ok(()) => {}
            Err(Errno::XDEV) => return Err(Failure::OtherFileSystem),
            Err(Errno::NOENT) => return Err(Refusal::not_found().into()),
            Err(error) => return Err(Refusal::system("move the file", &error.into()).into()),
        }
        crash_point!("quarantine.after_move");
    }
    settle(root, vault, step, place)
}

/// The file as it was planned, or the refusal that says what became of it.
fn take_aim(root: &Root, place: &RelativePath, step: &Step) -> Result<Found, Refusal> {
    let found = root.find(place)?;
    let facts = Facts::of(&found.file).map_err(|error| Refusal::system("read the file", &error))?;
    if facts.sha256 != step.held.facts.sha256 {
        return Err(Refusal::changed("the file has another content"));
    }
    if facts != step.held.facts {
        return Err(Refusal::changed("the file was replaced, or its owner, mode or time changed"));
    }
    Ok(found)
}

/// The name was moved; what it led to is checked again, since a name says nothing about the file behind it.
fn settle(root: &Root, vault: &Vault, step: &Step, place: &RelativePath) -> Result<(), Failure> {
    let entry = step.entry.as_str();
    durable::sync(vault.dir()).context("the vault cannot be synced")?;
    if let Ok(spot) = root.spot(place) {
        spot.sync().context("the folder cannot be synced")?;
    }
    let stat = vault.stat(entry).context("the vault cannot be read")?.context("the file left the vault")?;
    if !is_planned(&stat, step) {
        return Err(put_back(root, vault, step, place)?.into());
    }
    let file = vault.open_data(entry).context("the file in the vault cannot be opened")?;
    if content::sha256_of(&file).context("the file in the vault cannot be read")? != step.held.facts.sha256 {
        return Err(put_back(root, vault, step, place)?.into());
    }
    content::seal(&file).context("the file in the vault cannot be sealed")?;
    vault.write_record(entry, &step.held).context("the vault's record cannot be written")?;
    crash_point!("quarantine.after_record");
    Ok(())
}

fn is_planned(stat: &Stat, step: &Step) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        && stat.st_ino == step.held.facts.ino
        && stat.st_nlink == 1
}

/// Gives back what was not meant. If its name is taken meanwhile, it stays in the vault under a record of its own.
fn put_back(root: &Root, vault: &Vault, step: &Step, place: &RelativePath) -> Result<Refusal, Failure> {
    let entry = step.entry.as_str();
    let stat = vault.stat(entry).context("the vault cannot be read")?.context("the file left the vault")?;
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    if is_file && stat.st_ino == step.held.facts.ino {
        // An earlier run may have sealed it.
        let mode = Mode::from_raw_mode(step.held.facts.mode);
        rustix::fs::chmodat(vault.dir(), entry, mode, rustix::fs::AtFlags::empty())
            .context("the mode cannot be restored")?;
    }
    let returned = root.spot(place).is_ok_and(|spot| {
        durable::rename(vault.dir(), Path::new(entry), spot.folder(), spot.name()).is_ok()
            && spot.sync().is_ok()
    });
    durable::sync(vault.dir()).context("the vault cannot be synced")?;
    if returned {
        return Ok(Refusal::changed("another file took its place, or it was written to or linked meanwhile"));
    }
    if is_file {
        let file = vault.open_data(entry).context("the file in the vault cannot be opened")?;
        let facts = Facts::of(&file).context("the file in the vault cannot be read")?;
        content::seal(&file).context("the file in the vault cannot be sealed")?;
        let held = vault::Held { facts, ..step.held.clone() };
        vault.write_record(entry, &held).context("the vault's record cannot be written")?;
    }
    Ok(kept(entry))
}

fn kept(entry: &str) -> Refusal {
    Refusal::changed(&format!(
        "another file took its place; it could not be put back and is kept in the vault as {entry}"
    ))
}

fn by_copy(root: &Root, vault: &Vault, step: &Step, place: &RelativePath) -> Result<(), Failure> {
    let entry = step.entry.as_str();
    // A copy gets its final name only when it is complete, so from here on the file is safe.
    let resumed = vault.has(entry).context("the vault cannot be read")?;
    if !resumed {
        let found = take_aim(root, place, step)?;
        copy_in(vault, step, &found.file)?;
        crash_point!("quarantine.after_copy");
    }
    vault.write_record(entry, &step.held).context("the vault's record cannot be written")?;
    crash_point!("quarantine.after_record");
    let original = match root.spot(place) {
        Ok(spot) => remove_original(&spot, step)?,
        Err(refusal) if refusal == Refusal::not_found() => Original::Absent,
        Err(refusal) => return Err(Failure::Unsettled(refusal.into())),
    };
    match original {
        Original::Removed => {}
        // After a crash an absent original is one that we removed.
        Original::Absent if resumed => {}
        Original::Absent => {
            vault.remove(entry).context("the copy cannot be removed")?;
            return Err(Refusal::changed("the file was moved away or replaced meanwhile").into());
        }
        Original::Kept(refusal) => {
            vault.remove(entry).context("the copy cannot be removed")?;
            return Err(refusal.into());
        }
    }
    crash_point!("quarantine.after_move");
    Ok(())
}

fn copy_in(vault: &Vault, step: &Step, source: &File) -> Result<(), Refusal> {
    let part = vault::part(&step.entry);
    let copy = || -> std::io::Result<bool> {
        durable::remove(vault.dir(), &part)?;
        let target = durable::create(vault.dir(), &part)?;
        let read = content::copy(source, &target)?;
        content::copy_xattrs(source, &target);
        content::seal(&target)?;
        if read != step.held.facts.sha256 {
            return Ok(false);
        }
        if content::sha256_of(&target)? != read {
            return Err(std::io::Error::other("the copy reads back differently"));
        }
        durable::rename(vault.dir(), &part, vault.dir(), Path::new(&step.entry))?;
        durable::sync(vault.dir())?;
        Ok(true)
    };
    let refusal = match copy() {
        Ok(true) => return Ok(()),
        Ok(false) => Refusal::changed("the file was written to while it was copied"),
        Err(error) => Refusal::system("copy the file into the vault", &error),
    };
    if let Err(error) = durable::remove(vault.dir(), &part) {
        tracing::warn!(%error, "an unfinished copy stays in the vault until the next attempt");
    }
    Err(refusal)
}

enum Original {
    Removed,
    Absent,
    Kept(Refusal),
}

/// Removes the file that was copied and no other: it is renamed first, looked at, and only then unlinked.
fn remove_original(spot: &FolderEntry, step: &Step) -> Result<Original, Failure> {
    let aside = vault::aside(&step.entry);
    let look = |name: &Path| durable::stat(spot.folder(), name).context("the folder cannot be read");
    if look(&aside)?.is_none() {
        match look(spot.name())? {
            Some(stat) if stat.st_ino == step.held.facts.ino => {}
            _ => return Ok(Original::Absent),
        }
        match durable::rename(spot.folder(), spot.name(), spot.folder(), &aside) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Ok(Original::Absent),
            Err(error) => return Ok(Original::Kept(Refusal::system("remove the file", &error.into()))),
        }
    }
    let planned = look(&aside)?.is_some_and(|stat| is_planned(&stat, step))
        && Root::open_beneath(spot.folder(), &aside, OFlags::RDONLY | OFlags::NONBLOCK).is_ok_and(|file| {
            content::sha256_of(&file.into()).is_ok_and(|hash| hash == step.held.facts.sha256)
        });
    if planned {
        durable::remove(spot.folder(), &aside).context("the original cannot be removed")?;
        spot.sync().context("the folder cannot be synced")?;
        return Ok(Original::Removed);
    }
    let returned = durable::rename(spot.folder(), &aside, spot.folder(), spot.name()).is_ok();
    spot.sync().context("the folder cannot be synced")?;
    Ok(Original::Kept(if returned {
        Refusal::changed("the file was replaced, written to or linked while it was copied")
    } else {
        Refusal::changed(&format!(
            "another file took its place; it now lies beside it as {}",
            aside.display()
        ))
    }))
}
