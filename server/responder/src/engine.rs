//! Carrying out commands: plan, intent, steps, result. Blocking; the caller sees to it that one runs at a time.
//!
//! The order is the promise: nothing is changed before the intent is on disk, and nothing is answered before the
//! result is. Every path through here, a repeat and the start after a crash included, ends in the same few lines.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use jiff::Timestamp;
use uuid::Uuid;

use super::act::host::Host;
use super::act::{self, Ground, network};
use super::journal::{self, Method, Plan, Record, Refused, Stage, Step, Verb};
use super::order::{Order, Task};
use super::plan::{Planned, Planner, report};
use super::refusal::{Failure, Refusal};
use super::root::Root;
use super::vault::Vault;
use super::{answer, quarantine, release, since};
use crash::crash_point;
use openc2::{Hashes, Outcome, Report, Response, Status};

/// The most files that one command may mean.
pub(super) const MAX_FILES: usize = 1_000;

/// What carries orders out.
pub(super) struct Engine {
    pub(super) root: Root,
    pub(super) vault: Vault,
    pub(super) host: Host,
    pub(super) clock: fn() -> Timestamp,
    pub(super) limit: usize,
    /// Held while a command begins, or is called off: one of both comes first.
    begins: Mutex<()>,
}

/// What stands in place of the digest of a command that was called off before it came.
const NO_COMMAND: &str = "called off";

impl Engine {
    /// Opens root and vault.
    pub(super) fn open(
        root: &Path,
        vault: &Path,
        host: Host,
        clock: fn() -> Timestamp,
    ) -> anyhow::Result<Self> {
        let root =
            Root::open(root).with_context(|| format!("the root {} cannot be opened", root.display()))?;
        let vault = Vault::open(vault, &root)?;
        Ok(Self { root, vault, host, clock, limit: MAX_FILES, begins: Mutex::default() })
    }

    /// Finishes what a crash left unfinished. What cannot be finished now stays for the next start or repeat.
    pub(super) fn recover(&self) -> anyhow::Result<()> {
        if let Err(error) = network::recover(&self.host, &self.vault, (self.clock)()) {
            tracing::error!(error = format!("{error:#}"), "what was blocked or isolated is not in force");
        }
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
            if record.digest != order.digest && record.digest != NO_COMMAND {
                return Ok(Refusal::id_reused().into_response());
            }
            let (verb, has_ended) = (record.verb, matches!(record.stage, Stage::Finished { .. }));
            let response = self.carry_out(record)?;
            return if has_ended {
                since::compared(&self.vault, verb, response).context("the vault cannot be read")
            } else {
                Ok(response)
            };
        }
        let stage = match self.plan(order) {
            Ok(Next::Begin(stage)) => stage,
            Ok(Next::Settled(detail)) => {
                let response = Response::reporting(Status::OK, Report::new(Outcome::Skipped, detail));
                return self.finish(self.record(order, Stage::Intended(Plan::default())), response);
            }
            Err(refusal) if refusal.is_passing() => return Ok(refusal.into_response()),
            Err(refusal) => {
                return self
                    .finish(self.record(order, Stage::Intended(Plan::default())), refusal.into_response());
            }
        };
        let record = self.record(order, stage);
        let begins = self.begins.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have been called off while it was planned.
        if let Some(Record { stage: Stage::Finished { response, .. }, .. }) =
            journal::load(&self.vault, order.command_id).context("the journal cannot be read")?
        {
            return Ok(response);
        }
        journal::store(&self.vault, &record).context("the intent cannot be written; nothing was changed")?;
        drop(begins);
        match record.verb {
            Verb::Quarantine => crash_point!("quarantine.after_intent"),
            Verb::Release => crash_point!("release.after_intent"),
            Verb::Act => crash_point!("act.after_intent"),
        }
        self.carry_out(record)
    }

    /// Calls a command off: if it has not begun, it never will. Answers with the result of one that has ended.
    pub(super) fn call_off(&self, command_id: Uuid) -> Response {
        self.try_call_off(command_id).unwrap_or_else(|error| {
            let error = format!("{error:#}");
            tracing::error!(%command_id, error, "not called off");
            answer::unsettled(&error)
        })
    }

    fn try_call_off(&self, command_id: Uuid) -> anyhow::Result<Response> {
        let _begins = self.begins.lock().unwrap_or_else(PoisonError::into_inner);
        match journal::load(&self.vault, command_id).context("the journal cannot be read")? {
            Some(Record { verb, stage: Stage::Finished { response, .. }, .. }) => {
                since::compared(&self.vault, verb, response).context("the vault cannot be read")
            }
            Some(_) => Ok(answer::begun()),
            None => {
                tracing::info!(%command_id, "called off before it began");
                let (now, response) = ((self.clock)(), answer::called_off());
                let record = Record {
                    command_id,
                    digest: NO_COMMAND.to_owned(),
                    verb: Verb::Act,
                    received_at: now,
                    stage: Stage::Finished { finished_at: now, response: response.clone() },
                };
                journal::store(&self.vault, &record).context("the result cannot be written")?;
                Ok(response)
            }
        }
    }

    /// What will be done; looks only.
    fn plan(&self, order: &Order) -> Result<Next, Refusal> {
        let files_of = Planner {
            root: &self.root,
            vault: &self.vault,
            now: (self.clock)(),
            limit: self.limit,
            command_id: order.command_id,
        };
        let found = match &order.task {
            Task::Quarantine { files, stop } => match files_of.quarantine(files)? {
                Planned::Work(plan) if *stop => Planned::Work(Plan { stop: Some(files.hashes), ..plan }),
                settled => settled,
            },
            Task::Release(files) => files_of.release(files)?,
            Task::Act(task) => {
                return Ok(match act::plan(&self.ground(order.command_id), task)? {
                    act::Planned::Work(work) => Next::Begin(Stage::Begun { work }),
                    act::Planned::Settled(detail) => Next::Settled(detail),
                });
            }
        };
        Ok(match found {
            Planned::Work(plan) => Next::Begin(Stage::Intended(plan)),
            Planned::Settled(detail) => Next::Settled(detail.to_owned()),
        })
    }

    fn ground(&self, command_id: Uuid) -> Ground<'_> {
        Ground { host: &self.host, root: &self.root, vault: &self.vault, now: (self.clock)(), command_id }
    }

    fn record(&self, order: &Order, stage: Stage) -> Record {
        Record {
            command_id: order.command_id,
            digest: order.digest.clone(),
            verb: order.task.verb(),
            received_at: (self.clock)(),
            stage,
        }
    }

    /// Does what remains of a recorded command and records the result.
    fn carry_out(&self, mut record: Record) -> anyhow::Result<Response> {
        let mut plan = match record.stage {
            Stage::Finished { response, .. } => return Ok(response),
            Stage::Begun { work } => {
                record.stage = Stage::Begun { work: work.clone() };
                return self.act(record, &work);
            }
            Stage::Intended(plan) => plan,
        };
        let ended = plan.stop.map(|hashes| self.end(&hashes));
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
        let mut response = answer::conclude(record.verb, done, plan.refused, plan.unreadable);
        if let Some(ended) = ended {
            response = answer::with_detail(response, &ended);
        }
        record.stage = Stage::Intended(Plan::default());
        self.finish(record, response)
    }

    /// Does what remains of anything that is no file's move.
    fn act(&self, mut record: Record, work: &act::Work) -> anyhow::Result<Response> {
        let ground = self.ground(record.command_id);
        let mut note = |work| {
            record.stage = Stage::Begun { work };
            journal::store(&self.vault, &record).context("the intent cannot be rewritten")
        };
        let response = match act::advance(&ground, work, &mut note) {
            Ok(Some(report)) => {
                let status =
                    if report.outcome == Outcome::Failed { Status::INTERNAL_ERROR } else { Status::OK };
                Response::reporting(status, report)
            }
            Ok(None) => {
                answer::unsettled("it began, and was interrupted; whether it took effect is not known")
            }
            Err(Failure::Refused(refusal)) => refusal.into_response(),
            Err(Failure::OtherFileSystem) => anyhow::bail!("an act met another file system"),
            Err(Failure::Unsettled(error)) => return Err(error),
        };
        crash_point!("act.after_effect");
        self.finish(record, response)
    }

    /// Ends the processes that run this content, and says how many.
    fn end(&self, hashes: &Hashes) -> String {
        if !self.host.allows(act::host::Hand::Processes) {
            return "no process was ended, since this responder ends none".to_owned();
        }
        let ended = act::process::running(hashes).map_err(Failure::from).and_then(|processes| {
            act::process::stop(&processes)?;
            Ok(processes.len())
        });
        match ended {
            Ok(1) => "1 process ended".to_owned(),
            Ok(count) => format!("{count} processes ended"),
            Err(error) => format!("its processes could not be ended: {error}"),
        }
    }

    fn advance(&self, verb: Verb, step: &Step) -> Result<(), Failure> {
        match verb {
            Verb::Quarantine => quarantine::advance(&self.root, &self.vault, step),
            Verb::Release => release::advance(&self.root, &self.vault, step),
            Verb::Act => {
                Err(Failure::Unsettled(anyhow::anyhow!("the journal holds a file's move for an act")))
            }
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
            Verb::Act => crash_point!("act.after_result"),
        }
        Ok(response)
    }
}

/// What a plan comes to.
enum Next {
    Begin(Stage),
    /// It is so already.
    Settled(String),
}
