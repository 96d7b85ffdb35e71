//! Whether the result of a command still holds when the command comes again: a server that was made of an older copy sends
//! what was carried out, and perhaps taken back, since. Such a repeat does nothing, and must not be told that all is done.

use std::io;

use super::journal::Verb;
use super::vault::Vault;
use openc2::{FileReport, Hashes, Outcome, Response, Status};

/// Why an old result is not given again.
const NO_LONGER_SO: &str = "no_longer_so";

/// The response that the command had, or one that says what is otherwise since.
pub(super) fn compared(vault: &Vault, verb: Verb, response: Response) -> io::Result<Response> {
    let files = response.report().map(|report| report.files).unwrap_or_default();
    let mut otherwise = Vec::new();
    for file in files.iter().filter(|file| file.outcome == Outcome::Completed) {
        if is_otherwise(vault, verb, file)? {
            otherwise.push(file.path.as_str());
        }
    }
    let Some(first) = otherwise.first() else { return Ok(response) };
    let (done, is) = match verb {
        Verb::Quarantine => ("quarantined", "is not in the vault any more"),
        Verb::Release | Verb::Act => ("released", "is in the vault again"),
    };
    let more = match otherwise.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let detail = format!(
        "this command {done} {first} before, which {is}{more}: it was taken back since, and nothing was done now"
    );
    Ok(Response::refusing(Status::FORBIDDEN, NO_LONGER_SO, detail))
}

/// Whether a file that was moved is where it was before. A released one may be changed or deleted as any other.
fn is_otherwise(vault: &Vault, verb: Verb, file: &FileReport) -> io::Result<bool> {
    let Some(sha256) = file.sha256 else { return Ok(false) };
    let is_held = !vault.held(&Hashes::sha256(sha256), Some(&file.path))?.is_empty();
    Ok(match verb {
        Verb::Quarantine => !is_held,
        Verb::Release => is_held,
        Verb::Act => false,
    })
}
