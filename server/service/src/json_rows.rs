//! Actions of lists as JSON, kept as long as each stays as it is: programs ask for the same rows again and again, and most
//! of the time of an answer would go into reading, taking apart and putting together what has not changed.
//!
//! The database says for each request which rows the caller sees, in which order and in which state each is; only what it
//! says about a row that was seen in that very state before is not read again. What the JSON is, [`Action`] alone says.

use std::collections::HashMap;
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{Action, ActionId, Error};
use store::{ListedRow, RowStamp, SharedStore};

/// Bytes that are kept, with what belongs to each row.
const MAX_KEPT: usize = 8 * 1024 * 1024;
/// Bytes that a row takes beside its JSON.
const PER_ROW: usize = 256;
/// A longer row is not kept, in whose place many others would go.
const MAX_ROW: usize = MAX_KEPT / 64;

/// The rows that were written last.
#[derive(Debug, Default)]
pub(crate) struct JsonRows(Mutex<Kept>);

/// In two halves: what was asked for since the newer one began, and what was before. Once the newer one is full it becomes
/// the older one, and what was not asked for since goes.
#[derive(Debug, Default)]
struct Kept {
    newer: HashMap<ActionId, Row>,
    older: HashMap<ActionId, Row>,
    /// Bytes of the newer half.
    bytes: usize,
}

#[derive(Debug)]
struct Row {
    stamp: RowStamp,
    json: Arc<str>,
}

impl Kept {
    fn get(&mut self, stamp: &RowStamp) -> Option<Arc<str>> {
        if let Some(row) = self.newer.get(&stamp.id) {
            return (row.stamp == *stamp).then(|| Arc::clone(&row.json));
        }
        let row = self.older.remove(&stamp.id).filter(|row| row.stamp == *stamp)?;
        let json = Arc::clone(&row.json);
        self.insert(row);
        Some(json)
    }

    fn insert(&mut self, row: Row) {
        if row.json.len() > MAX_ROW {
            return;
        }
        self.bytes += row.json.len() + PER_ROW;
        if let Some(before) = self.newer.insert(row.stamp.id, row) {
            self.bytes -= before.json.len() + PER_ROW;
        }
        if self.bytes > MAX_KEPT / 2 {
            self.older = take(&mut self.newer);
            self.bytes = 0;
        }
    }
}

impl JsonRows {
    /// The JSON of these rows, in their order, read from the store where it is not kept; none if some of them are no longer
    /// as they were listed.
    pub(crate) async fn of(
        &self,
        store: &SharedStore,
        rows: &[ListedRow],
    ) -> Result<Option<Vec<Arc<str>>>, Error> {
        let mut found = HashMap::with_capacity(rows.len());
        let mut missing = Vec::new();
        {
            let mut kept = self.kept();
            for row in rows {
                match kept.get(&row.stamp) {
                    Some(json) => drop(found.insert(row.stamp.id, json)),
                    None => missing.push(row),
                }
            }
        }
        if !missing.is_empty() {
            let actions = store.as_listed(&missing).await?;
            let read = actions.into_iter().map(row_of).collect::<Result<Vec<_>, _>>()?;
            let mut kept = self.kept();
            for row in read {
                found.insert(row.stamp.id, Arc::clone(&row.json));
                kept.insert(row);
            }
        }
        Ok(rows.iter().map(|row| found.remove(&row.stamp.id)).collect())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn row_of(action: Action) -> Result<Row, Error> {
    let stamp = RowStamp::of(&action);
    Ok(Row { stamp, json: write(action)?.into() })
}

/// An action as other programs get it in lists.
pub(crate) fn write(action: Action) -> Result<String, Error> {
    serde_json::to_string(&action.answered_for()).map_err(|error| Error::Internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn row(number: usize, version: i64, length: usize) -> Row {
        let id = uuid::Uuid::from_u128(number as u128).into();
        let digest = String::new();
        let stamp = RowStamp { id, version, updated_at: Timestamp::UNIX_EPOCH, digest, device_group: None };
        Row { stamp, json: "x".repeat(length).into() }
    }

    #[test]
    fn a_row_is_kept_for_its_own_state_and_as_long_as_it_is_asked_for() {
        let mut kept = Kept::default();
        kept.insert(row(0, 1, 10));
        for other in [row(0, 2, 0), row(1, 1, 0)] {
            assert!(kept.get(&other.stamp).is_none());
        }
        let group = RowStamp { device_group: Some("Vital".to_owned()), ..row(0, 1, 0).stamp };
        assert!(kept.get(&group).is_none());
        assert_eq!(kept.get(&row(0, 1, 0).stamp).map(|json| json.len()), Some(10));
        kept.insert(row(0, 2, 20));
        assert!(kept.get(&row(0, 1, 0).stamp).is_none());
        assert_eq!(kept.get(&row(0, 2, 0).stamp).map(|json| json.len()), Some(20));

        kept.insert(row(1, 1, MAX_ROW + 1));
        assert!(kept.get(&row(1, 1, 0).stamp).is_none(), "it is too long");
        let many = 3 * MAX_KEPT / 1_000;
        for number in 2..many {
            kept.insert(row(number, 1, 1_000));
            assert!(kept.get(&row(0, 2, 0).stamp).is_some(), "{number}: it was asked for");
            if number % 1_000 == 0 {
                let all = kept.newer.values().chain(kept.older.values());
                assert!(all.map(|row| row.json.len()).sum::<usize>() <= MAX_KEPT, "{number}");
            }
        }
        assert!(kept.get(&row(2, 1, 0).stamp).is_none(), "it was not");
        assert!(kept.get(&row(many - 1, 1, 0).stamp).is_some());
    }
}
