//! What an executor that may have a command is asked: to call it off. One that has not begun it never will; one that has
//! ended it says how. So an action that was sent can be cancelled, and one whose end is unknown is settled by its executor's
//! own word, once that answers again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::core::subject::Current;
use domain::{
    Action, ActionId, AuditKind, Authorized, Caller, CommandId, Error, FollowUp, FollowUpVerb, Outcome,
    RowScope, Seen, Status, SystemAuthority, Transition,
};
use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::decision::{check_seen, lifecycle_of, next};
use super::executor::CalledOff;
use super::{Service, detached, entry};
use store::{Guard, SystemTransaction};

/// What asking one executor may take.
const ASK_TIMEOUT: Duration = Duration::from_secs(8);
/// Executors that are asked side by side.
const SIDE_BY_SIDE: usize = 16;
/// Commands whose end is unknown that are looked at, and those of them that are asked about in one look: many that nobody
/// answers for leave the others their turn.
const MAX_UNKNOWN: u32 = 1_000;
const MAX_ASKED: usize = 50;
/// After so long one is asked about again, and each time after twice as long.
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(30);
const ASK_LATEST: SignedDuration = SignedDuration::from_hours(1);
/// Doublings of the pause.
const MAX_DOUBLINGS: u32 = 7;

/// When commands whose end is unknown are asked about again, and how often they were.
#[derive(Debug, Default)]
pub(super) struct AskedUnknown(Mutex<HashMap<CommandId, (u32, Timestamp)>>);

impl AskedUnknown {
    /// Whether it is time to ask about it; then it is noted that it was.
    fn is_due(&self, command: CommandId, now: Timestamp) -> bool {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (times, next) = asked.get(&command).copied().unwrap_or((0, now));
        if next > now {
            return false;
        }
        let pause = ASK_AGAIN.saturating_mul(1 << times.min(MAX_DOUBLINGS)).min(ASK_LATEST);
        asked.insert(command, (times + 1, now.saturating_add(pause).unwrap_or(now)));
        true
    }

    /// Forgets all but these.
    fn keep(&self, unknown: &[CommandId]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|command, _| unknown.contains(command));
    }
}

impl Service {
    /// Of an action that is to be cancelled, asks the executors that may have its commands. Returns those that provably
    /// are not carried out; the others are said why not.
    ///
    /// # Errors
    /// Why it can't be cancelled by this caller, or that nothing of it can be called off.
    pub(super) async fn ask_to_call_off(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: &Seen,
        what: &FollowUp,
    ) -> Result<Called, Error> {
        let mut asked = Called::default();
        if what.verb != FollowUpVerb::Cancel {
            return Ok(asked);
        }
        let scope = RowScope::of(caller)?;
        let action = self.store.action(&scope, id).await?.ok_or_else(|| Error::NotFound(id.into()))?;
        if action.status != Status::InProgress {
            return Ok(asked);
        }
        let proposer = self.store.proposer(id).await?;
        self.check_follow_up(caller, &action, proposer, what.verb, self.clock.now())?;
        check_seen(&action, seen)?;
        let sent = self.store.targets_of(id).await?.into_iter().filter(|of| of.status == Status::InProgress);
        let named = &action.executor;
        let asks = sent.map(|of| async move {
            let executor = of.executor.or_else(|| named.clone());
            (of.command, self.ask_one(executor.as_deref(), of.command).await)
        });
        let answers: Vec<_> = futures_util::stream::iter(asks).buffer_unordered(SIDE_BY_SIDE).collect().await;
        let mut ended = false;
        for (command, answer) in answers {
            tracing::info!(action = %id, %command, ?answer, "asked to call off");
            match answer {
                CalledOff::NotDone(says) => {
                    asked.not_done.push(command);
                    asked.says = says;
                }
                CalledOff::Ended(outcome, detail) => {
                    self.end_asked(command, outcome, &detail).await?;
                    asked.refused = Some(format!("it had ended before: {detail}"));
                    ended = true;
                }
                CalledOff::Begun(why) | CalledOff::Unanswered(why) | CalledOff::Never(why) => {
                    asked.refused = Some(why);
                }
                CalledOff::Asked(says) => {
                    asked.asked.push(command);
                    asked.says = says;
                }
            }
        }
        if ended && asked.not_done.is_empty() && asked.asked.is_empty() {
            // By its executor's word it is another action than was seen.
            let current = self.store.action(&scope, id).await?.unwrap_or(action);
            return Err(asked.refusal(&current));
        }
        Ok(asked)
    }

    async fn ask_one(&self, executor: Option<&str>, command: CommandId) -> CalledOff {
        let connected = executor.and_then(|name| self.executors.named(name));
        let Some(connected) = connected else {
            return CalledOff::Unanswered("its executor is not connected".to_owned());
        };
        match connected.adapter() {
            Ok(adapter) => tokio::time::timeout(ASK_TIMEOUT, adapter.call_off(command))
                .await
                .unwrap_or_else(|_| CalledOff::Unanswered("its executor did not answer".to_owned())),
            Err(why) => CalledOff::Unanswered(why.clone()),
        }
    }

    /// Whether the executor of a command can be asked to call it off.
    pub(super) fn can_call_off(&self, executor: Option<&str>) -> bool {
        let connected = executor.and_then(|name| self.executors.named(name));
        connected.is_some_and(|connected| connected.adapter().is_ok_and(|adapter| adapter.calls_off()))
    }

    /// Asks the executors of commands whose end is unknown, those that can be asked and whose time it is. Returns how many
    /// ends are known since.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn ask_about_unknown(&self, authority: &SystemAuthority) -> Result<usize, Error> {
        let executors: Vec<_> = self.executors.all().into_iter().map(|one| one.name().to_owned()).collect();
        let askable: Vec<_> = executors.into_iter().filter(|name| self.can_call_off(Some(name))).collect();
        if askable.is_empty() || self.dispatch_pause().await?.is_some() {
            return Ok(0);
        }
        let unknown = self.store.unknown_commands(&askable, MAX_UNKNOWN).await?;
        let ids: Vec<_> = unknown.iter().map(|of| of.id).collect();
        self.asked_unknown.keep(&ids);
        let mut known = 0;
        let due = unknown.into_iter().filter(|of| self.asked_unknown.is_due(of.id, self.clock.now()));
        for of in due.take(MAX_ASKED) {
            let answer = self.ask_one(of.executor.as_deref(), of.id).await;
            tracing::info!(command = %of.id, ?answer, "asked about an unknown end");
            let name = of.executor.clone().unwrap_or_default();
            let (service, authority) = (self.clone(), authority.clone());
            let settled =
                detached(async move { service.write_answer(&authority, &name, of.id, answer).await });
            known += usize::from(settled.await?);
        }
        Ok(known)
    }

    /// Writes that a command had ended before: that is its executor's word, whoever asked. What the person decides is written
    /// by their own authority, after it.
    async fn end_asked(&self, command: CommandId, outcome: Outcome, detail: &str) -> Result<(), Error> {
        let Some(authority) = self.authority.clone() else { return Ok(()) };
        let (service, answer) = (self.clone(), CalledOff::Ended(outcome, detail.to_owned()));
        detached(async move { service.write_answer(&authority, "worker", command, answer).await }).await?;
        Ok(())
    }

    /// Writes what an executor answered of a command. False if that changes nothing.
    pub(super) async fn write_answer(
        &self,
        authority: &SystemAuthority,
        name: &str,
        command: CommandId,
        answer: CalledOff,
    ) -> Result<bool, Error> {
        let mut tx = self.store.begin_system(authority).await?;
        let now = tx.time(self.clock.now()).await?;
        let by = Authorized::system(authority, name, name);
        let written = self.write_answer_in(&mut *tx, &by, command, answer, now).await?;
        tx.commit().await?;
        Ok(written)
    }

    pub(super) async fn write_answer_in(
        &self,
        tx: &mut dyn SystemTransaction,
        by: &Authorized,
        command: CommandId,
        answer: CalledOff,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let Some(handed) = self.store.command(command).await? else { return Ok(false) };
        let Some(before) = tx.action(&RowScope::ALL, handed.command.action_id).await? else {
            return Ok(false);
        };
        let (outcome, told) = match answer {
            CalledOff::NotDone(_) if handed.is_done => (
                Outcome::Failed,
                "provably not done: its executor had not begun it, and never will".to_owned(),
            ),
            CalledOff::NotDone(says) => (Outcome::Cancelled, says),
            CalledOff::Ended(outcome, detail) => (outcome, detail),
            CalledOff::Begun(why)
            | CalledOff::Never(why)
            | CalledOff::Unanswered(why)
            | CalledOff::Asked(why) => {
                // Of an action that goes on, people are told why.
                if before.status == Status::InProgress && !before.has_targets() {
                    let after =
                        Action { status_detail: Some(why), ..next(&before, lifecycle_of(&before)?, now) };
                    if tx
                        .update_state(Guard { by, deciding: false, policy: None, now }, &before, &after)
                        .await?
                    {
                        let more = json!({ "command_id": command, "detail": after.status_detail });
                        tx.append_audit(by, entry(now, AuditKind::Postponed, &after, more)).await?;
                    }
                }
                return Ok(false);
            }
        };
        if !handed.is_done && before.status == Status::InProgress {
            return self.end(tx, by, &handed.command, Transition::Report(outcome), &told, now).await;
        }
        let last = self.store.command_of(before.id).await?;
        if super::reports::is_unknown(&before, command, last.as_ref()) {
            return self.settle_late(tx, by, (&before, command), (outcome, &told), now).await;
        }
        Ok(false)
    }
}

/// What came of asking to call off.
#[derive(Debug, Default)]
pub(super) struct Called {
    /// Provably not carried out, and never.
    pub(super) not_done: Vec<CommandId>,
    /// Asked, with an answer that comes later.
    pub(super) asked: Vec<CommandId>,
    /// Why one is not called off.
    pub(super) refused: Option<String>,
    /// What executors said.
    pub(super) says: String,
}

impl Called {
    /// Why nothing is called off.
    pub(super) fn refusal(&self, action: &Action) -> Error {
        let why = self.refused.as_deref().unwrap_or("its executor may have it already");
        let detail = format!("it can't be called off: {why}");
        Error::Conflict { detail, current: Box::new(Current::new(action.id, action)) }
    }
}
