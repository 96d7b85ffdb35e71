//! The audit log's chain: how a record is made, hashed and checked. It knows no database.
//!
//! The formats are final (see `domain::audit`): SHA-256 over the RFC 8785 JSON of
//! `{v, seq, at, kind, actor, subject, body, prev}`, and in version 1 of the same with `action_id` for `subject`.

use domain::audit::VERSION;
use domain::{Actor, AuditKind, Subject};
use jiff::Timestamp;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

/// What an audit record is made of before it gets its actor, from the authority of the write, and its place in the chain.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: AuditKind,
    /// What it is about.
    pub subject: Option<Subject>,
    /// The facts.
    pub body: serde_json::Value,
}

/// The `prev` of the first record.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One record of the log.
#[derive(Debug, Clone, PartialEq)]
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
    /// What it is about; in version 1 an action or nothing.
    pub subject: Option<Subject>,
    /// The facts.
    pub body: serde_json::Value,
    /// The hash of the record before it.
    pub prev: String,
    /// The hash of all the above; not part of what is hashed.
    pub hash: String,
}

/// As it is hashed.
impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Record", 8)?;
        fields.serialize_field("v", &self.v)?;
        fields.serialize_field("seq", &self.seq)?;
        fields.serialize_field("at", &self.at)?;
        fields.serialize_field("kind", &self.kind)?;
        fields.serialize_field("actor", &self.actor)?;
        if self.v == 1 {
            fields.serialize_field("action_id", &self.subject.as_ref().map(|subject| &subject.id))?;
        } else {
            fields.serialize_field("subject", &self.subject)?;
        }
        fields.serialize_field("body", &self.body)?;
        fields.serialize_field("prev", &self.prev)?;
        fields.end()
    }
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
    pub fn chain(
        last: Option<(i64, String)>,
        actor: Actor,
        entry: AuditEntry,
    ) -> Result<Self, serde_json::Error> {
        let (seq, prev) = last.unwrap_or((0, GENESIS.to_owned()));
        let AuditEntry { at, kind, subject, body } = entry;
        let mut record =
            Self { v: VERSION, seq: seq + 1, at, kind, actor, subject, body, prev, hash: String::new() };
        record.hash = canonical_hash(&record)?;
        Ok(record)
    }

    /// Whether it follows the last record, or is the first.
    ///
    /// # Errors
    /// How it does not.
    pub fn check(&self, last: Option<&Self>) -> Result<(), Broken> {
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
    use domain::{ActionId, ActorKind, SubjectKind, UserId};

    fn entry(body: serde_json::Value) -> AuditEntry {
        let at = "2026-01-02T03:04:05.000006Z".parse().unwrap();
        AuditEntry { at, kind: AuditKind::Approved, subject: None, body }
    }

    fn ana() -> Actor {
        Actor::new(ActorKind::User, "u1", "Ana")
    }

    /// The formats are final: these hashes must never change.
    #[test]
    fn the_formats_are_pinned() {
        let mut record = Record::chain(None, ana(), entry(serde_json::json!({"b": 1, "a": "ü"}))).unwrap();
        let text = |field: &str, v: u32| {
            format!(
                r#"{{{}"actor":{{"id":"u1","kind":"user","name":"Ana"}},"at":"2026-01-02T03:04:05.000006Z","body":{{"a":"ü","b":1}},"kind":"Approved","prev":"{GENESIS}","seq":1{},"v":{v}}}"#,
                if v == 1 { field } else { "" },
                if v == 1 { "" } else { field },
            )
        };
        assert_eq!(serde_json_canonicalizer::to_string(&record).unwrap(), text(r#","subject":null"#, 2));
        assert_eq!(record.hash, hex::encode(Sha256::digest(text(r#","subject":null"#, 2))));
        record.subject = Some(Subject::from(UserId::from(uuid::Uuid::nil())));
        let of = r#","subject":{"id":"00000000-0000-0000-0000-000000000000","kind":"user"}"#;
        assert_eq!(serde_json_canonicalizer::to_string(&record).unwrap(), text(of, 2));

        record.v = 1;
        record.subject = Some(Subject::from(ActionId::from(uuid::Uuid::nil())));
        let of = r#""action_id":"00000000-0000-0000-0000-000000000000","#;
        assert_eq!(serde_json_canonicalizer::to_string(&record).unwrap(), text(of, 1));
        record.subject = None;
        assert_eq!(serde_json_canonicalizer::to_string(&record).unwrap(), text(r#""action_id":null,"#, 1));
    }

    #[test]
    fn any_changed_field_breaks_the_chain() {
        let first = Record::chain(None, ana(), entry(serde_json::json!({"n": 1}))).unwrap();
        let last = Some((first.seq, first.hash.clone()));
        let second = Record::chain(last, ana(), entry(serde_json::json!({"n": 2}))).unwrap();
        assert!(first.check(None).is_ok() && second.check(Some(&first)).is_ok());
        let changes: [fn(&mut Record); 8] = [
            |r| r.v = 1,
            |r| r.at = Timestamp::UNIX_EPOCH,
            |r| r.kind = AuditKind::Rejected,
            |r| r.actor.name = "Eve".into(),
            |r| r.subject = Some(Subject::new(SubjectKind::Database, "x")),
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
