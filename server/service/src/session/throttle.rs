//! The growing pause after many failed sign-ins for a name.
//!
//! It is kept in memory: a restart forgets it, and several servers on one database each keep their own. What it
//! protects is a password against guessing; the cost of a check is bounded elsewhere.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Failures within [`WINDOW`] that are free.
const FREE: u32 = 10;
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
const MAX_PAUSE: SignedDuration = SignedDuration::from_mins(15);
/// Names that are remembered; beyond it, the one that failed longest ago is forgotten.
const MAX_NAMES: usize = 10_000;

/// Who failed how often.
#[derive(Debug, Default)]
pub(super) struct SignInThrottle(Mutex<HashMap<String, Failures>>);

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl Failures {
    fn is_over(self, now: Timestamp) -> bool {
        now.duration_since(self.last) >= WINDOW
    }

    fn pause(self) -> SignedDuration {
        let Some(beyond) = self.count.checked_sub(FREE) else { return SignedDuration::ZERO };
        SignedDuration::from_secs(1_i64 << beyond.min(20)).min(MAX_PAUSE)
    }
}

impl SignInThrottle {
    fn names(&self) -> MutexGuard<'_, HashMap<String, Failures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the name must wait. A try during the pause is not counted, so that nobody is locked out for ever.
    pub(super) fn holds(&self, name: &str, now: Timestamp) -> bool {
        self.names().get(name).is_some_and(|failures| now.duration_since(failures.last) < failures.pause())
    }

    /// Counts a failure.
    pub(super) fn failed(&self, name: &str, now: Timestamp) {
        let mut names = self.names();
        if names.len() >= MAX_NAMES && !names.contains_key(name) {
            names.retain(|_, failures| !failures.is_over(now));
            if names.len() >= MAX_NAMES
                && let Some(oldest) =
                    names.iter().min_by_key(|(_, failures)| failures.last).map(|(name, _)| name.clone())
            {
                names.remove(&oldest);
            }
        }
        let failures = names.entry(name.to_owned()).or_insert(Failures { count: 0, last: now });
        if failures.is_over(now) {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
    }

    /// Forgets the failures of a name that got in.
    pub(super) fn clear(&self, name: &str) {
        self.names().remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_starts_at_ten_failures_and_doubles() {
        let throttle = SignInThrottle::default();
        let mut now = Timestamp::UNIX_EPOCH;
        for _ in 0..9 {
            throttle.failed("ana", now);
        }
        assert!(!throttle.holds("ana", now));
        for want in [1_i64, 2, 4, 8] {
            throttle.failed("ana", now);
            assert!(throttle.holds("ana", now + SignedDuration::from_millis(want * 1_000 - 1)));
            now += SignedDuration::from_secs(want);
            assert!(!throttle.holds("ana", now), "{want}");
        }
        assert!(!throttle.holds("ben", now));
        for _ in 0..100 {
            throttle.failed("ana", now);
        }
        assert!(!throttle.holds("ana", now + MAX_PAUSE), "it never holds longer than 15 minutes");
        throttle.failed("ana", now + WINDOW);
        assert!(!throttle.holds("ana", now + WINDOW), "old failures don't count");
        throttle.clear("ana");
        assert!(throttle.names().is_empty());
    }

    #[test]
    fn a_flood_of_names_is_bounded() {
        let throttle = SignInThrottle::default();
        for n in 0..(MAX_NAMES + 50) {
            throttle.failed(&n.to_string(), Timestamp::UNIX_EPOCH);
        }
        assert_eq!(throttle.names().len(), MAX_NAMES);
    }
}
