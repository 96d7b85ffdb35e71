//! What becomes of a proposal: the decision, the execution, the undo, with times that follow each other.
//!
//! Each change goes through `Lifecycle::apply`, so that no row is in a state that the product can't reach.

use domain::actions::lifecycle::{Execution, Grant};
use domain::{
    Action, Actor, ActorKind, ApprovalId, Decision, Lifecycle, Outcome, Refusal, Status, Transition,
    UndoState, Verdict,
};
use jiff::{SignedDuration, Timestamp};

use super::generator::{Approval, Case, Fate, Generator};
use super::incident::IncidentKind;
use super::sentences;

/// The executor of the whole demo estate.
const EXECUTOR: &str = "simulated";
/// How long a command that can't be sent is tried.
const MAX_TRY: SignedDuration = SignedDuration::from_hours(72);

impl Generator {
    /// Brings a fresh proposal to what its case wants of it.
    pub(super) fn settle(&mut self, action: &mut Action, case: &mut Case) {
        match case.fate {
            Fate::Waiting => {}
            Fate::Running(grant, execution) => {
                self.grant(action, case, grant);
                self.run(action, grant, execution);
            }
            Fate::Past => match self.distributions.decision(&mut self.rng, action.source) {
                Decision::Rejected => self.reject(action),
                Decision::Withdrawn => self.withdraw(action),
                Decision::Superseded => self.supersede(action),
                Decision::Expired if action.expires_at < self.now => expire(action),
                Decision::AutoApproved => self.finish(action, case, Grant::AutoApproved),
                Decision::NotRequired => self.finish(action, case, Grant::NotRequired),
                Decision::Approved | Decision::Expired | Decision::Pending => {
                    self.finish(action, case, Grant::Approved);
                }
            },
        }
    }

    fn finish(&mut self, action: &mut Action, case: &mut Case, grant: Grant) {
        self.grant(action, case, grant);
        let mut status = self.distributions.status(&mut self.rng, grant);
        if status == Status::TimedOut && action.updated_at + MAX_TRY > self.now {
            status = Status::Failed;
        }
        let outcome = match status {
            Status::PartiallyCompleted => Outcome::PartiallyCompleted,
            Status::Failed => Outcome::Failed,
            Status::TimedOut => Outcome::TimedOut,
            Status::Skipped => Outcome::Skipped,
            Status::Cancelled => Outcome::Cancelled,
            _ => Outcome::Completed,
        };
        self.run(action, grant, Execution::Ended(outcome));
    }

    /// Writes who let it happen, and when.
    fn grant(&mut self, action: &mut Action, case: &mut Case, grant: Grant) {
        match grant {
            // Recorded by a tool, or taken by a person: there was nothing to decide.
            Grant::NotRequired => {}
            Grant::AutoApproved => {
                let account = IncidentKind::of(action.entity.kind()) == IncidentKind::Account;
                action.verdict = Some(if account { Verdict::Compromised } else { Verdict::Malicious });
                action.decided_by = Some(Actor::new(ActorKind::Automation, "automation", "Automation"));
                let at = self.rng.soon(action.proposed_at, 1, 20, self.now);
                decide(action, at);
                let rule = if account {
                    "Rule: accounts with the verdict Compromised are remediated automatically.".to_owned()
                } else {
                    let group = action.asset.device_group.as_deref().unwrap_or("Ungrouped devices");
                    format!("Rule: Full - remediate threats automatically, device group {group}.")
                };
                action.reason = Some(rule);
            }
            Grant::Approved => {
                let approval = self.approval(action, case.approval.take());
                action.decided_by = Some(approval.by.clone());
                action.approval_id = Some(approval.id);
                decide(action, approval.at);
                action.reason = self.rng.chance(55).then(|| self.rng.word(sentences::APPROVED).to_owned());
                case.approval = Some(approval);
            }
        }
    }

    /// The case's approval, if it still fits; else one of its own.
    fn approval(&mut self, action: &Action, earlier: Option<Approval>) -> Approval {
        let permission = action.permission();
        if let Some(earlier) = earlier
            && earlier.at >= action.proposed_at
            && earlier.by.id != action.proposed_by.id
            && self.users.may(&earlier.by, permission)
            && self.rng.chance(85)
        {
            return earlier;
        }
        let by = self.users.with(&mut self.rng, permission, Some(&action.proposed_by));
        // Most wait minutes, some a night.
        let most = *self.rng.pick(&[1_800, 1_800, 7_200, 20_000, 60_000]);
        let at = self.rng.soon(action.proposed_at, 90, most, self.now);
        Approval { id: ApprovalId::from(self.rng.uuid(at)), by, at }
    }

    /// Lets the executor come as far as that.
    fn run(&mut self, action: &mut Action, grant: Grant, execution: Execution) {
        let begun = match grant {
            Grant::Approved | Grant::AutoApproved => Lifecycle::PENDING.apply(Transition::Approve),
            Grant::NotRequired => Ok(Lifecycle::NOT_REQUIRED),
        };
        let reached = begun.and_then(|begun| advance(begun, execution));
        debug_assert!(reached.is_ok(), "{reached:?}");
        let Ok(reached) = reached else { return };
        action.status = reached.state().status();
        action.decision = match grant {
            // Policy's approval has no command yet; its execution is the same.
            Grant::AutoApproved => Decision::AutoApproved,
            Grant::Approved | Grant::NotRequired => reached.state().decision(),
        };
        action.executor = Some(EXECUTOR.to_owned());
        action.version += steps(execution);
        let details = sentences::details(action.status);
        action.status_detail =
            (!details.is_empty()).then(|| self.rng.pick(details).replace("{asset}", &action.asset.name));
        action.updated_at = match execution {
            Execution::Queued => action.updated_at,
            Execution::Ended(Outcome::TimedOut) => action.updated_at + MAX_TRY,
            _ => self.rng.soon(action.updated_at, 1, 240, self.now),
        };
    }

    fn reject(&mut self, action: &mut Action) {
        let approval = self.approval(action, None);
        action.decision = Decision::Rejected;
        action.decided_by = Some(approval.by);
        action.approval_id = Some(approval.id);
        action.reason = Some(self.rng.word(sentences::REJECTED).to_owned());
        decide(action, approval.at);
    }

    fn withdraw(&mut self, action: &mut Action) {
        action.decision = Decision::Withdrawn;
        action.decided_by = Some(action.proposed_by.clone());
        action.reason = Some(self.rng.word(sentences::WITHDRAWN).to_owned());
        let at = self.rng.soon(action.proposed_at, 120, 86_400, self.now);
        decide(action, at);
    }

    fn supersede(&mut self, action: &mut Action) {
        action.decision = Decision::Superseded;
        action.decided_by = Some(system("intake"));
        action.reason = Some(self.rng.word(sentences::SUPERSEDED).to_owned());
        let at = self.rng.soon(action.proposed_at, 600, 2 * 86_400, self.now);
        decide(action, at);
    }

    /// Carries out a reverse action, and writes on the original what became of it.
    pub(super) fn reverse(
        &mut self,
        original: &mut Action,
        reverse: &mut Action,
        running: Option<Execution>,
    ) {
        let execution = running.unwrap_or_else(|| match self.distributions.undone.deal(&mut self.rng) {
            Status::Failed => Execution::Ended(Outcome::Failed),
            Status::PartiallyCompleted => Execution::Ended(Outcome::PartiallyCompleted),
            Status::TimedOut if reverse.proposed_at + MAX_TRY <= self.now => {
                Execution::Ended(Outcome::TimedOut)
            }
            _ => Execution::Ended(Outcome::Completed),
        });
        reverse.undo = UndoState::None;
        self.run(reverse, Grant::NotRequired, execution);
        original.undone_by = Some(reverse.id);
        original.version += 1;
        original.undo = UndoState::Requested;
        original.updated_at = reverse.proposed_at;
        if let Execution::Ended(outcome) = execution {
            original.version += 1;
            original.undo = if outcome == Outcome::Completed { UndoState::Undone } else { UndoState::Failed };
            original.updated_at = reverse.updated_at;
        }
    }
}

fn expire(action: &mut Action) {
    action.decision = Decision::Expired;
    action.decided_by = Some(system("clock"));
    action.reason = Some("Nobody decided in time.".to_owned());
    decide(action, action.expires_at);
}

fn decide(action: &mut Action, at: Timestamp) {
    action.decided_at = Some(at);
    action.updated_at = at;
    action.version += 1;
}

fn system(part: &str) -> Actor {
    Actor::new(ActorKind::System, part, "Countersign")
}

fn advance(begun: Lifecycle, execution: Execution) -> Result<Lifecycle, Refusal> {
    match execution {
        Execution::Queued => Ok(begun),
        Execution::InProgress => begun.apply(Transition::Start),
        Execution::Unknown => begun.apply(Transition::Start)?.apply(Transition::LoseTrack),
        Execution::Ended(Outcome::Cancelled) => begun.apply(Transition::Cancel),
        Execution::Ended(outcome) => begun.apply(Transition::Start)?.apply(Transition::Report(outcome)),
    }
}

/// How often the row changed on the way there.
const fn steps(execution: Execution) -> i64 {
    match execution {
        Execution::Queued => 0,
        Execution::InProgress | Execution::Ended(Outcome::Cancelled) => 1,
        Execution::Unknown | Execution::Ended(_) => 2,
    }
}
