//! What an `OpenC2` consumer's answer means for an order, and the command that calls one off.

use domain::{CommandId, Outcome};
use jiff::SignedDuration;
use openc2::{Actuator, Command, CommandTarget, REPORT_KEY, Status, Target};
use service::executor::{Attempt, CalledOff};

/// How long a consumer may say that it is still at it, where nothing is said.
pub(super) const IN_PROGRESS_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What a response means for the attempt.
pub(super) fn ended(response: &openc2::Response, within: SignedDuration) -> Attempt {
    if response.status == Status::PROCESSING {
        let text = response.status_text.as_deref().unwrap_or("it says that it is at it");
        return Attempt::Working(format!("in progress: {text}"), within);
    }
    if response.status == Status::UNAVAILABLE {
        return Attempt::Uncertain(format!("the responder answered {}", response.status.0));
    }
    let report = response.report();
    let detail = report
        .as_ref()
        .map(|report| report.detail.clone())
        .or_else(|| response.status_text.clone())
        .unwrap_or_else(|| format!("the responder answered {}", response.status.0));
    let outcome = match (response.status, report.map(|report| report.outcome)) {
        (Status::OK, None | Some(openc2::Outcome::Completed)) => Outcome::Completed,
        (Status::OK, Some(openc2::Outcome::PartiallyCompleted)) => Outcome::PartiallyCompleted,
        (Status::OK, Some(openc2::Outcome::Skipped)) => Outcome::Skipped,
        _ => Outcome::Failed,
    };
    Attempt::Ended(outcome, detail)
}

/// The command that calls another one off.
pub(super) fn calling_off(command: CommandId) -> Command {
    let target = Target::Command(CommandTarget { command_id: command.to_string() });
    let actuator = Actuator { profile: REPORT_KEY.to_owned(), specifiers: serde_json::Map::new() };
    Command { actuator: Some(actuator), ..Command::new(openc2::Action::Cancel, target) }
}

/// What a response to calling off means.
pub(super) fn called_off(response: &openc2::Response) -> CalledOff {
    let reason = response.report().and_then(|report| report.reason);
    let text = response.status_text.clone().unwrap_or_default();
    if reason.as_deref() == Some(openc2::CALLED_OFF) {
        return CalledOff::NotDone(text);
    }
    if reason.as_deref() == Some(openc2::BEGUN) || response.status == Status::PROCESSING {
        return CalledOff::Begun(text);
    }
    match response.status {
        Status::NOT_IMPLEMENTED => {
            CalledOff::Never("its responder is of a version that can't be asked".to_owned())
        }
        Status::UNAVAILABLE | Status::BAD_REQUEST | Status::UNAUTHORIZED => CalledOff::Unanswered(text),
        _ => match ended(response, IN_PROGRESS_FOR) {
            Attempt::Ended(outcome, detail) => CalledOff::Ended(outcome, detail),
            _ => CalledOff::Unanswered(text),
        },
    }
}
