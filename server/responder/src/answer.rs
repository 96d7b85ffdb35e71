//! The words of a result: from what became of each file to one status and one sentence.

use std::fmt::Write as _;

use super::journal::{Refused, Verb};
use openc2::{BEGUN, CALLED_OFF, FileReport, Outcome, Report, Response, Status};

/// The response to a command that was carried out as far as it could be.
pub(super) fn conclude(
    verb: Verb,
    done: Vec<FileReport>,
    refused: Vec<Refused>,
    unreadable: usize,
) -> Response {
    let (past, done_count, all) = (past(verb), done.len(), done.len() + refused.len());
    let first = refused.first().map(|refused| refused.refusal.clone());
    let same_status =
        refused.iter().all(|one| first.as_ref().is_some_and(|f| f.status == one.refusal.status));
    let (status, outcome, mut detail) = match &first {
        None => (Status::OK, Outcome::Completed, format!("{} {past}", files(all))),
        Some(_) if done_count > 0 => {
            (Status::OK, Outcome::PartiallyCompleted, format!("{done_count} of {} {past}", files(all)))
        }
        Some(refusal) => {
            let status = if same_status { refusal.status } else { Status::INTERNAL_ERROR };
            let detail = match all {
                1 => refusal.detail.clone(),
                _ => format!("none of {} could be {past}: {}", files(all), refusal.detail),
            };
            (status, Outcome::Failed, detail)
        }
    };
    match unreadable {
        0 => {}
        1 => detail += "; 1 file or folder could not be looked into",
        many => {
            let _ = write!(detail, "; {many} files or folders could not be looked into");
        }
    }
    let reason = first.map(|refusal| refusal.reason.into_owned());
    let refused = refused.into_iter().map(|Refused { file, refusal }| FileReport {
        outcome: Outcome::Failed,
        reason: Some(refusal.reason.into_owned()),
        detail: Some(refusal.detail),
        ..file
    });
    let mut files: Vec<_> = done.into_iter().chain(refused).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Response::reporting(status, Report { outcome, detail, reason, files, artifact: None, output: None })
}

/// The same response that says this, too.
pub(super) fn with_detail(response: Response, more: &str) -> Response {
    match response.report() {
        Some(report) => {
            let detail = format!("{}; {more}", report.detail);
            Response::reporting(response.status, Report { detail, ..report })
        }
        None => response,
    }
}

/// The response to a command whose result is not known yet. It carries no report, since there is none.
pub(super) fn unsettled(error: &str) -> Response {
    Response {
        status: Status::UNAVAILABLE,
        status_text: Some(format!("not settled, send the same command again: {error}")),
        results: serde_json::Map::new(),
    }
}

/// The response to a command that was called off before it began, and to calling it off.
pub(super) fn called_off() -> Response {
    let detail = "called off before it began; nothing was done";
    let report = Report { reason: Some(CALLED_OFF.to_owned()), ..Report::new(Outcome::Skipped, detail) };
    Response::reporting(Status::OK, report)
}

/// The response to calling off what has begun.
pub(super) fn begun() -> Response {
    Response::refusing(Status::FORBIDDEN, BEGUN, "it has begun, and can't be called off")
}

/// The response to a command that is being carried out. The same command again asks how it ended.
pub(super) fn under_way() -> Response {
    Response {
        status: Status::PROCESSING,
        status_text: Some("under way; send the same command again for its result".to_owned()),
        results: serde_json::Map::new(),
    }
}

fn past(verb: Verb) -> &'static str {
    match verb {
        Verb::Quarantine => "quarantined",
        Verb::Release => "released",
        Verb::Act => "done",
    }
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
