//! How fresh the second factor is that stands behind a caller.

use crate::core::time::{SignedDuration, Timestamp};

/// How long a second factor is fresh.
pub const FRESH_FOR: SignedDuration = SignedDuration::from_secs(5 * 60);

/// What stands behind a caller beside what they presented.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FactorState {
    /// The person has no second factor, and needs none.
    #[default]
    NotNeeded,
    /// The person has one, and used it within [`FRESH_FOR`].
    Fresh,
    /// The person has one, and did not use it lately.
    Stale,
}

/// What is known of a person's second factors, and of when one was used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FactorStanding {
    /// Whether the person has one that works.
    pub has: bool,
    /// Whether something that they hold asks for one.
    pub required: bool,
    /// Whether the identity provider vouches for one, for the session.
    pub vouched: bool,
    /// When one was used for the session; for a token, for any session of the person.
    pub used_at: Option<Timestamp>,
}

impl FactorStanding {
    /// Whether the person may do nothing but set one up.
    #[must_use]
    pub const fn must_enrol(&self) -> bool {
        self.required && !self.has && !self.vouched
    }

    /// What that means for a caller now.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> FactorState {
        match self.used_at {
            _ if !self.has && !self.required => FactorState::NotNeeded,
            Some(at) if now.duration_since(at) < FRESH_FOR => FactorState::Fresh,
            _ => FactorState::Stale,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_factor_is_fresh_for_five_minutes() {
        let now: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        let ago = |minutes: i64| Some(now - SignedDuration::from_secs(minutes * 60));
        let table = [
            (false, false, None, FactorState::NotNeeded, false),
            (true, false, None, FactorState::Stale, false),
            (true, false, ago(4), FactorState::Fresh, false),
            (true, true, ago(5), FactorState::Stale, false),
            (false, true, None, FactorState::Stale, true),
        ];
        for (has, required, used_at, state, must_enrol) in table {
            let standing = FactorStanding { has, required, vouched: false, used_at };
            assert_eq!((standing.state(now), standing.must_enrol()), (state, must_enrol), "{standing:?}");
            let standing = FactorStanding { vouched: true, ..standing };
            assert!(!standing.must_enrol(), "{standing:?}");
        }
    }
}
