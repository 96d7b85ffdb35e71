//! A Python with packages of others, pinned, from `PyPI`: what speaks with us there is not ours.
//!
//! They are installed into `target` the first time. Where Python or pip is missing the tests say so and pass; in CI (`CI`
//! is set) they fail.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A process that a test started.
pub(crate) struct Stranger(pub(crate) Child);

impl Drop for Stranger {
    fn drop(&mut self) {
        // Only what this test started; it may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A Python that has these packages, in a folder of this name; none where that can't be had.
pub(crate) fn python(name: &str, packages: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join(name);
    let python = folder.join("venv/bin/python");
    let ready =
        folder.join(format!("ready-{}", hex::encode(&<sha2::Sha256 as sha2::Digest>::digest(packages)[..8])));
    std::fs::create_dir_all(&folder).unwrap();
    // Tests are processes of their own that start together: one installs.
    let lock = std::fs::File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    if !ready.exists() {
        let done = |command: &mut Command| {
            command.stdout(Stdio::null()).status().is_ok_and(|status| status.success())
        };
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];
        let made = done(Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv")))
            && done(Command::new(&python).args(pip).args(packages.split_whitespace()));
        if !made {
            assert!(std::env::var_os("CI").is_none(), "{name} can't be installed, which CI needs");
            eprintln!("skipped: Python 3.11 with pip is missing, or PyPI can't be reached");
            return None;
        }
        std::fs::write(&ready, "").unwrap();
    }
    Some(python)
}
