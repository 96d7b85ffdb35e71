//! Statements on rules of notifications and their messages.

use async_trait::async_trait;
use domain::notifications::contract::NotificationRuleState;
use domain::notifications::{MAX_RULES, NotificationRule, OWN, Occasion, OwnNotices};
use domain::{ActionId, Authorized, Purpose};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;

use super::guard::push_check;
use super::rows::{Row, is_due};
use super::transaction::SqlTransaction;
use super::{Db, SqlStore, corrupt, json, micros, rows};
use crate::Result;
use crate::notifications::{
    Expiring, LeasedMessage, MessageEnd, News, Over, ReadNotifications, SystemNotifications,
    WriteNotifications,
};

/// Messages of one rule that are on their way at a time, so that those of others are, too.
const MAX_LEASED: i64 = 4;

#[async_trait]
impl ReadNotifications for SqlStore {
    async fn notification_rules(&self) -> Result<Vec<NotificationRule>> {
        let rows =
            sqlx::query("SELECT rule FROM notification_rules ORDER BY name").fetch_all(&self.reader).await?;
        rows.iter().map(rule).collect()
    }

    async fn notification_states(&self) -> Result<Vec<NotificationRuleState>> {
        let count = |state: &str| {
            format!("(SELECT COUNT(*) FROM notifications n WHERE n.rule = r.name AND n.state = '{state}')")
        };
        let mut sql = QueryBuilder::<Db>::new("SELECT r.rule");
        for state in ["open", "sent", "failed"] {
            sql.push(format_args!(", {} AS {state}", count(state)));
        }
        sql.push(
            ", (SELECT n.last_error FROM notifications n WHERE n.rule = r.name AND n.last_error IS NOT NULL
                ORDER BY n.ready_at DESC LIMIT 1) AS last_error
             FROM notification_rules r ORDER BY r.name",
        );
        let rows = sql.build().fetch_all(&self.reader).await?;
        let number = |row: &Row, name: &str| -> Result<u64> {
            Ok(u64::try_from(row.try_get::<i64, _>(name)?).unwrap_or_default())
        };
        rows.iter()
            .map(|row| {
                Ok(NotificationRuleState {
                    rule: rule(row)?,
                    waiting: number(row, "open")?,
                    sent: number(row, "sent")?,
                    failed: number(row, "failed")?,
                    last_error: row.try_get("last_error")?,
                })
            })
            .collect()
    }

    async fn message_is_due(&self, now: Timestamp) -> Result<bool> {
        Ok(sqlx::query_scalar(is_due!("notifications")).bind(micros(now)).fetch_one(&self.reader).await?)
    }

    async fn expiring(
        &self,
        rule: &str,
        after: Option<Expiring>,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<Expiring>> {
        let query = sqlx::query(
            "SELECT id, expires_at FROM actions WHERE lane = 0 AND expires_at <= $1
             AND (expires_at > $2 OR (expires_at = $2 AND id > $3)) AND NOT EXISTS
             (SELECT 1 FROM notification_items i WHERE i.rule = $4 AND i.occasion = $5 AND i.action_id = actions.id)
             ORDER BY expires_at, id LIMIT $6",
        );
        let (after, id) = after.map_or((i64::MIN, Uuid::nil()), |(at, id)| (micros(at), Uuid::from(id)));
        let query = query.bind(micros(before)).bind(after).bind(id);
        let query = query.bind(rule).bind(Occasion::Expiring.as_str()).bind(i64::from(limit));
        let found = query.fetch_all(&self.reader).await?;
        let read = |row: &Row| -> Result<Expiring> {
            Ok((rows::time(row, "expires_at")?, row.try_get::<Uuid, _>("id")?.into()))
        };
        found.iter().map(read).collect()
    }
}

/// Authority over rules, or over the one that a person keeps for themselves.
fn allow(by: &Authorized, name: &str) -> Result<()> {
    let own = by.person().map(OwnNotices::rule_of);
    if by.purpose() == Purpose::Own && own.as_deref() == Some(name) {
        return Ok(());
    }
    Ok(by.allow(Purpose::Notify)?)
}

#[async_trait]
impl WriteNotifications for SqlTransaction {
    async fn insert_notification_rule(
        &mut self,
        by: &Authorized,
        rule: &NotificationRule,
        now: Timestamp,
    ) -> Result<bool> {
        allow(by, &rule.name)?;
        // While there is no rule nobody reads the log.
        sqlx::query(
            "UPDATE notification_cursor SET seq = (SELECT COALESCE(MAX(seq), 0) FROM audit)
             WHERE NOT EXISTS (SELECT 1 FROM notification_rules)",
        )
        .execute(&mut *self.tx)
        .await?;
        let now = micros(now);
        let mut sql =
            QueryBuilder::<Db>::new("INSERT INTO notification_rules (name, rule, created_at) SELECT ");
        let mut values = sql.separated(", ");
        values.push_bind(&rule.name).push_bind(json(rule)?).push_bind(now);
        // A person has one of their own, however many others there are.
        sql.push(" WHERE (SELECT COUNT(*) FROM notification_rules WHERE name NOT LIKE ")
            .push_bind(format!("{OWN}%"));
        let most = if by.purpose() == Purpose::Own {
            i64::MAX
        } else {
            i64::try_from(MAX_RULES).unwrap_or(i64::MAX)
        };
        sql.push(") < ").push_bind(most);
        push_check(&mut sql, by, now);
        sql.push(" ON CONFLICT (name) DO NOTHING");
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn delete_notification_rule(
        &mut self,
        by: &Authorized,
        name: &str,
        now: Timestamp,
    ) -> Result<bool> {
        allow(by, name)?;
        let mut sql = QueryBuilder::<Db>::new("DELETE FROM notification_rules WHERE name = ");
        sql.push_bind(name);
        push_check(&mut sql, by, micros(now));
        if sql.build().execute(&mut *self.tx).await?.rows_affected() == 0 {
            return Ok(false);
        }
        for statement in
            ["DELETE FROM notifications WHERE rule = $1", "DELETE FROM notification_items WHERE rule = $1"]
        {
            sqlx::query(statement).bind(name).execute(&mut *self.tx).await?;
        }
        Ok(true)
    }
}

#[async_trait]
impl SystemNotifications for SqlTransaction {
    async fn notified_until(&mut self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT seq FROM notification_cursor").fetch_one(&mut *self.tx).await?)
    }

    async fn set_notified_until(&mut self, seq: i64) -> Result<()> {
        sqlx::query("UPDATE notification_cursor SET seq = $1").bind(seq).execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn note_news(&mut self, news: News<'_>) -> Result<()> {
        let open = sqlx::query_scalar::<_, Uuid>(
            "SELECT id FROM notifications WHERE state = 'open' AND rule = $1 AND occasion = $2 AND bucket = $3
             AND attempts = 0 AND leased_until = 0 AND about IS NULL ORDER BY created_at LIMIT 1",
        );
        let open = open.bind(news.rule).bind(news.occasion.as_str()).bind(news.bucket);
        let open = open.fetch_optional(&mut *self.tx).await?;
        let item = sqlx::query(
            "INSERT INTO notification_items (message, rule, occasion, action_id, seq) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (rule, occasion, action_id, seq) DO NOTHING",
        );
        let item = item.bind(open.unwrap_or(news.message)).bind(news.rule).bind(news.occasion.as_str());
        let item = item.bind(Uuid::from(news.action)).bind(news.seq);
        let known = item.execute(&mut *self.tx).await?.rows_affected() == 0;
        if known || open.is_some() {
            return Ok(());
        }
        let query = sqlx::query(
            "INSERT INTO notifications (id, rule, occasion, bucket, state, created_at, ready_at)
             VALUES ($1, $2, $3, $4, 'open', $5, $6)",
        );
        let query = query.bind(news.message).bind(news.rule).bind(news.occasion.as_str()).bind(news.bucket);
        query.bind(micros(news.at)).bind(micros(news.ready_at)).execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn settle_news(&mut self, action: ActionId) -> Result<Vec<Over>> {
        let settled = sqlx::query(
            "UPDATE notification_items SET settled = 1
             WHERE action_id = $1 AND settled = 0 AND occasion IN ('waits', 'expiring') RETURNING message",
        );
        let settled = settled.bind(Uuid::from(action)).fetch_all(&mut *self.tx).await?;
        let mut over = Vec::new();
        for row in settled {
            let message: Uuid = row.try_get("message")?;
            let sent = sqlx::query(
                "SELECT rule FROM notifications WHERE id = $1 AND state = 'sent' AND NOT EXISTS
                 (SELECT 1 FROM notification_items i WHERE i.message = notifications.id AND i.settled = 0)",
            );
            if let Some(row) = sent.bind(message).fetch_optional(&mut *self.tx).await? {
                over.push(Over { message, rule: row.try_get("rule")? });
            }
        }
        Ok(over)
    }

    async fn follow_up_message(&mut self, over: &Over, id: Uuid, at: Timestamp) -> Result<()> {
        let query = sqlx::query(
            "INSERT INTO notifications (id, rule, occasion, bucket, state, about, created_at, ready_at)
             VALUES ($1, $2, $3, '', 'open', $4, $5, $5)",
        );
        let query = query.bind(id).bind(&over.rule).bind(Occasion::Settled.as_str()).bind(over.message);
        query.bind(micros(at)).execute(&mut *self.tx).await?;
        Ok(())
    }

    async fn lease_message(&mut self, now: Timestamp, until: Timestamp) -> Result<Option<LeasedMessage>> {
        let query = sqlx::query(
            "UPDATE notifications SET generation = generation + 1, leased_until = $1
             WHERE id = (SELECT id FROM notifications WHERE state = 'open' AND ready_at <= $2 AND leased_until <= $2
                         AND rule NOT IN (SELECT rule FROM notifications WHERE state = 'open' AND leased_until > $2
                                          GROUP BY rule HAVING COUNT(*) >= $3)
                         ORDER BY ready_at LIMIT 1)
             RETURNING id, rule, occasion, about, generation, attempts, created_at",
        );
        let query = query.bind(micros(until)).bind(micros(now)).bind(MAX_LEASED);
        let row = query.fetch_optional(&mut *self.tx).await?;
        let Some(row) = row else { return Ok(None) };
        let (id, about): (Uuid, Option<Uuid>) = (row.try_get("id")?, row.try_get("about")?);
        let items = sqlx::query(
            "SELECT action_id, settled FROM notification_items WHERE message = $1 ORDER BY seq, action_id",
        );
        let items = items.bind(about.unwrap_or(id)).fetch_all(&mut *self.tx).await?;
        let actions = items
            .iter()
            .map(|item| {
                let action: Uuid = item.try_get("action_id")?;
                Ok((action.into(), item.try_get::<i16, _>("settled")? == 1))
            })
            .collect::<Result<_>>()?;
        Ok(Some(LeasedMessage {
            id,
            rule: row.try_get("rule")?,
            occasion: row.try_get::<&str, _>("occasion")?.parse().map_err(corrupt)?,
            about,
            generation: row.try_get("generation")?,
            attempts: row.try_get("attempts")?,
            created_at: rows::time(&row, "created_at")?,
            actions,
        }))
    }

    async fn finish_message(&mut self, message: &LeasedMessage, end: MessageEnd) -> Result<bool> {
        let state = match end {
            MessageEnd::Sent => "sent",
            MessageEnd::Dropped => "dropped",
            MessageEnd::Failed => "failed",
        };
        let query = sqlx::query(
            "UPDATE notifications SET state = $3, leased_until = 0 WHERE id = $1 AND generation = $2 AND state = 'open'",
        );
        let done = query.bind(message.id).bind(message.generation).bind(state).execute(&mut *self.tx).await?;
        Ok(done.rows_affected() == 1)
    }

    async fn retry_message(
        &mut self,
        message: &LeasedMessage,
        ready_at: Timestamp,
        error: &str,
    ) -> Result<bool> {
        let query = sqlx::query(
            "UPDATE notifications SET attempts = attempts + 1, leased_until = 0, ready_at = $3, last_error = $4
             WHERE id = $1 AND generation = $2 AND state = 'open'",
        );
        let query = query.bind(message.id).bind(message.generation).bind(micros(ready_at)).bind(error);
        Ok(query.execute(&mut *self.tx).await?.rows_affected() == 1)
    }
}

fn rule(row: &Row) -> Result<NotificationRule> {
    serde_json::from_str(row.try_get("rule")?).map_err(corrupt)
}
