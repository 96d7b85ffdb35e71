//! Checkpoints as a file, which only grows, and their keys.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rand::TryRng as _;

use super::{Checkpoint, PublicKey, Signer};

/// What is wrong with a file of checkpoints, or of a key.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// It can't be read or written.
    #[error("{0}: {1}")]
    File(String, io::Error),
    /// Others may read it.
    #[error("{0} is a secret that others may read; make it yours alone: chmod 600")]
    Open(String),
    /// It is no key.
    #[error("{0} holds no key: one line of 64 hexadecimal digits")]
    NoKey(String),
    /// A line is none of ours.
    #[error("line {line} of {file} was not signed with this key, or was changed since")]
    Forged {
        /// The file.
        file: String,
        /// Its line.
        line: usize,
    },
}

fn of(file: &Path, error: io::Error) -> CheckpointError {
    CheckpointError::File(file.display().to_string(), error)
}

/// Reads the checkpoints of a file, all of which must be signed. A last line that was not written to its end counts
/// for nothing.
///
/// # Errors
/// [`CheckpointError`].
pub fn read_checkpoints(file: &Path, key: &PublicKey) -> Result<Vec<Checkpoint>, CheckpointError> {
    let text = fs::read_to_string(file).map_err(|error| of(file, error))?;
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let read = |(index, line): (usize, &str)| {
        let checkpoint = serde_json::from_str::<Checkpoint>(line).ok().filter(|found| found.is_by(key));
        checkpoint
            .ok_or_else(|| CheckpointError::Forged { file: file.display().to_string(), line: index + 1 })
    };
    whole.lines().enumerate().map(read).collect()
}

/// Reads the key that checks checkpoints.
///
/// # Errors
/// [`CheckpointError`].
pub fn load_public_key(file: &Path) -> Result<PublicKey, CheckpointError> {
    let text = fs::read_to_string(file).map_err(|error| of(file, error))?;
    let bytes = hex::decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(PublicKey).ok_or_else(|| CheckpointError::NoKey(file.display().to_string()))
}

impl Signer {
    /// The signer whose key lies in a file, which is made if it is missing, with the key that checks it beside it.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn load_or_create(file: &Path) -> Result<Self, CheckpointError> {
        if !file.exists() {
            let mut seed = [0_u8; 32];
            rand::rngs::SysRng
                .try_fill_bytes(&mut seed)
                .map_err(|error| of(file, io::Error::other(error)))?;
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
            made.and_then(|mut file| writeln!(file, "{}", hex::encode(seed)).and_then(|()| file.sync_all()))
                .map_err(|error| of(file, error))?;
        }
        let mode = fs::metadata(file).map_err(|error| of(file, error))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(CheckpointError::Open(file.display().to_string()));
        }
        let text = fs::read_to_string(file).map_err(|error| of(file, error))?;
        let seed = hex::decode(text.trim()).unwrap_or_default();
        let signer =
            Self::of_seed(&seed).ok_or_else(|| CheckpointError::NoKey(file.display().to_string()))?;
        let public = with_suffix(file, ".pub");
        fs::write(&public, format!("{}\n", signer.public_key())).map_err(|error| of(&public, error))?;
        Ok(signer)
    }
}

/// The path with something after it.
fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A file that checkpoints are appended to.
#[derive(Debug)]
pub struct CheckpointFile {
    path: PathBuf,
    file: File,
    signer: Signer,
}

impl CheckpointFile {
    /// Opens it, and reads what it says so far.
    ///
    /// # Errors
    /// [`CheckpointError`], also if a line was not signed with this key.
    pub fn open(path: &Path, signer: Signer) -> Result<(Self, Vec<Checkpoint>), CheckpointError> {
        let opened = OpenOptions::new().create(true).append(true).read(true).open(path);
        let mut file = opened.map_err(|error| of(path, error))?;
        let before = read_checkpoints(path, &signer.public_key())?;
        // What was cut short by a crash ends here, so that the next line is one by itself.
        let text = fs::read(path).map_err(|error| of(path, error))?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if whole < text.len() {
            file.set_len(u64::try_from(whole).unwrap_or_default()).map_err(|error| of(path, error))?;
        }
        file.flush().map_err(|error| of(path, error))?;
        Ok((Self { path: path.to_owned(), file, signer }, before))
    }

    /// Signs and appends one, and waits until the disk has it.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn append(&mut self, checkpoint: Checkpoint) -> Result<(), CheckpointError> {
        let signed = self.signer.sign(checkpoint);
        let mut line = serde_json::to_string(&signed).unwrap_or_default();
        line.push('\n');
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|error| of(&self.path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use store::Noted;

    #[test]
    fn a_line_that_was_cut_short_is_none_and_a_changed_one_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("c.jsonl"), folder.path().join("c.key"));
        let noted = |seq| Checkpoint::head(Noted { seq, hash: "ab".into(), at: Timestamp::UNIX_EPOCH });
        let open = || CheckpointFile::open(&path, Signer::load_or_create(&key).unwrap());
        let (mut file, before) = open().unwrap();
        assert_eq!(before, []);
        for seq in [1, 2] {
            file.append(noted(seq)).unwrap();
        }
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 5]).unwrap();
        let (mut file, before) = open().unwrap();
        assert_eq!(before.len(), 1);
        file.append(noted(3)).unwrap();
        let public = load_public_key(&with_suffix(&key, ".pub")).unwrap();
        let seqs: Vec<_> = read_checkpoints(&path, &public).unwrap().iter().map(|found| found.seq).collect();
        assert_eq!(seqs, [1, 3]);

        fs::write(&path, text.replacen("\"seq\":2", "\"seq\":4", 1)).unwrap();
        let error = open().unwrap_err().to_string();
        assert!(error.starts_with("line 2 of"), "{error}");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Signer::load_or_create(&key), Err(CheckpointError::Open(_))));
    }
}
