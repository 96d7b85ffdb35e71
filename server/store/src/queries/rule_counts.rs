//! Statements that count by day what the rules of sources led to, and how often they were wrong.

use std::collections::BTreeMap;

use domain::investigations::feedback::{RuleQuality, WrongVerdict, rule_of};
use domain::{Action, Authorized};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};

use super::{Connection, Db, corrupt};
use crate::Result;

/// Rows in one statement.
const ROWS: usize = 100;
/// Rules that are named.
const NAMED: i64 = 5;

fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

/// Counts new actions; those that reverse others follow from no rule.
pub(super) async fn note(db: &mut Connection, by: &Authorized, actions: &[Action]) -> Result<()> {
    let mut counts: BTreeMap<(&str, String, i64), (&str, i64)> = BTreeMap::new();
    for action in actions.iter().filter(|action| action.undo_of.is_none()) {
        let key = (by.principal_of(&action.proposed_by), rule_of(action), day(action.proposed_at));
        counts.entry(key).or_insert((&action.proposed_by.name, 0)).1 += 1;
    }
    let rows: Vec<_> = counts.into_iter().collect();
    for rows in rows.chunks(ROWS) {
        let mut sql = insertion();
        sql.push_values(rows, |mut row, ((principal, rule, day), (source, count))| {
            row.push_bind((*principal).to_owned()).push_bind(rule.clone()).push_bind(*day);
            row.push_bind((*source).to_owned()).push_bind(*count).push_bind(0_i64).push_bind(0_i64);
        });
        add(db, sql).await?;
    }
    Ok(())
}

fn insertion() -> QueryBuilder<Db> {
    QueryBuilder::<Db>::new(
        "INSERT INTO rule_counts (principal, rule, day, source, proposed, false_positives, false_negatives) ",
    )
}

async fn add(db: &mut Connection, mut sql: QueryBuilder<Db>) -> Result<()> {
    sql.push(
        " ON CONFLICT (principal, rule, day) DO UPDATE SET source = excluded.source, \
         proposed = rule_counts.proposed + excluded.proposed, \
         false_positives = rule_counts.false_positives + excluded.false_positives, \
         false_negatives = rule_counts.false_negatives + excluded.false_negatives",
    );
    sql.build().execute(db).await?;
    Ok(())
}

/// Counts a verdict that was found wrong.
pub(super) async fn note_wrong(
    db: &mut Connection,
    (principal, source, rule): (&str, &str, &str),
    kind: WrongVerdict,
    now: Timestamp,
) -> Result<()> {
    let mut sql = insertion();
    sql.push("VALUES (");
    let mut values = sql.separated(", ");
    values.push_bind(principal.to_owned()).push_bind(rule.to_owned()).push_bind(day(now));
    values.push_bind(source.to_owned()).push_bind(0_i64);
    values.push_bind(i64::from(kind == WrongVerdict::FalsePositive));
    values.push_bind(i64::from(kind == WrongVerdict::FalseNegative));
    sql.push(")");
    add(db, sql).await
}

/// The rules that were wrong most often in the last days, today included.
pub(super) async fn noisiest(db: &mut Connection, days: i64, now: Timestamp) -> Result<Vec<RuleQuality>> {
    let select = "SELECT MAX(source) AS source, rule, CAST(SUM(proposed) AS BIGINT) AS proposed,
            CAST(SUM(false_positives) AS BIGINT) AS false_positives,
            CAST(SUM(false_negatives) AS BIGINT) AS false_negatives
        FROM rule_counts c WHERE day > $1 AND EXISTS (
            SELECT 1 FROM rule_counts w WHERE w.principal = c.principal AND w.rule = c.rule AND w.day > $1
            AND w.false_positives + w.false_negatives > 0)
        GROUP BY principal, rule
        ORDER BY SUM(false_positives) + SUM(false_negatives) DESC, rule LIMIT $2";
    let rows = sqlx::query(select).bind(day(now) - days).bind(NAMED).fetch_all(db).await?;
    let number = |row: &super::rows::Row, column| -> Result<u64> {
        u64::try_from(row.try_get::<i64, _>(column)?).map_err(corrupt)
    };
    rows.iter()
        .map(|row| {
            Ok(RuleQuality {
                source: row.try_get("source")?,
                rule: row.try_get("rule")?,
                proposed: number(row, "proposed")?,
                false_positives: number(row, "false_positives")?,
                false_negatives: number(row, "false_negatives")?,
            })
        })
        .collect()
}
