//! `cargo xtask dev`: runs the demo and rebuilds it whenever a source changes.
//!
//! A change that does not compile is reported, and the previous build keeps running.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::Result;

use crate::{
    build, files, process,
    run::{Demo, Options},
    wasm::Flavour,
};

const SOURCES: &[&str] = &["app", "frontend", "server", "style", "public"];
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Runs the demo until Ctrl-C and rebuilds it after each change.
pub(crate) fn dev(options: &Options) -> Result<()> {
    let mut seen = sources()?;
    let Some(mut demo) = Demo::start(options, rebuild()?)? else { return Ok(()) };
    while !demo.interrupted_within(POLL_INTERVAL)? {
        let now = sources()?;
        if now == seen {
            continue;
        }
        seen = now;
        match rebuild().and_then(|binary| demo.restart_server(binary)) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => process::report(&error),
        }
    }
    demo.stop()
}

fn rebuild() -> Result<PathBuf> {
    build::site(Flavour::Dev)?;
    build::server(false)
}

/// All source files with their modification times.
fn sources() -> Result<Vec<(PathBuf, SystemTime)>> {
    let mut found = Vec::new();
    for folder in SOURCES {
        for file in files::files_below(Path::new(folder))? {
            // An editor's temporary file may be gone again.
            if let Ok(changed) = file.metadata().and_then(|it| it.modified()) {
                found.push((file, changed));
            }
        }
    }
    found.sort();
    Ok(found)
}
