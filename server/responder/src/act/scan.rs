//! The antivirus scan: each file of the served folder is streamed to clamd, which says what it finds in it. Findings
//! are reported and left where they are: what becomes of a file is decided by people.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::clamd::Verdict;
use super::ground::Ground;
use crate::content;
use crate::refusal::{Failure, Refusal};
use crate::search::each_file;
use openc2::{FileReport, Outcome, Report};

/// A quick scan looks at what was written in this time.
const RECENT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The most findings that are named one by one.
const MAX_NAMED: usize = 1_000;

pub(crate) fn advance(ground: &Ground<'_>, full: bool) -> Result<Report, Failure> {
    let clamd = &ground.host.clamd;
    if !clamd.answers() {
        return Err(Refusal::failed("clamd does not answer").into());
    }
    let since = ground.now.saturating_sub(RECENT).map_or(i64::MIN, Timestamp::as_second);
    let (mut seen, mut unseen, mut found, mut files) = (0_usize, 0_usize, 0_usize, Vec::new());
    let unreadable = each_file(ground.root, &mut |path: &Path, file: &File| {
        let metadata = file.metadata()?;
        if !full && metadata.mtime() < since && metadata.ctime() < since {
            return Ok(());
        }
        match clamd.look_at(file)? {
            Verdict::Clean => seen += 1,
            Verdict::Unseen => unseen += 1,
            Verdict::Found(name) => {
                seen += 1;
                found += 1;
                if files.len() < MAX_NAMED {
                    files.push(FileReport {
                        path: path.to_string_lossy().into_owned(),
                        sha256: Some(content::sha256_of(file)?),
                        mode: None,
                        uid: None,
                        gid: None,
                        outcome: Outcome::Completed,
                        reason: Some("infected".to_owned()),
                        detail: Some(name),
                    });
                }
            }
        }
        Ok(())
    });
    let mut detail = match found {
        0 => format!("files scanned: {seen}; nothing found"),
        _ => format!("files scanned: {seen}; infected and left in place: {found}"),
    };
    let named = files
        .iter()
        .take(3)
        .map(|file| format!("{} in {}", file.detail.as_deref().unwrap_or_default(), file.path));
    let named: Vec<_> = named.collect();
    if !named.is_empty() {
        detail =
            format!("{detail}: {}{}", named.join(", "), if found > named.len() { " and more" } else { "" });
    }
    let skipped = unseen + unreadable;
    if skipped > 0 {
        detail = format!("{detail}; {skipped} could not be looked into");
    }
    let outcome = if seen == 0 && skipped > 0 { Outcome::Failed } else { Outcome::Completed };
    Ok(Report { files, ..Report::new(outcome, detail) })
}
