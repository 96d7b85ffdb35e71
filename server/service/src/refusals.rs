//! How many refused attempts are recorded: each is part of the log, but who repeats one again and again must not fill it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::ActionId;

/// Records of the refusals of one caller on one action within [`WINDOW`].
const MAX_RECORDS: u32 = 100;
const WINDOW: Duration = Duration::from_mins(1);

/// What was recorded lately.
#[derive(Debug, Default)]
pub(crate) struct RefusalBudget(Mutex<Option<Window>>);

#[derive(Debug)]
struct Window {
    began: Instant,
    records: HashMap<(String, ActionId), u32>,
}

impl RefusalBudget {
    /// Whether one more is recorded.
    pub(crate) fn may_record(&self, principal: &str, action: ActionId) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let current = window.take().filter(|window| window.began.elapsed() < WINDOW);
        let current = window
            .insert(current.unwrap_or_else(|| Window { began: Instant::now(), records: HashMap::new() }));
        let records = current.records.entry((principal.to_owned(), action)).or_default();
        *records = records.saturating_add(1);
        if *records == MAX_RECORDS + 1 {
            tracing::warn!(principal, %action, "refused attempts are no longer recorded for a minute: too many");
        }
        *records <= MAX_RECORDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_of_one_on_one_action_are_recorded() {
        let (budget, id) = (RefusalBudget::default(), |n| ActionId::from(uuid::Uuid::from_u128(n)));
        let recorded = (0..300).filter(|_| budget.may_record("ana", id(1))).count();
        assert_eq!(recorded, 100);
        assert!(budget.may_record("ana", id(2)) && budget.may_record("ben", id(1)));
    }
}
