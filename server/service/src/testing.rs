//! Fixtures: a clock that stands, and a proposal that is right in every way.

use std::sync::{Arc, Mutex, PoisonError};

use domain::actions::query::SortKey;
use domain::{Actor, ActorKind, Error, SystemAuthority};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::Position;

use crate::clock::Clock;
use crate::{export, list};

/// A clock that stands until it is moved.
pub struct FixedClock(Mutex<Timestamp>);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FixedClock {
    /// A clock that stands at a time.
    #[must_use]
    pub fn at(time: Timestamp) -> Arc<Self> {
        Arc::new(Self(Mutex::new(time)))
    }

    /// Moves it.
    pub fn forward(&self, by: SignedDuration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

/// The product's own authority.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a test is an entry point")]
pub const fn system() -> SystemAuthority {
    SystemAuthority::take()
}

/// Who sets things up.
#[must_use]
pub fn tester() -> Actor {
    Actor::new(ActorKind::System, "test", "Test")
}

/// A proposal that is right in every way, as a tool sends it.
#[must_use]
pub fn proposal(external_id: &str) -> Value {
    json!({
        "external_id": external_id, "type": "quarantine_file", "severity": "high", "source": "antivirus_action",
        "entity": {"kind": "file", "path": "/srv/a", "sha256": "ab".repeat(32)},
        "asset": {"kind": "device", "name": "web-1"}, "comment": "found by the nightly scan",
    })
}

/// What an authenticator app with this secret shows at a time.
#[must_use]
pub fn totp_code(secret: &str, at: Timestamp) -> String {
    crate::factors::totp::code(secret, at).unwrap_or_default()
}

/// Reads a cursor as lists do.
///
/// # Errors
/// If it is none of that order.
pub fn parse_cursor(text: &str, sort: SortKey) -> Result<Position, Error> {
    list::parse_cursor(text, sort)
}

/// Writes a cursor as lists do.
#[must_use]
pub fn write_cursor(position: &Position) -> String {
    list::cursor(position)
}

/// The cell of a CSV file for a text.
#[must_use]
pub fn csv_cell(text: &str) -> String {
    export::harmless_cell(text)
}
