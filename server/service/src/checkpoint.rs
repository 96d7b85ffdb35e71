//! Signed checkpoints: the head of the audit log as it was at a time, in a file outside of the database. What the
//! database can't show by itself they show: a tail that was cut, a log that was rewritten, an older copy in its place.
//!
//! A line is JSON: `{v, kind, seq, hash, at, signature}`; the signature, ed25519 in hexadecimal digits, is over the
//! RFC 8785 JSON of the rest. `kind` is `head`, or `accepted` where a person went on with a database that had gone back:
//! then `after` is the last head before that line which it still has, and those beyond it are of a past that was given up.

mod file;
mod keeper;

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Noted;

pub use file::{CheckpointError, CheckpointFile, load_public_key, read_checkpoints};
pub use keeper::{CheckpointKeeper, Found};

/// The version of the format.
const VERSION: u32 = 1;

/// Why a checkpoint was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointKind {
    /// The log ended there.
    Head,
    /// The log ended there when a person went on with a database that had gone back in time.
    Accepted,
}

/// The head of the log at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    v: u32,
    kind: CheckpointKind,
    seq: i64,
    hash: String,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<i64>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    signature: String,
}

impl Checkpoint {
    fn head(Noted { seq, hash, at }: Noted) -> Self {
        let kind = CheckpointKind::Head;
        Self { v: VERSION, kind, seq, hash, at, after: None, signature: String::new() }
    }

    fn accepted(head: Noted, after: i64) -> Self {
        Self { kind: CheckpointKind::Accepted, after: Some(after), ..Self::head(head) }
    }

    fn bytes(&self) -> Vec<u8> {
        let plain = Self { signature: String::new(), ..self.clone() };
        serde_json_canonicalizer::to_vec(&plain).unwrap_or_default()
    }

    fn is_by(&self, key: &PublicKey) -> bool {
        let signature = hex::decode(&self.signature).unwrap_or_default();
        self.v == VERSION
            && UnparsedPublicKey::new(&ED25519, &key.0).verify(&self.bytes(), &signature).is_ok()
    }
}

/// What checks checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// What signs checkpoints.
pub struct Signer(Ed25519KeyPair);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// The signer whose seed this is.
    fn of_seed(seed: &[u8]) -> Option<Self> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(Self)
    }

    /// What checks its signatures.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        let bytes = self.0.public_key().as_ref().try_into();
        PublicKey(bytes.unwrap_or_default())
    }

    fn sign(&self, checkpoint: Checkpoint) -> Checkpoint {
        let signature = hex::encode(self.0.sign(&checkpoint.bytes()).as_ref());
        Checkpoint { signature, ..checkpoint }
    }
}

/// The heads that still count, in the order of their records: those of a past that was given up are left out.
#[must_use]
pub fn heads(checkpoints: &[Checkpoint]) -> Vec<Noted> {
    let mut heads: Vec<Noted> = Vec::new();
    for checkpoint in checkpoints {
        if let (CheckpointKind::Accepted, Some(after)) = (checkpoint.kind, checkpoint.after) {
            heads.retain(|head| head.seq <= after);
        }
        let Checkpoint { seq, hash, at, .. } = checkpoint.clone();
        heads.push(Noted { seq, hash, at });
    }
    heads.sort_by_key(|head| head.seq);
    heads.dedup_by(|one, other| one.seq == other.seq && one.hash == other.hash);
    heads
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(seq: i64, hash: &str) -> Noted {
        Noted { seq, hash: hash.to_owned(), at: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn only_the_signer_makes_checkpoints() {
        let (own, other) = (Signer::of_seed(&[7; 32]).unwrap(), Signer::of_seed(&[8; 32]).unwrap());
        let signed = own.sign(Checkpoint::head(noted(5, "ab")));
        assert!(signed.is_by(&own.public_key()));
        assert!(!signed.is_by(&other.public_key()));
        let read: Checkpoint = serde_json::from_str(&serde_json::to_string(&signed).unwrap()).unwrap();
        assert_eq!(read, signed);
        for forged in [
            Checkpoint { seq: 4, ..signed.clone() },
            Checkpoint { hash: "cd".into(), ..signed.clone() },
            Checkpoint { kind: CheckpointKind::Accepted, ..signed.clone() },
            Checkpoint { after: Some(1), ..signed.clone() },
            Checkpoint { v: 2, ..signed.clone() },
            Checkpoint { signature: String::new(), ..signed.clone() },
        ] {
            assert!(!forged.is_by(&own.public_key()), "{forged:?}");
        }
    }

    #[test]
    fn a_past_that_was_given_up_counts_no_more() {
        let all = [
            Checkpoint::head(noted(5, "five")),
            Checkpoint::head(noted(7, "lost")),
            Checkpoint::head(noted(9, "lost")),
            Checkpoint::accepted(noted(8, "eight"), 5),
            Checkpoint::head(noted(9, "nine")),
            Checkpoint::head(noted(9, "nine")),
        ];
        let heads: Vec<_> = heads(&all).into_iter().map(|head| (head.seq, head.hash)).collect();
        assert_eq!(heads, [(5, "five".to_owned()), (8, "eight".to_owned()), (9, "nine".to_owned())]);
    }
}
