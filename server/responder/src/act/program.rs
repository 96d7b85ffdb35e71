//! Programs of the host that hands call, by the search path.

use std::path::PathBuf;

/// Whether the search path has a program of this name.
pub(crate) fn is_program(name: &str) -> bool {
    program(name).is_some()
}

/// The program of this name, by the search path.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
}
