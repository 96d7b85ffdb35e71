//! A file that an antivirus would find.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::harness::Estate;

/// A file to quarantine, and what it must look like whenever it is at its place.
pub(crate) struct EvilFile {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) sha256: String,
    bytes: Vec<u8>,
    mode: u32,
}

impl EvilFile {
    pub(crate) fn new(estate: &Estate, name: &str) -> Self {
        let path = estate.at("sandbox").canonicalize().unwrap().join(name);
        let bytes = format!("evil content of {name}").into_bytes();
        std::fs::write(&path, &bytes).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let sha256 = hex::encode(Sha256::digest(&bytes));
        Self { name: name.to_owned(), path, sha256, bytes, mode: 0o640 }
    }

    /// At its place, as it was.
    pub(crate) fn is_in_place(&self) -> bool {
        let Ok(metadata) = std::fs::symlink_metadata(&self.path) else { return false };
        assert_eq!(metadata.mode() & 0o7777, self.mode, "{} has another mode", self.name);
        assert_eq!(std::fs::read(&self.path).unwrap(), self.bytes, "{} has other bytes", self.name);
        true
    }

    /// How many files with its content lie in the vault.
    pub(crate) fn in_vault(&self, estate: &Estate) -> usize {
        estate.in_vault(&self.bytes)
    }

    /// Either at its place or in the vault, and not twice.
    pub(crate) fn assert_exists_once(&self, estate: &Estate, in_vault: bool) {
        let (place, vault) = (self.is_in_place(), self.in_vault(estate));
        assert_eq!((place, vault), (!in_vault, usize::from(in_vault)), "{}", self.name);
    }
}
