//! The audit log's chain: how a record is made, hashed and checked. Storing it is the store's part.
//!
//! The format is final (see `domain::audit`): SHA-256 over the RFC 8785 JSON of
//! `{v, seq, at, kind, actor, action_id, body, prev}`.

use domain::audit::VERSION;
use domain::{ActionId, Actor, AuditKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What an audit row is made of before it gets its place in the chain.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: AuditKind,
    /// Who.
    pub actor: Actor,
    /// On which action.
    pub action_id: Option<ActionId>,
    /// The facts.
    pub body: serde_json::Value,
}

/// The `prev` of the first record.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One record of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of the format.
    pub v: u32,
    /// Its place: 1, 2, 3 and so on, without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: AuditKind,
    /// Who.
    pub actor: Actor,
    /// On which action.
    pub action_id: Option<ActionId>,
    /// The facts.
    pub body: serde_json::Value,
    /// The hash of the record before it.
    pub prev: String,
    /// The hash of all the above; not part of what is hashed.
    #[serde(skip_serializing, default)]
    pub hash: String,
}

/// Where the chain is broken.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// A record is missing, or stands in the wrong place.
    #[error("record {expected} is missing: found {found} in its place")]
    Gap {
        /// The sequence number that should come next.
        expected: i64,
        /// The one that does.
        found: i64,
    },
    /// A record does not follow the one before it.
    #[error("record {0} does not follow the record before it")]
    Link(i64),
    /// A record is not what it was when it was written.
    #[error("record {0} was changed after it was written")]
    Content(i64),
}

/// A text of 64 hexadecimal digits: SHA-256 over the RFC 8785 JSON of a value.
///
/// # Errors
/// If the value has no JSON form (a map with keys that aren't text).
pub fn canonical_hash(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let bytes = serde_json_canonicalizer::to_vec(value)?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

impl Record {
    /// Gives an entry its place after `last` (sequence number and hash), or the first place.
    ///
    /// # Errors
    /// If the body has no JSON form.
    pub fn chain(last: Option<(i64, String)>, entry: AuditEntry) -> Result<Self, serde_json::Error> {
        let (seq, prev) = last.unwrap_or((0, GENESIS.to_owned()));
        let AuditEntry { at, kind, actor, action_id, body } = entry;
        let mut record =
            Self { v: VERSION, seq: seq + 1, at, kind, actor, action_id, body, prev, hash: String::new() };
        record.hash = canonical_hash(&record)?;
        Ok(record)
    }

    /// Whether it follows the last record, or is the first.
    ///
    /// # Errors
    /// How it does not.
    pub(crate) fn check(&self, last: Option<&Self>) -> Result<(), Broken> {
        let (seq, prev) = last.map_or((0, GENESIS), |last| (last.seq, last.hash.as_str()));
        if self.seq != seq + 1 {
            return Err(Broken::Gap { expected: seq + 1, found: self.seq });
        }
        if self.prev != prev {
            return Err(Broken::Link(self.seq));
        }
        if canonical_hash(self).ok().as_ref() != Some(&self.hash) {
            return Err(Broken::Content(self.seq));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ActorKind;

    fn entry(body: serde_json::Value) -> AuditEntry {
        AuditEntry {
            at: "2026-01-02T03:04:05.000006Z".parse().unwrap(),
            kind: AuditKind::Approved,
            actor: Actor { kind: ActorKind::User, id: "u1".into(), name: "Ana".into() },
            action_id: None,
            body,
        }
    }

    /// The format is final: this hash must never change.
    #[test]
    fn the_format_is_pinned() {
        let record = Record::chain(None, entry(serde_json::json!({"b": 1, "a": "ü"}))).unwrap();
        let text = serde_json_canonicalizer::to_string(&record).unwrap();
        assert_eq!(
            text,
            format!(
                r#"{{"action_id":null,"actor":{{"id":"u1","kind":"user","name":"Ana"}},"at":"2026-01-02T03:04:05.000006Z","body":{{"a":"ü","b":1}},"kind":"Approved","prev":"{GENESIS}","seq":1,"v":1}}"#
            )
        );
        assert_eq!(record.hash, hex::encode(Sha256::digest(text)));
    }

    #[test]
    fn any_changed_field_breaks_the_chain() {
        let first = Record::chain(None, entry(serde_json::json!({"n": 1}))).unwrap();
        let second =
            Record::chain(Some((first.seq, first.hash.clone())), entry(serde_json::json!({"n": 2}))).unwrap();
        assert!(first.check(None).is_ok() && second.check(Some(&first)).is_ok());
        let changes: [fn(&mut Record); 8] = [
            |r| r.v = 2,
            |r| r.at = Timestamp::UNIX_EPOCH,
            |r| r.kind = AuditKind::Rejected,
            |r| r.actor.name = "Eve".into(),
            |r| r.action_id = Some(uuid::Uuid::nil().into()),
            |r| r.body = serde_json::json!({"n": 3}),
            |r| r.hash = GENESIS.into(),
            |r| r.prev = GENESIS.into(),
        ];
        for change in changes {
            let mut forged = second.clone();
            change(&mut forged);
            assert!(forged.check(Some(&first)).is_err(), "{forged:?}");
        }
        assert!(matches!(second.check(None), Err(Broken::Gap { expected: 1, found: 2 })));
    }
}
