//! This product's extension of the results: what became of each file, for machines to read.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::digest::Sha256;
use super::message::{Response, Status};

/// The key of the report among the results; also the name of the profile that defines it.
pub const REPORT_KEY: &str = "x-countersign";

/// The reason of a command that was called off before it began: nothing was done under its id, and nothing will be.
pub const CALLED_OFF: &str = "called_off";
/// The reason why a command can't be called off: it has begun.
pub const BEGUN: &str = "begun";

/// How a command, or its part for one file, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All of it is done.
    Completed,
    /// Done for some files, not for others.
    PartiallyCompleted,
    /// Nothing was changed.
    Failed,
    /// It was so already; nothing was changed.
    Skipped,
}

/// What a command came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// The same for people, in one sentence.
    pub detail: String,
    /// Why it failed, as a stable word such as `target_changed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Each file that was meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileReport>,
    /// What was made for people to look at, and lies in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,
    /// What a command wrote, cut where it became too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

/// A file that a command made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its name in the vault.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// Its content.
    pub sha256: Sha256,
}

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// Its absolute path outside the vault.
    pub path: String,
    /// Its content, where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// Its permission bits outside the vault, as four octal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed, as a stable word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it failed, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Report {
    /// A report without files.
    #[must_use]
    pub fn new(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { outcome, detail: detail.into(), reason: None, files: Vec::new(), artifact: None, output: None }
    }
}

impl Response {
    /// A response whose words and results are this report.
    #[must_use]
    pub fn reporting(status: Status, report: Report) -> Self {
        let status_text = Some(report.detail.clone());
        let mut results = Map::new();
        if let Ok(value) = serde_json::to_value(report) {
            results.insert(REPORT_KEY.to_owned(), value);
        }
        Self { status, status_text, results }
    }

    /// A failure in which nothing was changed.
    #[must_use]
    pub fn refusing(status: Status, reason: &str, detail: impl Into<String>) -> Self {
        let report = Report { reason: Some(reason.to_owned()), ..Report::new(Outcome::Failed, detail) };
        Self::reporting(status, report)
    }

    /// The report, if the consumer gave one that can be read.
    #[must_use]
    pub fn report(&self) -> Option<Report> {
        self.results.get(REPORT_KEY).and_then(|value: &Value| Report::deserialize(value).ok())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_reads_back() {
        let response = Response::refusing(Status::NOT_FOUND, "not_found", "no such file");
        assert_eq!(
            serde_json::to_value(&response).unwrap(),
            json!({"status": 404, "status_text": "no such file",
                   "results": {"x-countersign": {"outcome": "failed", "reason": "not_found", "detail": "no such file"}}})
        );
        assert_eq!(response.report().unwrap().outcome, Outcome::Failed);
        let bare: Response = serde_json::from_value(json!({"status": 200})).unwrap();
        assert_eq!(bare.report(), None);
    }
}
