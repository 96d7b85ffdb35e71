//! Policies: what they make of a decision, of trying again, of Take action, of Undo and of the end of what lasts. Who keeps
//! them, break-glass and its review stand in `protection`.
//!
//! They are read in the transaction that writes, and their revision stands in its statement, so that what was allowed under
//! a policy of before is not written under another.

use domain::actions::break_glass::check_reason;
use domain::actions::proposal::DEFAULT_TIME_TO_DECIDE;
use domain::policies::{Demand, Policies};
use domain::{
    Action, ActionId, AuditKind, Authorized, Caller, Decision, Denied, Error, Status, Undo, UserId,
};
use jiff::Timestamp;
use serde_json::json;

use super::entry;
use store::policies::FirstApproval;
use store::{AuditEntry, Transaction};

/// What policies make of a decision.
#[derive(Debug)]
pub(super) enum Course {
    /// It stands by itself.
    Alone,
    /// It is the first approval of two; what people are told of the rest.
    First(String),
    /// It is the second approval of two.
    Second,
    /// It stands by itself against a policy, of this name.
    BreakGlass(String),
}

/// What is written beside the rows of a change.
#[derive(Debug, Default)]
pub(super) enum Beside {
    /// Nothing.
    #[default]
    Nothing,
    /// Who approved first.
    First,
    /// That a second person let it happen.
    Second,
    /// That one person let this action happen alone: the policy, and why.
    BreakGlass(ActionId, String, String),
}

/// A decision as policies are asked about it.
pub(super) struct Asked<'a> {
    pub(super) caller: &'a Caller,
    pub(super) policies: &'a Policies,
    /// Whether it is an approval.
    pub(super) approves: bool,
    /// Whether it is break-glass.
    pub(super) alone: bool,
    /// Whether it is taken together with others.
    pub(super) together: bool,
}

/// What policies make of an approval or a rejection that is allowed as such.
pub(super) fn course(
    asked: &Asked<'_>,
    before: &Action,
    proposer: Option<UserId>,
    first: Option<&FirstApproval>,
) -> Result<Course, Error> {
    let &Asked { caller, policies, approves, alone, together } = asked;
    let Some(protection) = policies.on(before) else {
        return if alone { Err(nothing_to_break()) } else { Ok(Course::Alone) };
    };
    if together {
        return Err(Denied::Protected(protection.says()).into());
    }
    caller.require_fresh_factor()?;
    let two = protection.demand == Demand::SecondPerson && proposer.is_none();
    if !approves || !two {
        // Who asked for it was the first person, or one is enough.
        return if alone { Err(nothing_to_break()) } else { Ok(Course::Alone) };
    }
    let first = first.filter(|first| first.version == before.version);
    match first {
        Some(first) if Some(first.person) != caller.person => Ok(Course::Second),
        _ if alone => Ok(Course::BreakGlass(protection.name.clone())),
        Some(_) => Err(Denied::ApprovedFirst.into()),
        None => Ok(Course::First(protection.says())),
    }
}

/// What policies make of trying an action again on these of its targets: it takes the people that approving it takes. Who
/// is alone there takes it anew, with break-glass.
pub(super) fn course_again(
    caller: &Caller,
    policies: &Policies,
    before: &Action,
    (proposer, first): (Option<UserId>, Option<&FirstApproval>),
    targets: &[String],
) -> Result<Course, Error> {
    let asked = Asked { caller, policies, approves: true, alone: false, together: false };
    let course = course(&asked, before, proposer, first)?;
    if policies.on(before).is_some() && proposer.is_some() && proposer == caller.person {
        return Err(Denied::OwnProposal.into());
    }
    if !matches!(course, Course::Alone) && !targets.is_empty() {
        let detail = "can't be chosen: where two people are asked for, all that failed is tried again";
        return Err(Error::invalid("/targets", detail));
    }
    Ok(course)
}

/// What policies make of an action that a person wants done at once: it is, or it waits for somebody else. `alone` is
/// break-glass, for this reason.
pub(super) fn at_once(
    caller: &Caller,
    policies: &Policies,
    action: &mut Action,
    (alone, reason): (bool, &str),
    now: Timestamp,
) -> Result<Beside, Error> {
    let protection = policies.on(action).filter(|_| action.decision == Decision::NotRequired);
    let Some(protection) = protection else {
        return if alone { Err(nothing_to_break()) } else { Ok(Beside::Nothing) };
    };
    if alone {
        caller.require_fresh_factor()?;
        check_reason(reason).map_err(|detail| Error::invalid("/comment", detail))?;
        action.break_glass = true;
        return Ok(Beside::BreakGlass(action.id, protection.name.clone(), reason.to_owned()));
    }
    wait(action, format!("{} It waits for somebody else.", protection.says()), now);
    Ok(Beside::Nothing)
}

/// What policies make of the reverse that the server starts at the end of an action: where they ask for people, it waits.
pub(super) fn at_end(policies: &Policies, reverse: &mut Action, by_two: bool, now: Timestamp) {
    if let Some(protection) = policies.at_end(reverse, by_two) {
        let why = format!("The end of what it reverses has come, and it waits. {}", protection.says());
        wait(reverse, why, now);
    }
}

/// Leaves to people what would have been done at once, and says why.
fn wait(action: &mut Action, why: String, now: Timestamp) {
    (action.decision, action.status, action.executor) = (Decision::Pending, Status::None, None);
    action.status_detail = Some(why);
    action.expires_at = now.saturating_add(DEFAULT_TIME_TO_DECIDE).unwrap_or(now);
}

/// Whether two people let an action happen: who asked for it and who approved it, or who approved it first and second.
pub(super) fn by_two(action: &Action, proposer: Option<UserId>, first: Option<&FirstApproval>) -> bool {
    let completed = proposer.is_some() || first.is_some_and(|first| first.is_completed);
    action.decision == Decision::Approved && !action.break_glass && completed
}

/// What keeps an action out of decisions on many.
pub(super) fn by_itself(policies: &Policies, action: &Action, undo: bool) -> Result<(), Error> {
    let reversed = reverse_of(action).filter(|_| undo);
    match policies.on(reversed.as_ref().unwrap_or(action)) {
        Some(protection) => Err(Denied::Protected(protection.says()).into()),
        None => Ok(()),
    }
}

/// Its reverse, as far as policies ask about it.
pub(super) fn reverse_of(action: &Action) -> Option<Action> {
    match action.action_type.info().undo {
        Undo::By(action_type) => Some(Action { action_type, ..action.clone() }),
        Undo::Never(_) | Undo::NotNeeded => None,
    }
}

fn nothing_to_break() -> Error {
    Error::invalid("/break_glass", "is not needed: no policy asks for somebody else here")
}

/// The record of a use of break-glass.
pub(super) fn broken(now: Timestamp, action: &Action, policy: &str, reason: &str) -> AuditEntry {
    entry(now, AuditKind::BreakGlass, action, json!({ "policy": policy, "reason": reason }))
}

impl Beside {
    /// Writes it.
    pub(super) async fn write(
        self,
        tx: &mut dyn Transaction,
        by: &Authorized,
        after: &Action,
    ) -> Result<(), Error> {
        match self {
            Self::Nothing => Ok(()),
            Self::First => Ok(tx.note_first_approval(by, after.id, after.version, after.updated_at).await?),
            Self::Second => Ok(tx.complete_first_approval(by, after.id, after.updated_at).await?),
            Self::BreakGlass(id, policy, reason) => {
                Ok(tx.note_break_glass(by, id, &policy, &reason, after.updated_at).await?)
            }
        }
    }
}
