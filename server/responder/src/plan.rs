//! Which files a command means, and how each will cross between its place and the vault. Looks, and changes nothing.

use std::os::unix::fs::MetadataExt as _;

use jiff::Timestamp;
use uuid::Uuid;

use super::content::{self, Facts};
use super::journal::{Method, Plan, Refused, Step};
use super::order::Files;
use super::refusal::Refusal;
use super::release;
use super::root::{RelativePath, Root};
use super::search::search;
use super::vault::{Held, State, Vault};
use openc2::{FileReport, Hashes, Outcome};

/// What is looked at.
pub(super) struct Planner<'a> {
    pub(super) root: &'a Root,
    pub(super) vault: &'a Vault,
    pub(super) now: Timestamp,
    pub(super) limit: usize,
    pub(super) command_id: Uuid,
}

/// What a plan comes to.
pub(super) enum Planned {
    Work(Plan),
    /// It is so already.
    Settled(&'static str),
}

impl Planner<'_> {
    /// The files to take.
    pub(super) fn quarantine(&self, files: &Files) -> Result<Planned, Refusal> {
        let mut plan = Plan::default();
        if let Some(path) = &files.path {
            let place = self.root.place(path)?;
            return match self.aim(&place, &files.hashes, 0) {
                Ok(step) => {
                    plan.steps.push(step);
                    Ok(Planned::Work(plan))
                }
                Err(refusal)
                    if refusal == Refusal::not_found()
                        && self.holds(&files.hashes, Some(place.shown()))? =>
                {
                    Ok(Planned::Settled("the file is in the vault already"))
                }
                Err(refusal) => Err(refusal),
            };
        }
        let matches = search(self.root, &files.hashes, self.limit);
        if matches.places.len() + matches.unnameable.len() > self.limit {
            return Err(Refusal::too_many(self.limit));
        }
        plan.unreadable = matches.unreadable;
        for path in matches.unnameable {
            plan.refused.push(Refused { file: unread(path, &files.hashes), refusal: Refusal::unnameable() });
        }
        for (index, place) in matches.places.iter().enumerate() {
            match self.aim(place, &files.hashes, index) {
                Ok(step) => plan.steps.push(step),
                Err(refusal) => {
                    let file = unread(place.shown().to_owned(), &files.hashes);
                    plan.refused.push(Refused { file, refusal });
                }
            }
        }
        if !plan.steps.is_empty() || !plan.refused.is_empty() {
            return Ok(Planned::Work(plan));
        }
        if self.holds(&files.hashes, None)? {
            return Ok(Planned::Settled("every file with this content is in the vault already"));
        }
        Err(Refusal::no_match())
    }

    fn aim(&self, place: &RelativePath, wanted: &Hashes, index: usize) -> Result<Step, Refusal> {
        let found = self.root.find(place)?;
        let reading = |error| Refusal::system("read the file", &error);
        let facts = Facts::of(&found.file).map_err(reading)?;
        let hashes = content::hashes_of(&found.file).map_err(reading)?;
        if hashes.sha256 != Some(facts.sha256) || !content::matches(wanted, &hashes) {
            return Err(Refusal::changed("the file at the path has another content"));
        }
        let device = found.file.metadata().map_err(reading)?.dev();
        Ok(Step {
            entry: format!("{}-{index}", self.command_id.hyphenated()),
            method: self.method(device),
            held: Held {
                path: place.shown().to_owned(),
                facts,
                sha1: hashes.sha1,
                md5: hashes.md5,
                command_id: self.command_id,
                quarantined_at: self.now,
                state: State::Held,
            },
        })
    }

    fn method(&self, device: u64) -> Method {
        if self.vault.is_on(device) { Method::Rename } else { Method::Copy }
    }

    fn holds(&self, wanted: &Hashes, path: Option<&str>) -> Result<bool, Refusal> {
        Ok(!self.held(wanted, path)?.is_empty())
    }

    fn held(&self, wanted: &Hashes, path: Option<&str>) -> Result<Vec<(String, Held)>, Refusal> {
        self.vault.held(wanted, path).map_err(|error| Refusal::system("read the vault", &error))
    }

    /// The files to give back.
    pub(super) fn release(&self, files: &Files) -> Result<Planned, Refusal> {
        let entries = if let Some(path) = &files.path {
            let place = self.root.place(path)?;
            let newest: Vec<_> = self.held(&files.hashes, Some(place.shown()))?.into_iter().take(1).collect();
            if newest.is_empty() && self.lies_at(&place, &files.hashes) {
                return Ok(Planned::Settled("the file is at its path already"));
            }
            newest
        } else {
            self.held(&files.hashes, None)?
        };
        if entries.is_empty() {
            return Err(Refusal::not_held());
        }
        if entries.len() > self.limit {
            return Err(Refusal::too_many(self.limit));
        }
        let mut plan = Plan::default();
        for (entry, held) in entries {
            let device = self
                .root
                .place(&held.path)
                .and_then(|place| release::destination(self.root, &place))
                .and_then(|spot| {
                    rustix::fs::fstat(spot.folder())
                        .map_err(|error| Refusal::system("look at the folder", &error.into()))
                });
            match device {
                Ok(folder) => plan.steps.push(Step { entry, method: self.method(folder.st_dev), held }),
                Err(refusal) => {
                    plan.refused.push(Refused { file: report(&held, Outcome::Failed), refusal });
                }
            }
        }
        Ok(Planned::Work(plan))
    }

    /// Whether a file with the content lies there. A path alone does not say which one was taken from it.
    fn lies_at(&self, place: &RelativePath, wanted: &Hashes) -> bool {
        *wanted != Hashes::default()
            && self
                .root
                .find(place)
                .is_ok_and(|found| content::is_wanted(&found.file, wanted).unwrap_or(false))
    }
}

/// What is known of a file that was planned.
pub(super) fn report(held: &Held, outcome: Outcome) -> FileReport {
    FileReport {
        path: held.path.clone(),
        sha256: Some(held.facts.sha256),
        mode: Some(held.facts.octal()),
        uid: Some(held.facts.uid),
        gid: Some(held.facts.gid),
        outcome,
        reason: None,
        detail: None,
    }
}

/// What is known of a file that was refused at sight.
fn unread(path: String, wanted: &Hashes) -> FileReport {
    FileReport {
        path,
        sha256: wanted.sha256,
        mode: None,
        uid: None,
        gid: None,
        outcome: Outcome::Failed,
        reason: None,
        detail: None,
    }
}
