//! Decisions a day, and how long people took: a table that is kept in every transaction that decides, so that nobody
//! has to read History for it.

use std::collections::BTreeMap;

use domain::home::{DAYS, Day};
use domain::{Action, Decision};
use jiff::Timestamp;
use sqlx::Row as _;

use super::{Connection, corrupt, json, micros, rows};
use crate::Result;
use crate::vocabulary::number;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Days of the shorter median.
const WEEK: i64 = 7;

/// Waiting times are kept in minutes, and up to so many of them in steps of so many: as finely as they are shown, so
/// that a median of the kept times is that of the real ones, rounded.
const STEPS: [(i64, i64); 4] = [(60, 1), (24 * 60, 10), (14 * 24 * 60, 60), (i64::MAX, 24 * 60)];

/// The decisions that are counted. A person's are those of which the waiting time is kept.
const COUNTED: [Decision; 4] =
    [Decision::Approved, Decision::Rejected, Decision::AutoApproved, Decision::Expired];

const fn is_a_persons(decision: Decision) -> bool {
    matches!(decision, Decision::Approved | Decision::Rejected)
}

fn rounded(minutes: i64) -> i64 {
    let minutes = minutes.max(0);
    let step = STEPS.iter().find(|(below, _)| minutes < *below).map_or(1, |(_, step)| *step);
    minutes - minutes % step
}

/// By how much the numbers change: of a day, a decision and a waiting time.
#[derive(Default)]
pub(super) struct DecidedChanges(BTreeMap<(i64, Decision, i64), i64>);

impl DecidedChanges {
    /// A row comes (1) or goes (-1), as it is then.
    pub(super) fn note(&mut self, action: &Action, by: i64) {
        let Some(at) = action.decided_at.map(micros) else { return };
        let decision = action.decision;
        if COUNTED.contains(&decision) {
            let took = if is_a_persons(decision) { (at - micros(action.proposed_at)) / MINUTE } else { 0 };
            *self.0.entry((at / DAY, decision, rounded(took))).or_default() += by;
        }
    }

    /// Those of another part come to these.
    pub(super) fn join(&mut self, other: Self) {
        for (of, change) in other.0 {
            *self.0.entry(of).or_default() += change;
        }
    }

    /// Brings the table up to date.
    pub(super) async fn write(self, db: &mut Connection) -> Result<()> {
        let changes: Vec<_> = self
            .0
            .into_iter()
            .filter(|(_, change)| *change != 0)
            .map(|((day, decision, took), change)| (day, number(decision), took, change))
            .collect();
        if !changes.is_empty() {
            let sql = concat!(
                "INSERT INTO decided (day, decision, took, n)
                 SELECT CAST(item.value ->> 0 AS BIGINT), CAST(item.value ->> 1 AS SMALLINT),
                        CAST(item.value ->> 2 AS BIGINT), CAST(item.value ->> 3 AS BIGINT)
                 FROM ",
                json_rows!(),
                " WHERE TRUE ON CONFLICT (day, decision, took) DO UPDATE SET n = decided.n + excluded.n"
            );
            sqlx::query(sql).bind(json(&changes)?).execute(&mut *db).await?;
        }
        Ok(())
    }
}

/// The statements that count all rows anew.
pub(super) fn recounting() -> [String; 2] {
    let words = |of: &mut dyn Iterator<Item = Decision>| {
        of.map(|decision| number(decision).to_string()).collect::<Vec<_>>().join(", ")
    };
    let counted = words(&mut COUNTED.into_iter());
    let timed = words(&mut COUNTED.into_iter().filter(|decision| is_a_persons(*decision)));
    let steps = STEPS.map(|(below, step)| format!("WHEN took < {below} THEN took - took % {step}")).join(" ");
    let count = format!(
        "INSERT INTO decided (day, decision, took, n)
         SELECT day, decision, CASE WHEN decision NOT IN ({timed}) OR took < 0 THEN 0 {steps} END, COUNT(*)
         FROM (
             SELECT decided_at / {DAY} AS day, decision, (decided_at - proposed_at) / {MINUTE} AS took
             FROM actions WHERE decided_at IS NOT NULL AND decision IN ({counted})
         ) AS decisions GROUP BY 1, 2, 3"
    );
    ["DELETE FROM decided".to_owned(), count]
}

/// The last days, oldest first, and the medians of a week and of all of them.
pub(super) async fn load(
    db: &mut Connection,
    now: Timestamp,
) -> Result<(Vec<Day>, Option<i64>, Option<i64>)> {
    let mut days = empty(now)?;
    let first = first_day(now);
    let query = sqlx::query("SELECT day, decision, took, n FROM decided WHERE day >= $1 AND n > 0");
    let (mut week, mut month) = (BTreeMap::new(), BTreeMap::new());
    for row in query.bind(first).fetch_all(db).await? {
        let (at, took, n): (i64, i64, i64) = (row.try_get("day")?, row.try_get("took")?, row.try_get("n")?);
        let decision: Decision = rows::numbered(&row, "decision")?;
        // A clock that was set back may have left decisions in the future.
        let Some(day) = usize::try_from(at - first).ok().and_then(|at| days.get_mut(at)) else { continue };
        let count = u64::try_from(n).map_err(corrupt)?;
        *match decision {
            Decision::Approved => &mut day.approved,
            Decision::Rejected => &mut day.rejected,
            Decision::AutoApproved => &mut day.automatic,
            _ => &mut day.expired,
        } += count;
        if is_a_persons(decision) {
            *month.entry(took).or_default() += n;
            if at > micros(now) / DAY - WEEK {
                *week.entry(took).or_default() += n;
            }
        }
    }
    Ok((days, median(&week), median(&month)))
}

fn first_day(now: Timestamp) -> i64 {
    micros(now) / DAY + 1 - i64::try_from(DAYS).unwrap_or_default()
}

/// Those days, without any decision.
pub(super) fn empty(now: Timestamp) -> Result<Vec<Day>> {
    let first = first_day(now);
    let day = |day: i64| {
        let begins = Timestamp::from_microsecond(day * DAY).map_err(corrupt)?;
        let date = begins.to_string().chars().take_while(|letter| *letter != 'T').collect();
        Ok(Day { date, ..Day::default() })
    };
    (first..).take(DAYS).map(day).collect()
}

/// The value in the middle; of two, the smaller.
fn median(times: &BTreeMap<i64, i64>) -> Option<i64> {
    let mut left = (times.values().sum::<i64>() + 1) / 2;
    times
        .iter()
        .find(|(_, n)| {
            left -= **n;
            left <= 0
        })
        .map(|(took, _)| *took)
}

#[cfg(test)]
mod cases {
    use super::*;

    #[test]
    fn waiting_times_are_kept_as_finely_as_they_are_shown() {
        let table =
            [(-5, 0), (0, 0), (59, 59), (60, 60), (69, 60), (1_439, 1_430), (1_440, 1_440), (1_501, 1_500)];
        for (minutes, kept) in table.into_iter().chain([(20_159, 20_100), (20_160, 20_160), (21_599, 20_160)])
        {
            assert_eq!(rounded(minutes), kept, "{minutes}");
        }
        // Rounding keeps the order, so that it keeps the median.
        assert!((0..50_000).map(rounded).is_sorted());
    }

    #[test]
    fn the_median_is_the_value_in_the_middle() {
        let check = |times: &[(i64, i64)], expected: Option<i64>| {
            assert_eq!(median(&times.iter().copied().collect()), expected, "{times:?}");
        };
        check(&[], None);
        check(&[(7, 1)], Some(7));
        check(&[(1, 1), (2, 1)], Some(1));
        check(&[(1, 1), (2, 1), (9, 1)], Some(2));
        check(&[(1, 10), (2, 1), (9, 12)], Some(9));
        check(&[(0, 3), (5, 3)], Some(0));
    }
}
