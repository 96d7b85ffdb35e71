//! Who is looking: people who opened an action that waits a moment ago, so that two do not decide on the same without
//! knowing of each other. It is a hint: kept in memory, by this instance alone, and nothing depends on it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{Action, ActionId, Caller, Decision, UserId};
use jiff::{SignedDuration, Timestamp};

use super::impact::listed;

/// So long after opening an action somebody is taken to look at it: pages do not say so again, since that would keep a
/// session in use whose person has left.
const LOOKS_FOR: SignedDuration = SignedDuration::from_mins(2);
/// Actions of which it is known.
const MAX_ACTIONS: usize = 10_000;

/// Of one person: what they are called, and when they looked.
type Look = (String, Timestamp);

/// Who looks at what.
#[derive(Debug, Default)]
pub(super) struct Presence(Mutex<HashMap<ActionId, HashMap<UserId, Look>>>);

impl Presence {
    /// Notes that a person looks at an action that waits, and says who else does. Tools look at nothing.
    pub(super) fn look(&self, caller: &Caller, action: &Action, now: Timestamp) -> Option<String> {
        let person = caller.own().ok().filter(|_| action.decision == Decision::Pending)?;
        let is_over = |(_, at): &Look| now.duration_since(*at) >= LOOKS_FOR;
        let mut known = self.lock();
        if known.len() >= MAX_ACTIONS && !known.contains_key(&action.id) {
            known.retain(|_, looks| !looks.values().all(is_over));
            if known.len() >= MAX_ACTIONS {
                return None;
            }
        }
        let looks = known.entry(action.id).or_default();
        looks.retain(|_, look| !is_over(look));
        looks.insert(person, (caller.actor.name.clone(), now));
        let mut others: Vec<_> =
            looks.iter().filter(|(other, _)| **other != person).map(|(_, (name, _))| name.clone()).collect();
        drop(known);
        others.sort();
        match others.len() {
            0 => None,
            1 => Some(format!("{} has just opened this, too.", listed(&others))),
            _ => Some(format!("{} have just opened this, too.", listed(&others))),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ActionId, HashMap<UserId, Look>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
