//! One synced file per command id: first what is intended, then what came of it.
//!
//! Owns the record's shape and its durability. The intent is written before anything is changed and holds all that
//! is needed to roll the command forward; the result replaces it and is what every repeat is answered with.

use std::io;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::act::Work;
use super::durable;
use super::refusal::Refusal;
use super::vault::{self, Held, Vault};
use openc2::{FileReport, Hashes, Response};

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verb {
    Quarantine,
    Release,
    /// What is no file's move; the record's work says what.
    Act,
}

/// The record of one command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) command_id: Uuid,
    /// SHA-256 of the command in canonical JSON, by which a repeat is told from a reuse.
    pub(super) digest: String,
    pub(super) verb: Verb,
    pub(super) received_at: Timestamp,
    pub(super) stage: Stage,
}

/// How far the command is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub(super) enum Stage {
    /// To be done, or half done.
    Intended(Plan),
    /// Likewise, for what is no file's move.
    Begun { work: Work },
    /// Settled.
    Finished { finished_at: Timestamp, response: Response },
}

/// What a command will do, file by file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// Files that were meant and refused before anything began.
    pub(super) refused: Vec<Refused>,
    /// How many files a search could not look into.
    pub(super) unreadable: usize,
    /// Whose processes end before the files are moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stop: Option<Hashes>,
}

/// One file to move, in either direction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Step {
    /// The name of the data in the vault.
    pub(super) entry: String,
    pub(super) method: Method,
    pub(super) held: Held,
}

/// How a file crosses between the root and the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Method {
    Rename,
    Copy,
}

/// A file that is left alone, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Refused {
    pub(super) file: FileReport,
    pub(super) refusal: Refusal,
}

fn name(command_id: Uuid) -> String {
    format!("{}.json", command_id.hyphenated())
}

/// Reads the record of a command, if there is one.
pub(super) fn load(vault: &Vault, command_id: Uuid) -> io::Result<Option<Record>> {
    vault::read_json(vault.journal(), &name(command_id))
}

/// Writes the record durably, replacing what it said before.
pub(super) fn store(vault: &Vault, record: &Record) -> io::Result<()> {
    durable::write(vault.journal(), &name(record.command_id), &serde_json::to_vec(record)?)
}

/// The commands that have an intent but no result.
pub(super) fn unfinished(vault: &Vault) -> io::Result<Vec<Record>> {
    let mut records = Vec::new();
    for name in vault::names(vault.journal())? {
        if name.strip_suffix(".json").is_none_or(|id| Uuid::try_parse(id).is_err()) {
            continue;
        }
        match vault::read_json::<Record>(vault.journal(), &name) {
            Ok(Some(record)) if !matches!(record.stage, Stage::Finished { .. }) => records.push(record),
            Ok(_) => {}
            Err(error) => tracing::error!(name, %error, "a journal record cannot be read"),
        }
    }
    records.sort_by_key(|record| record.received_at);
    Ok(records)
}
