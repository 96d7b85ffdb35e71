//! Tests of how the workspace is laid out: imports go one way, packages depend downwards, files stay short.
//!
//! `source` reads the crates, `resolve` finds what a path means; `cycle`, `package` and `length` hold a rule each. What
//! breaks a rule is named with its file, and for a cycle with the import that closes it.

mod cycle;
mod length;
mod package;
mod resolve;
mod source;
mod tests;

use std::{env, path::Path};

use anyhow::Result;

use resolve::Crates;

/// The crates of the workspace, with the files by their paths from its root.
fn workspace() -> Result<Crates> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".."));
    let mut crates = Crates(std::collections::BTreeMap::new());
    for package in package::all()? {
        for (name, file) in package.roots {
            let mut modules = source::read(&file)?;
            for module in modules.values_mut() {
                module.file = module.file.strip_prefix(root).unwrap_or(&module.file).to_owned();
            }
            crates.0.insert(name, modules);
        }
    }
    Ok(crates)
}
