//! Carrying out commands: plan, intent, steps, result. Blocking; the caller sees to it that one runs at a time.
//!
//! The order is the promise: nothing is changed before the intent is on disk, and nothing is answered before the
//! result is. Every path through here, a repeat and the start after a crash included, ends in the same few lines.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use uuid::Uuid;

use super::content::{self, Facts};
use super::journal::{self, Method, Plan, Record, Refused, Stage, Step, Verb};
use super::refusal::{Failure, Refusal};
use super::root::{RelativePath, Root};
use super::search::search;
use super::vault::{Held, State, Vault};
use super::{answer, quarantine, release};
use crash::crash_point;
use openc2::{FileReport, Outcome, Report, Response, Sha256, Status};

/// The most files that one command may mean.
pub(super) const MAX_FILES: usize = 1_000;

/// A command that was understood.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) command_id: Uuid,
    pub(super) digest: String,
    pub(super) verb: Verb,
    pub(super) path: Option<String>,
    pub(super) sha256: Sha256,
}

/// What carries orders out.
pub(super) struct Engine {
    pub(super) root: Root,
    pub(super) vault: Vault,
    pub(super) clock: fn() -> Timestamp,
    pub(super) limit: usize,
}

enum Planned {
    Work(Plan),
    /// It is so already.
    Settled(&'static str),
}

impl Engine {
    /// Opens root and vault.
    pub(super) fn open(root: &Path, vault: &Path, clock: fn() -> Timestamp) -> anyhow::Result<Self> {
        let root =
            Root::open(root).with_context(|| format!("the root {} cannot be opened", root.display()))?;
        let vault = Vault::open(vault, &root)?;
        Ok(Self { root, vault, clock, limit: MAX_FILES })
    }

    /// Finishes what a crash left unfinished. What cannot be finished now stays for the next start or repeat.
    pub(super) fn recover(&self) -> anyhow::Result<()> {
        for record in journal::unfinished(&self.vault).context("the journal cannot be read")? {
            let command_id = record.command_id;
            match self.carry_out(record) {
                Ok(response) => {
                    tracing::info!(%command_id, status = response.status.0, "finished what was interrupted");
                }
                Err(error) => tracing::error!(%command_id, error = format!("{error:#}"), "still unfinished"),
            }
        }
        Ok(())
    }

    /// Carries an order out, or answers with the result that it had.
    pub(super) fn perform(&self, order: &Order) -> Response {
        self.try_perform(order).unwrap_or_else(|error| {
            let error = format!("{error:#}");
            tracing::error!(command_id = %order.command_id, error, "not settled");
            answer::unsettled(&error)
        })
    }

    fn try_perform(&self, order: &Order) -> anyhow::Result<Response> {
        let known = journal::load(&self.vault, order.command_id).context("the journal cannot be read")?;
        if let Some(record) = known {
            if record.digest != order.digest {
                return Ok(Refusal::id_reused().into_response());
            }
            return self.carry_out(record);
        }
        let planned = match order.verb {
            Verb::Quarantine => self.plan_quarantine(order),
            Verb::Release => self.plan_release(order),
        };
        let plan = match planned {
            Ok(Planned::Work(plan)) => plan,
            Ok(Planned::Settled(detail)) => {
                let response = Response::reporting(Status::OK, Report::new(Outcome::Skipped, detail));
                return self.finish(self.record(order, Plan::default()), response);
            }
            Err(refusal) if refusal.is_passing() => return Ok(refusal.into_response()),
            Err(refusal) => return self.finish(self.record(order, Plan::default()), refusal.into_response()),
        };
        let record = self.record(order, plan);
        journal::store(&self.vault, &record).context("the intent cannot be written; nothing was changed")?;
        match order.verb {
            Verb::Quarantine => crash_point!("quarantine.after_intent"),
            Verb::Release => crash_point!("release.after_intent"),
        }
        self.carry_out(record)
    }

    fn record(&self, order: &Order, plan: Plan) -> Record {
        Record {
            command_id: order.command_id,
            digest: order.digest.clone(),
            verb: order.verb,
            received_at: (self.clock)(),
            stage: Stage::Intended(plan),
        }
    }

    /// Does what remains of a recorded command and records the result.
    fn carry_out(&self, mut record: Record) -> anyhow::Result<Response> {
        let mut plan = match record.stage {
            Stage::Finished { response, .. } => return Ok(response),
            Stage::Intended(plan) => plan,
        };
        let mut done = Vec::with_capacity(plan.steps.len());
        for index in 0..plan.steps.len() {
            let mut ended = self.advance(record.verb, &plan.steps[index]);
            if matches!(ended, Err(Failure::OtherFileSystem)) {
                self.copy_from(index, record.verb, &mut plan)?;
                record.stage = Stage::Intended(plan.clone());
                journal::store(&self.vault, &record).context("the intent cannot be rewritten")?;
                ended = self.advance(record.verb, &plan.steps[index]);
            }
            let file = report(&plan.steps[index].held, Outcome::Completed);
            match ended {
                Ok(()) => done.push(file),
                Err(Failure::Refused(refusal)) => plan.refused.push(Refused { file, refusal }),
                Err(Failure::OtherFileSystem) => anyhow::bail!("a copy met another file system"),
                Err(Failure::Unsettled(error)) => return Err(error),
            }
        }
        let response = answer::conclude(record.verb, done, plan.refused, plan.unreadable);
        record.stage = Stage::Intended(Plan::default());
        self.finish(record, response)
    }

    fn advance(&self, verb: Verb, step: &Step) -> Result<(), Failure> {
        match verb {
            Verb::Quarantine => quarantine::advance(&self.root, &self.vault, step),
            Verb::Release => release::advance(&self.root, &self.vault, step),
        }
    }

    /// Renaming turned out to be impossible: what has not moved yet is copied.
    fn copy_from(&self, index: usize, verb: Verb, plan: &mut Plan) -> anyhow::Result<()> {
        for step in &mut plan.steps[index..] {
            if self.vault.has(&step.entry)? == (verb == Verb::Release) {
                step.method = Method::Copy;
            }
        }
        Ok(())
    }

    fn finish(&self, mut record: Record, response: Response) -> anyhow::Result<Response> {
        let verb = record.verb;
        record.stage = Stage::Finished { finished_at: (self.clock)(), response: response.clone() };
        journal::store(&self.vault, &record).context("the result cannot be written")?;
        match verb {
            Verb::Quarantine => crash_point!("quarantine.after_result"),
            Verb::Release => crash_point!("release.after_result"),
        }
        Ok(response)
    }

    fn plan_quarantine(&self, order: &Order) -> Result<Planned, Refusal> {
        let mut plan = Plan::default();
        if let Some(path) = &order.path {
            let place = self.root.place(path)?;
            return match self.aim(&place, order, 0) {
                Ok(step) => {
                    plan.steps.push(step);
                    Ok(Planned::Work(plan))
                }
                Err(refusal)
                    if refusal == Refusal::not_found() && self.holds(order, Some(place.shown()))? =>
                {
                    Ok(Planned::Settled("the file is in the vault already"))
                }
                Err(refusal) => Err(refusal),
            };
        }
        let matches = search(&self.root, order.sha256, self.limit);
        if matches.places.len() + matches.unnameable.len() > self.limit {
            return Err(Refusal::too_many(self.limit));
        }
        plan.unreadable = matches.unreadable;
        for path in matches.unnameable {
            plan.refused.push(Refused { file: unread(path, order.sha256), refusal: Refusal::unnameable() });
        }
        for (index, place) in matches.places.iter().enumerate() {
            match self.aim(place, order, index) {
                Ok(step) => plan.steps.push(step),
                Err(refusal) => {
                    let file = unread(place.shown().to_owned(), order.sha256);
                    plan.refused.push(Refused { file, refusal });
                }
            }
        }
        if !plan.steps.is_empty() || !plan.refused.is_empty() {
            return Ok(Planned::Work(plan));
        }
        if self.holds(order, None)? {
            return Ok(Planned::Settled("every file with this content is in the vault already"));
        }
        Err(Refusal::no_match())
    }

    fn aim(&self, place: &RelativePath, order: &Order, index: usize) -> Result<Step, Refusal> {
        let found = self.root.find(place)?;
        let reading = |error| Refusal::system("read the file", &error);
        let facts = Facts::of(&found.file).map_err(reading)?;
        if facts.sha256 != order.sha256 {
            return Err(Refusal::changed("the file at the path has another content"));
        }
        let device = found.file.metadata().map_err(reading)?.dev();
        Ok(Step {
            entry: format!("{}-{index}", order.command_id.hyphenated()),
            method: self.method(device),
            held: Held {
                path: place.shown().to_owned(),
                facts,
                command_id: order.command_id,
                quarantined_at: (self.clock)(),
                state: State::Held,
            },
        })
    }

    fn method(&self, device: u64) -> Method {
        if self.vault.is_on(device) { Method::Rename } else { Method::Copy }
    }

    fn holds(&self, order: &Order, path: Option<&str>) -> Result<bool, Refusal> {
        Ok(!self.held(order, path)?.is_empty())
    }

    fn held(&self, order: &Order, path: Option<&str>) -> Result<Vec<(String, Held)>, Refusal> {
        self.vault.held(order.sha256, path).map_err(|error| Refusal::system("read the vault", &error))
    }

    fn plan_release(&self, order: &Order) -> Result<Planned, Refusal> {
        let entries = if let Some(path) = &order.path {
            let place = self.root.place(path)?;
            let newest: Vec<_> = self.held(order, Some(place.shown()))?.into_iter().take(1).collect();
            if newest.is_empty() && self.lies_at(&place, order.sha256) {
                return Ok(Planned::Settled("the file is at its path already"));
            }
            newest
        } else {
            self.held(order, None)?
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
                .and_then(|place| release::destination(&self.root, &place))
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

    fn lies_at(&self, place: &RelativePath, sha256: Sha256) -> bool {
        self.root
            .find(place)
            .is_ok_and(|found| content::sha256_of(&found.file).is_ok_and(|hash| hash == sha256))
    }
}

/// What is known of a file that was planned.
fn report(held: &Held, outcome: Outcome) -> FileReport {
    FileReport {
        path: held.path.clone(),
        sha256: held.facts.sha256,
        mode: Some(held.facts.octal()),
        uid: Some(held.facts.uid),
        gid: Some(held.facts.gid),
        outcome,
        reason: None,
        detail: None,
    }
}

/// What is known of a file that was refused at sight.
fn unread(path: String, sha256: Sha256) -> FileReport {
    FileReport {
        path,
        sha256,
        mode: None,
        uid: None,
        gid: None,
        outcome: Outcome::Failed,
        reason: None,
        detail: None,
    }
}
