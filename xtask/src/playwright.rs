//! The browser tests, against the binary and the site that were built before.

use std::{
    env, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    process,
    servers::Missing,
    tally::Tally,
    workspace::{END2END, SITE},
};

const REPORT: &str = "target/playwright.json";

/// Whether an area has browser tests.
pub(crate) fn covers(area: &str) -> bool {
    let files = fs::read_dir(Path::new(END2END).join(area)).into_iter().flatten().flatten();
    files.map(|file| file.file_name()).any(|name| name.to_string_lossy().ends_with(".spec.ts"))
}

/// Runs all, or those of an area, adds what they report to `tally`, and fails if one did.
pub(crate) fn run(
    binary: &Path,
    chromium: Option<&PathBuf>,
    area: Option<&str>,
    missing: &Missing,
    tally: &mut Tally,
) -> Result<Tally> {
    let root = env::current_dir()?;
    // The report of an earlier run must not be read as this one's.
    match fs::remove_file(REPORT) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).context("the old report cannot be removed");
        }
        _ => {}
    }
    let mut command = Command::new("npx");
    command
        .args(["playwright", "test", "--reporter=line,json"])
        .current_dir(END2END)
        .env("PLAYWRIGHT_JSON_OUTPUT_NAME", root.join(REPORT))
        .env("COUNTERSIGN_BIN", binary)
        .env("COUNTERSIGN_SITE", root.join(SITE));
    missing.tell(&mut command);
    if let Some(chromium) = chromium {
        command.env("CHROMIUM", chromium);
    }
    if let Some(area) = area {
        command.env("COUNTERSIGN_AREA", area);
    }
    let (status, output) = process::merged_output(&mut command)?;
    let found = fs::read_to_string(REPORT).ok().map(|report| Tally::from_playwright(&report)).transpose()?;
    let found = found.unwrap_or_default();
    *tally += found;
    if !status.success() || found.failed > 0 {
        return Err(process::failed(&command, status, without_progress(&output)));
    }
    Ok(found)
}

/// Drops the line that each test prints when it starts, so that the end of a long log has the errors.
fn without_progress(output: &str) -> String {
    let is_progress = |line: &&str| {
        line.strip_prefix('[')
            .and_then(|rest| rest.split_once('/'))
            .is_some_and(|(number, _)| number.parse::<usize>().is_ok())
    };
    output.lines().filter(|line| !is_progress(line)).flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_kept_and_progress_is_dropped() {
        let output = "[1/355] [no-js] › a.spec.ts:8:1 › it works @no-js\n  1) [desktop] › b.spec.ts:3:1 › it fails\n\
            \n    Error: not visible\n[desktop] › c.spec.ts:1:1 › it writes\n[2/355] [no-js] › d.spec.ts:8:1\n";
        assert_eq!(
            without_progress(output),
            "  1) [desktop] › b.spec.ts:3:1 › it fails\n\n    Error: not visible\n[desktop] › c.spec.ts:1:1 › it writes\n"
        );
    }
}
