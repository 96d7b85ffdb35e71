//! What is kept of executors beside what was set up: their order, how attempts went, and what webhooks were sent and
//! answered, to be sent again on a person's word.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use domain::core::subject::Current;
use domain::executors::contract::Delivery;
use domain::{
    ActionId, AuditKind, Authorized, CommandId, DeliveryId, Denied, Error, Status, SystemAuthority,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Service;
use super::clock::new_id;
use super::executor::{Attempt, CalledOff, Order, Sent};
use super::executors::{record, subject};
use store::AuditEntry;

/// Days for which it is kept how attempts went.
const KEPT_DAYS: i64 = 30;
const SECONDS_OF_DAY: i64 = 86_400;
/// Letters that are kept of a request, and of an answer.
const MAX_REQUEST: usize = 16_000;
const MAX_ANSWER: usize = 2_000;

impl Service {
    /// Moves an executor to a place in the order.
    ///
    /// # Errors
    /// If there is no such executor or place, or the store fails.
    pub(super) async fn move_to(&self, by: &Authorized, name: &str, place: u32) -> Result<(), Error> {
        self.kept(name).await?;
        let mut names: Vec<_> = self.store.executors().await?.into_iter().map(|one| one.setup.name).collect();
        let before = names.iter().position(|one| one == name).map(|index| index + 1);
        names.retain(|one| one != name);
        let index = usize::try_from(place).unwrap_or_default();
        if index == 0 || index > names.len() + 1 {
            let detail = format!("is {place}; there are the places 1 to {}", names.len() + 1);
            return Err(Error::invalid("/place", detail));
        }
        names.insert(index - 1, name.to_owned());
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        if !tx.order_executors(by, &names, now).await? {
            return Err(Denied::Revoked.into());
        }
        let body = json!({ "before": { "place": before }, "after": { "place": place } });
        record(&mut *tx, by, AuditKind::ExecutorChanged, name, body, now).await?;
        tx.commit().await?;
        self.connect_executors().await
    }

    /// Forgets how attempts went long ago, and packages whose time is over, once a day.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn forget_answers(&self, authority: &SystemAuthority) -> Result<(), Error> {
        let now = self.clock.now();
        let day = now.as_second() / SECONDS_OF_DAY;
        if self.forgot.swap(day, Ordering::Relaxed) == day {
            return Ok(());
        }
        let before =
            now.saturating_sub(SignedDuration::from_hours(24 * KEPT_DAYS)).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut tx = self.store.begin_system(authority).await?;
        tx.forget_answers(before).await?;
        tx.commit().await?;
        self.forget_packages(authority).await
    }

    /// Keeps what an attempt sent.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) async fn note_sent(
        &self,
        authority: &SystemAuthority,
        order: &Order,
        sent: Sent,
        took: Duration,
    ) -> Result<(), Error> {
        let of = (order.action.id, order.leased.id);
        self.keep_delivery(authority, order.executor.name(), of, (sent, took, false)).await.map(drop)
    }

    async fn keep_delivery(
        &self,
        authority: &SystemAuthority,
        executor: &str,
        (action, command): (ActionId, CommandId),
        (sent, took, again): (Sent, Duration, bool),
    ) -> Result<Delivery, Error> {
        let mut tx = self.store.begin_system(authority).await?;
        let now = tx.time(self.clock.now()).await?;
        let delivery = Delivery {
            id: new_id(now),
            action,
            command,
            at: now,
            milliseconds: u32::try_from(took.as_millis()).unwrap_or(u32::MAX),
            status: sent.status,
            request: sent.request.chars().take(MAX_REQUEST).collect(),
            answer: sent.answer.chars().take(MAX_ANSWER).collect(),
            again,
        };
        tx.note_delivery(executor, &delivery).await?;
        tx.commit().await?;
        Ok(delivery)
    }

    /// Sends a delivery again, under the id that it had. What is over is not sent: the action is tried again instead.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Conflict`] if its command is over, or if the store fails.
    pub(super) async fn send_delivery_again(
        &self,
        by: &Authorized,
        name: &str,
        id: DeliveryId,
    ) -> Result<Delivery, Error> {
        let subject = subject(name);
        let refuse = |detail: &str| Error::Conflict {
            detail: detail.to_owned(),
            current: Box::new(Current::named(subject.clone())),
        };
        let kept = self.store.deliveries(name).await?.into_iter().find(|kept| kept.id == id);
        let kept = kept.ok_or_else(|| Error::NotFound(subject.clone()))?;
        if kept.request.chars().count() >= MAX_REQUEST {
            return Err(refuse("it is too long to be kept whole, and so to be sent again"));
        }
        let of = self.store.targets_of(kept.action).await?.into_iter().find(|of| of.command == kept.command);
        let is_open =
            of.is_some_and(|of| matches!(of.status, Status::Queued | Status::InProgress | Status::Unknown));
        if !is_open {
            return Err(refuse("its command is over; try the action again instead"));
        }
        let connected = self.executors.named(name).ok_or_else(|| Error::NotFound(subject.clone()))?;
        if connected.is_paused() {
            return Err(refuse("the executor is paused; resume it first"));
        }
        let adapter = connected.adapter().map_err(|why| refuse(why))?;
        let Some(authority) = &self.authority else {
            return Err(Error::Internal("this server sends nothing again".to_owned()));
        };
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        if !tx.may_send_again(by, now).await? {
            return Err(Denied::Revoked.into());
        }
        let body = json!({ "delivery": id, "action_id": kept.action, "of_command": kept.command });
        let entry =
            AuditEntry { at: now, kind: AuditKind::DeliveredAgain, subject: Some(subject.clone()), body };
        tx.append_audit(by, entry).await?;
        tx.commit().await?;
        let began = Instant::now();
        let Some((attempt, sent)) = adapter.send_again(kept.command, &kept.request).await else {
            return Err(refuse("this executor sends nothing again"));
        };
        // What it answers is its word, and no act of the person any more.
        if let Attempt::Ended(outcome, detail) = attempt {
            let answer = CalledOff::Ended(outcome, detail);
            self.write_answer(authority, name, kept.command, answer).await?;
        }
        let of = (kept.action, kept.command);
        self.keep_delivery(authority, name, of, (sent, began.elapsed(), true)).await
    }
}
