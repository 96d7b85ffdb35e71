//! Every state against every command, and every pair of decision and status.

use super::{Decision, Lane, Lifecycle, Outcome, State, Status, Transition, UndoState};

/// From decision, from status, command, to decision, to status.
type Row = (Option<Decision>, Status, Transition, Option<Decision>, Status);

/// All that is legal, as product rule. A decision of `None` stands for each of the three that let an action happen,
/// and is kept.
fn table() -> Vec<Row> {
    use Decision::{Approved, Expired, Pending, Rejected, Superseded, Withdrawn};
    let mut rows = vec![
        (Some(Pending), Status::None, Transition::Approve, Some(Approved), Status::Queued),
        (Some(Pending), Status::None, Transition::Reject, Some(Rejected), Status::None),
        (Some(Pending), Status::None, Transition::Expire, Some(Expired), Status::None),
        (Some(Pending), Status::None, Transition::Withdraw, Some(Withdrawn), Status::None),
        (Some(Pending), Status::None, Transition::Supersede, Some(Superseded), Status::None),
        (None, Status::Queued, Transition::Start, None, Status::InProgress),
        (None, Status::InProgress, Transition::Start, None, Status::InProgress),
        (None, Status::Queued, Transition::Cancel, None, Status::Cancelled),
        (None, Status::Failed, Transition::Retry, None, Status::Queued),
        (None, Status::TimedOut, Transition::Retry, None, Status::Queued),
        (None, Status::InProgress, Transition::LoseTrack, None, Status::Unknown),
    ];
    let ends = [
        (Outcome::Completed, Status::Completed),
        (Outcome::PartiallyCompleted, Status::PartiallyCompleted),
        (Outcome::Failed, Status::Failed),
        (Outcome::TimedOut, Status::TimedOut),
        (Outcome::Skipped, Status::Skipped),
        (Outcome::Cancelled, Status::Cancelled),
    ];
    for (outcome, status) in ends {
        rows.push((None, Status::InProgress, Transition::Report(outcome), None, status));
        rows.push((None, Status::Unknown, Transition::Settle(outcome), None, status));
    }
    rows
}

fn lifecycles() -> Vec<Lifecycle> {
    Decision::ALL
        .iter()
        .flat_map(|&d| Status::ALL.iter().map(move |&s| (d, s)))
        .flat_map(|(d, s)| UndoState::ALL.iter().map(move |&u| Lifecycle::from_columns(d, s, u)))
        .filter_map(Result::ok)
        .collect()
}

#[test]
fn each_state_allows_exactly_the_commands_of_the_table() {
    let table = table();
    let mut allowed = 0;
    for from in lifecycles() {
        for command in Transition::all() {
            let (decision, status) = (from.state.decision(), from.state.status());
            let is_undo = matches!(
                command,
                Transition::RequestUndo | Transition::ReportUndo(_) | Transition::ReportPartlyUndone
            );
            if command == Transition::Retry && status == Status::PartiallyCompleted {
                check_retry_of_some(from, from.apply(command));
                continue;
            }
            if let Transition::Correct(outcome) = command {
                check_correction(from, outcome, from.apply(command));
                continue;
            }
            let row = table
                .iter()
                .find(|(d, s, c, ..)| d.is_none_or(|d| d == decision) && *s == status && *c == command);
            match (from.apply(command), row) {
                (next, _) if is_undo => check_undo(from, command, next),
                (Ok(next), Some((_, _, _, to, to_status))) => {
                    allowed += 1;
                    assert_eq!(next.state.decision(), to.unwrap_or(decision), "{from:?} {command:?}");
                    assert_eq!(next.state.status(), *to_status, "{from:?} {command:?}");
                    assert_eq!(next.undo, from.undo);
                }
                (Err(refusal), None) => {
                    assert_eq!((refusal.decision, refusal.status), (decision, status));
                    assert_eq!(refusal.command, command);
                    let text = refusal.to_string();
                    assert!(text.contains(command.verb()) && text.contains(status.label()), "{text}");
                    assert!(text.contains(decision.label()), "{text}");
                }
                (got, want) => panic!("{from:?} {command:?}: got {got:?}, table has {want:?}"),
            }
        }
    }
    // 5 decisions on Pending; 18 rows for each of the three grants.
    assert_eq!(allowed, 5 + 3 * 18);
}

/// Only what nobody had to decide, is over and was not undone can have ended otherwise than was said.
fn check_correction(from: Lifecycle, outcome: Outcome, next: Result<Lifecycle, super::Refusal>) {
    let over = from.state.lane() == Lane::History && from.undo == UndoState::None;
    let legal = from.state.decision() == Decision::NotRequired && over;
    assert_eq!(next.is_ok(), legal, "{from:?} {outcome:?}");
    if let Ok(next) = next {
        assert_eq!(next.state, State::Granted(super::Grant::NotRequired, super::Execution::Ended(outcome)));
    }
}

/// What failed of several targets is tried again while nothing of the others was asked to be undone.
fn check_retry_of_some(from: Lifecycle, next: Result<Lifecycle, super::Refusal>) {
    assert_eq!(next.is_ok(), from.undo == UndoState::None, "{from:?}");
    if let Ok(next) = next {
        assert_eq!((next.state.decision(), next.state.status()), (from.state.decision(), Status::Queued));
    }
}

fn check_undo(from: Lifecycle, command: Transition, next: Result<Lifecycle, super::Refusal>) {
    let effect = matches!(from.state.status(), Status::Completed | Status::PartiallyCompleted);
    let want = match command {
        Transition::RequestUndo if effect && matches!(from.undo, UndoState::None | UndoState::Failed) => {
            Some(UndoState::Requested)
        }
        Transition::ReportUndo(Outcome::Completed) if from.undo == UndoState::Requested => {
            Some(UndoState::Undone)
        }
        Transition::ReportUndo(_) if from.undo == UndoState::Requested => Some(UndoState::Failed),
        Transition::ReportPartlyUndone if from.undo == UndoState::Requested => Some(UndoState::None),
        _ => None,
    };
    assert_eq!(next.ok().map(|next| (next.undo, next.state)), want.map(|undo| (undo, from.state)));
}

#[test]
fn legal_pairs_are_those_of_the_specification() {
    for &decision in Decision::ALL {
        for &status in Status::ALL {
            let executed =
                matches!(decision, Decision::Approved | Decision::AutoApproved | Decision::NotRequired);
            let legal = executed != (status == Status::None);
            let state = State::from_pair(decision, status);
            assert_eq!(state.is_ok(), legal, "{decision} {status}");
            if let Ok(state) = state {
                assert_eq!((state.decision(), state.status()), (decision, status));
                let lane = match (decision, status) {
                    (Decision::Pending, _) => Lane::Pending,
                    (_, Status::Queued | Status::InProgress | Status::Unknown) => Lane::InProgress,
                    _ => Lane::History,
                };
                assert_eq!(state.lane(), lane);
            }
        }
    }
    assert_eq!(State::all().len(), 5 + 3 * 9);
}

#[test]
fn only_what_had_an_effect_can_carry_an_undo() {
    for &undo in &UndoState::ALL[1..] {
        assert!(Lifecycle::from_columns(Decision::Approved, Status::Failed, undo).is_err());
        assert!(Lifecycle::from_columns(Decision::Pending, Status::None, undo).is_err());
        assert!(Lifecycle::from_columns(Decision::Approved, Status::Completed, undo).is_ok());
    }
}
