//! Statements that remove what History keeps no longer.

use async_trait::async_trait;
use domain::{ActionId, RowScope};
use jiff::Timestamp;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::transaction::SqlTransaction;
use super::{Db, actions, micros};
use crate::Result;
use crate::retention::SystemRetention;
use crate::row_keys::Keys;

/// The oldest rows that may go. Lane 2 is History.
const OLDEST: &str = "SELECT id FROM actions
    WHERE lane = 2 AND updated_at < $1
        AND NOT EXISTS (SELECT 1 FROM ends WHERE ends.action_id = actions.id)
        AND NOT EXISTS (SELECT 1 FROM break_glass
            WHERE break_glass.action_id = actions.id AND reviewed_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM bulk_items WHERE bulk_items.action_id = actions.id AND state = 'waiting')
        AND NOT EXISTS (SELECT 1 FROM actions AS linked
            WHERE linked.id IN (actions.undo_of, actions.undone_by)
                AND (linked.lane <> 2 OR linked.updated_at >= $1
                    OR EXISTS (SELECT 1 FROM ends WHERE ends.action_id = linked.id)))
    ORDER BY updated_at, number LIMIT $2";

/// What refers to an action, each with the condition that names it; the row itself comes last.
const REFERRING: &[&str] = &[
    "DELETE FROM evidence WHERE number IN (SELECT number FROM actions WHERE id IN (",
    "DELETE FROM target_identities WHERE number IN (SELECT number FROM actions WHERE id IN (",
    "DELETE FROM packages WHERE action_id IN (SELECT id FROM actions WHERE id IN (",
    "DELETE FROM first_approvals WHERE action_id IN (SELECT id FROM actions WHERE id IN (",
    "DELETE FROM break_glass WHERE action_id IN (SELECT id FROM actions WHERE id IN (",
    "DELETE FROM commands WHERE action_id IN (SELECT id FROM actions WHERE id IN (",
    "DELETE FROM bulk_items WHERE action_id IN (SELECT id FROM actions WHERE id IN (",
    "DELETE FROM notification_items WHERE action_id IN (SELECT id FROM actions WHERE id IN (",
    "DELETE FROM automatic_actions WHERE action_id IN (SELECT id FROM actions WHERE id IN (",
    "DELETE FROM deliveries WHERE action_id IN (SELECT id FROM actions WHERE id IN (",
    // Those that go refer to each other.
    "UPDATE actions SET undo_of = NULL, undone_by = NULL WHERE id IN (SELECT id FROM actions WHERE id IN (",
    "DELETE FROM actions WHERE id IN (SELECT id FROM actions WHERE id IN (",
];

#[async_trait]
impl SystemRetention for SqlTransaction {
    async fn remove_history(&mut self, before: Timestamp, limit: u32) -> Result<Vec<ActionId>> {
        let query = sqlx::query_scalar::<_, Uuid>(OLDEST).bind(micros(before)).bind(i64::from(limit));
        let mut ids = query.fetch_all(&mut *self.tx).await?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        ids.extend(self.linked(&ids).await?);
        ids.sort_unstable();
        ids.dedup();
        let ids: Vec<ActionId> = ids.into_iter().map(Into::into).collect();
        let Self { tx, counts, .. } = self;
        if let Some(counts) = counts {
            for (action, _) in actions::find_all(tx, &RowScope::ALL, &ids).await? {
                counts.note(&action, &Keys::of(&action), -1)?;
            }
        }
        for statement in REFERRING {
            let mut sql = QueryBuilder::<Db>::new(*statement);
            push_ids(&mut sql, ids.iter().map(|id| Uuid::from(*id)));
            sql.push("))").build().execute(&mut **tx).await?;
        }
        Ok(ids)
    }
}

impl SqlTransaction {
    /// What these reverse, and what reverses these: of a failed reverse the original knows nothing.
    async fn linked(&mut self, ids: &[Uuid]) -> Result<Vec<Uuid>> {
        let mut sql = QueryBuilder::<Db>::new("SELECT id FROM actions WHERE undo_of IN (");
        push_ids(&mut sql, ids.iter().copied());
        for column in ["undo_of", "undone_by"] {
            sql.push(") UNION SELECT ").push(column).push(" FROM actions WHERE ").push(column);
            sql.push(" IS NOT NULL AND id IN (");
            push_ids(&mut sql, ids.iter().copied());
        }
        Ok(sql.push(")").build_query_scalar().fetch_all(&mut *self.tx).await?)
    }
}

fn push_ids(sql: &mut QueryBuilder<Db>, ids: impl Iterator<Item = Uuid>) {
    let mut list = sql.separated(", ");
    for id in ids {
        list.push_bind(id);
    }
}
