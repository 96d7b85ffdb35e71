//! What must be known later: one small synced file for each thing that was changed, under its key, in the vault.
//!
//! It holds the state from before, so that an undo can bring it back, or what stands, so that it can be put in force
//! again after the host was started anew.

use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Digest as _;

use crate::durable;
use crate::vault::{self, Vault};

fn name(kind: &str, key: &str) -> String {
    let digest = hex::encode(sha2::Sha256::digest(key));
    format!("{kind}-{}.json", &digest[..32])
}

/// What is kept under the key, if anything.
pub(super) fn load<T: DeserializeOwned>(vault: &Vault, kind: &str, key: &str) -> io::Result<Option<T>> {
    let Some(folder) = vault.find_kept()? else { return Ok(None) };
    vault::read_json(folder.as_fd(), &name(kind, key))
}

/// Keeps it durably, in place of what was kept under the key.
pub(super) fn store(vault: &Vault, kind: &str, key: &str, value: &impl Serialize) -> io::Result<()> {
    durable::write(vault.kept()?.as_fd(), &name(kind, key), &serde_json::to_vec_pretty(value)?)
}

/// Forgets it; that it is gone already is as good.
pub(super) fn remove(vault: &Vault, kind: &str, key: &str) -> io::Result<()> {
    let Some(folder) = vault.find_kept()? else { return Ok(()) };
    durable::remove(folder.as_fd(), Path::new(&name(kind, key)))?;
    durable::sync(&folder)
}

/// All of a kind.
pub(super) fn all<T: DeserializeOwned>(vault: &Vault, kind: &str) -> io::Result<Vec<T>> {
    let Some(folder) = vault.find_kept()? else { return Ok(Vec::new()) };
    let prefix = format!("{kind}-");
    let mut found = Vec::new();
    let mut names = vault::names(folder.as_fd())?;
    names.sort();
    for name in names.iter().filter(|name| name.starts_with(&prefix)) {
        found.extend(vault::read_json(folder.as_fd(), name)?);
    }
    Ok(found)
}
