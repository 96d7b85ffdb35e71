//! Files that are too long to be read at once.

use std::{fs, path::Path};

use anyhow::{Context, Result};

/// Lines of a source file.
const MAX_LINES: usize = 450;
/// What holds rows of data: it may be longer, since nobody reads it from one end to the other.
const DATA: &[(&str, &str)] =
    &[("app/domain/src/actions/catalog/table.rs", "the table of action types, a row each")];
const SOURCES: &[&str] = &["rs", "ts", "mjs", "css"];
/// Folders that hold no source of ours.
const FOREIGN: &[&str] = &["target", "node_modules", "public"];

/// The files that are too long, with the number of their lines.
pub(super) fn too_long(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    walk(root, root, &mut found)?;
    found.sort();
    Ok(found)
}

/// The files that may be longer but are not there.
pub(super) fn gone(root: &Path) -> Vec<String> {
    let gone = DATA.iter().filter(|(file, _)| !root.join(file).exists());
    gone.map(|(file, what)| format!("{file} ({what}) is not there: correct the list in length.rs")).collect()
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !name.starts_with('.') && !FOREIGN.contains(&name) {
                walk(root, &path, found)?;
            }
            continue;
        }
        let relative = path.strip_prefix(root)?.display().to_string();
        let source = path.extension().and_then(|it| it.to_str()).is_some_and(|it| SOURCES.contains(&it));
        if source && !DATA.iter().any(|(file, _)| *file == relative) {
            let lines = fs::read_to_string(&path)?.lines().count();
            if lines > MAX_LINES {
                found.push(format!("{relative} has {lines} lines, {MAX_LINES} are the limit"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_inclusive_and_counts_sources_only() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("a/node_modules")).unwrap();
        for (file, lines) in [
            ("a/full.rs", MAX_LINES),
            ("a/over.css", MAX_LINES + 1),
            ("a/over.md", 999),
            ("a/node_modules/x.ts", 999),
        ] {
            fs::write(root.join(file), "x\n".repeat(lines)).unwrap();
        }
        assert_eq!(too_long(root).unwrap(), ["a/over.css has 451 lines, 450 are the limit"]);
        assert_eq!(gone(root).len(), DATA.len());
    }
}
