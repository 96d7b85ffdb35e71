//! News: what the audit log and the clock say, for the rules that are about it.

use std::collections::HashMap;

use domain::notifications::{NotificationRule, Occasion, PROPOSER};
use domain::{Action, AuditKind, Decision, Error, Lane, RowScope, Status, SystemAuthority, UndoState};
use jiff::{SignedDuration, Timestamp};

use crate::Service;
use crate::clock::new_id;
use store::{Expiring, Followed, News, SystemTransaction};

/// Records in one look.
const BATCH: u32 = 200;
/// Actions that are read together of what expires soon, and how often in one look: those that a rule is not about are read
/// again by each look.
const EXPIRING_PAGE: u32 = 200;
const MAX_EXPIRING_PAGES: u32 = 5;
/// For so long others of the same bucket are awaited: a tool proposes what is similar in a row.
const GATHERING: SignedDuration = SignedDuration::from_secs(2);

impl Service {
    /// Reads the audit log on, and makes news of it, if it has another end than the one that was read to before.
    pub(super) async fn note_recorded(
        &self,
        authority: &SystemAuthority,
        noted: &mut Option<i64>,
    ) -> Result<(), Error> {
        let head = self.store.audit_head().await?;
        if *noted != Some(head) {
            self.read_records(authority).await?;
            *noted = Some(head);
        }
        Ok(())
    }

    /// Reads the audit log to its end. The place is kept in the transaction that makes news of it.
    async fn read_records(&self, authority: &SystemAuthority) -> Result<(), Error> {
        loop {
            let rules = self.store.notification_rules().await?;
            if rules.is_empty() {
                return Ok(());
            }
            let mut tx = self.store.begin_system(authority).await?;
            let from = tx.notified_until().await?;
            // What is committed doesn't change, and numbers become visible in their order.
            let records = self.store.follow(from, BATCH).await?;
            let Some(last) = records.last().map(|record| record.seq) else { return Ok(()) };
            let now = tx.time(self.clock.now()).await?;
            for record in &records {
                self.note(&mut *tx, &rules, record, now).await?;
            }
            tx.set_notified_until(last).await?;
            tx.commit().await?;
            if records.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    async fn note(
        &self,
        tx: &mut dyn SystemTransaction,
        rules: &[NotificationRule],
        record: &Followed,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(changed) = &record.changed else { return Ok(()) };
        if !is_news(record.kind) {
            return Ok(());
        }
        let Some(action) = tx.action(&RowScope::ALL, changed.id).await? else { return Ok(()) };
        if is_decision(record.kind) {
            for over in tx.settle_news(action.id).await? {
                let follows = rules.iter().any(|rule| rule.name == over.rule && rule.channel.can_follow_up());
                if follows {
                    tx.follow_up_message(&over, new_id(now), now).await?;
                }
            }
        }
        let Some(occasion) = occasion(record.kind, changed.row.lane, &action) else { return Ok(()) };
        // That it waits is told once, also if it fits a rule only since its proposer revised it.
        let seq = if occasion == Occasion::Waits { 0 } else { record.seq };
        for rule in rules.iter().filter(|rule| rule.on.contains(&occasion) && rule.fits(&action)) {
            put(tx, rule, occasion, &action, seq, now).await?;
        }
        Ok(())
    }

    /// Makes news of what expires soon, once for each action. `places` has how far the look before came in the actions of
    /// a rule, where these were too many for one.
    pub(super) async fn note_expiring(
        &self,
        authority: &SystemAuthority,
        places: &mut HashMap<String, Expiring>,
    ) -> Result<(), Error> {
        let rules = self.store.notification_rules().await?;
        for rule in rules.iter().filter(|rule| rule.on.contains(&Occasion::Expiring)) {
            let now = self.clock.now();
            let before =
                now.saturating_add(SignedDuration::from_hours(rule.expiring_hours.into())).unwrap_or(now);
            for _ in 0..MAX_EXPIRING_PAGES {
                let after = places.remove(&rule.name);
                let page = self.store.expiring(&rule.name, after, before, EXPIRING_PAGE).await?;
                self.note_page(authority, rule, &page).await?;
                let last = page.last().filter(|_| page.len() == EXPIRING_PAGE as usize);
                let Some(last) = last else { break };
                places.insert(rule.name.clone(), *last);
            }
        }
        Ok(())
    }

    /// Makes news of those that a rule is about.
    async fn note_page(
        &self,
        authority: &SystemAuthority,
        rule: &NotificationRule,
        page: &[Expiring],
    ) -> Result<(), Error> {
        let mut fitting = Vec::new();
        for (_, id) in page {
            let action = self.store.action(&RowScope::ALL, *id).await?;
            fitting.extend(action.filter(|action| rule.fits(action)).map(|action| action.id));
        }
        if fitting.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.begin_system(authority).await?;
        let now = tx.time(self.clock.now()).await?;
        for id in fitting {
            let action = tx.action(&RowScope::ALL, id).await?;
            let waits = |action: &Action| action.decision == Decision::Pending && rule.fits(action);
            if let Some(action) = action.filter(waits) {
                put(&mut *tx, rule, Occasion::Expiring, &action, 0, now).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}

async fn put(
    tx: &mut dyn SystemTransaction,
    rule: &NotificationRule,
    occasion: Occasion,
    action: &Action,
    seq: i64,
    now: Timestamp,
) -> Result<(), Error> {
    let (bucket, wait) = gathered(rule, action);
    let news = News {
        rule: &rule.name,
        occasion,
        action: action.id,
        seq,
        bucket: &bucket,
        message: new_id::<uuid::Uuid>(now),
        at: now,
        ready_at: now.saturating_add(wait).unwrap_or(now),
    };
    Ok(tx.note_news(news).await?)
}

/// The message that tells a rule's recipients of an action, and for how long others are awaited for it.
fn gathered(rule: &NotificationRule, action: &Action) -> (String, SignedDuration) {
    let Some(hours) = rule.gathers(action.severity) else { return (bucket(action), GATHERING) };
    let hours = SignedDuration::from_hours(hours.into());
    // A digest to proposers has one message for each of them, with their own actions alone.
    if rule.to.iter().any(|to| to == PROPOSER) {
        return (format!("digest {}", action.proposed_by.id), hours);
    }
    ("digest".to_owned(), hours)
}

/// What similar actions have in common: one message tells of them together.
fn bucket(action: &Action) -> String {
    let entity = action.entity.canonical().title();
    let by = action.campaign.as_deref().or(action.investigation_id.as_deref()).unwrap_or(&entity);
    format!("{} {} {by}", action.action_type, action.proposed_by.id)
}

const fn is_decision(kind: AuditKind) -> bool {
    matches!(
        kind,
        AuditKind::Approved
            | AuditKind::Rejected
            | AuditKind::Expired
            | AuditKind::AutoApproved
            | AuditKind::Withdrawn
            | AuditKind::Superseded
    )
}

const fn is_news(kind: AuditKind) -> bool {
    is_decision(kind)
        || matches!(
            kind,
            AuditKind::Proposed
                | AuditKind::Revised
                | AuditKind::Reported
                | AuditKind::LostTrack
                | AuditKind::UndoReported
                | AuditKind::Settled
                | AuditKind::FeedbackGiven
                | AuditKind::BreakGlass
        )
}

fn occasion(kind: AuditKind, lane: Lane, action: &Action) -> Option<Occasion> {
    match kind {
        AuditKind::Proposed | AuditKind::Revised if lane == Lane::Pending => Some(Occasion::Waits),
        AuditKind::Reported | AuditKind::Settled => match action.status {
            Status::Completed => Some(Occasion::Completed),
            Status::Failed | Status::TimedOut | Status::PartiallyCompleted => Some(Occasion::Failed),
            _ => None,
        },
        AuditKind::LostTrack => Some(Occasion::Unknown),
        AuditKind::FeedbackGiven => Some(Occasion::WrongVerdict),
        AuditKind::BreakGlass => Some(Occasion::BreakGlass),
        AuditKind::UndoReported => match action.undo {
            UndoState::Undone => Some(Occasion::Undone),
            UndoState::Failed => Some(Occasion::Failed),
            UndoState::None | UndoState::Requested => None,
        },
        kind if is_decision(kind) => Some(Occasion::Decided),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::proposal;
    use domain::{Actor, ActorKind, Proposal};
    use serde_json::json;

    #[test]
    fn a_digest_tells_a_proposer_of_their_own_alone() {
        let rule = |to: &str| -> NotificationRule {
            let rule = json!({ "name": "night", "on": ["decided"], "channel": "email", "to": [to], "digest_hours": 8 });
            serde_json::from_value(rule).unwrap()
        };
        let of = |by: &str, severity: &str| {
            let mut of = proposal(by);
            of["severity"] = severity.into();
            let of: Proposal = serde_json::from_value(of).unwrap();
            let by = Actor::new(ActorKind::Token, by, by);
            of.into_action(uuid::Uuid::nil().into(), String::new(), by, Timestamp::UNIX_EPOCH)
        };
        let bucket = |to: &str, action: &Action| gathered(&rule(to), action).0;
        let (one, other) = (of("one", "low"), of("other", "low"));
        assert_eq!(bucket("soc@corp.example", &one), bucket("soc@corp.example", &other));
        assert_ne!(bucket(PROPOSER, &one), bucket(PROPOSER, &other));
        assert_eq!(gathered(&rule(PROPOSER), &one).1, SignedDuration::from_hours(8));
        assert_eq!(
            gathered(&rule(PROPOSER), &of("one", "high")).1,
            GATHERING,
            "what is urgent waits for none"
        );
    }
}
