//! Executors as administrators set them up, and how their attempts ended.

use async_trait::async_trait;
use domain::Authorized;
use domain::executors::ExecutorSetup;
use domain::executors::contract::{Delivery, ExecutorAnswer};
use jiff::Timestamp;

use crate::error::Result;

/// Deliveries that are kept of an executor.
pub const MAX_DELIVERIES: i64 = 100;

/// An executor as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredExecutor {
    /// What was set up.
    pub setup: ExecutorSetup,
    /// Its secret, sealed.
    pub secret: Option<String>,
    /// Whether it is paused.
    pub paused: bool,
    /// Grows with each change.
    pub revision: i64,
}

/// Reads of executors.
#[async_trait]
pub trait ReadExecutors: Send + Sync {
    /// All of them, in the order in which they are asked.
    async fn executors(&self) -> Result<Vec<StoredExecutor>>;

    /// Changes with each of them: by it an instance knows that it has to read them again.
    async fn executors_revision(&self) -> Result<i64>;

    /// The last attempts of one, newest first.
    async fn executor_answers(&self, name: &str, limit: u32) -> Result<Vec<ExecutorAnswer>>;

    /// Attempts of one since a time that failed or had no trustworthy answer.
    async fn executor_failures(&self, name: &str, since: Timestamp) -> Result<u64>;

    /// Commands that are not done, of one.
    async fn executor_backlog(&self, name: &str) -> Result<u64>;

    /// What one was sent last, newest first.
    async fn deliveries(&self, name: &str) -> Result<Vec<Delivery>>;
}

/// Writes of executors.
#[async_trait]
pub trait WriteExecutors: Send {
    /// Adds one at the end of the order. False if there is one of this name.
    async fn insert_executor(
        &mut self,
        by: &Authorized,
        executor: &StoredExecutor,
        now: Timestamp,
    ) -> Result<bool>;

    /// Writes one over what there is under its name, if that is of the revision before. False if it is not.
    async fn update_executor(
        &mut self,
        by: &Authorized,
        executor: &StoredExecutor,
        now: Timestamp,
    ) -> Result<bool>;

    /// Gives these the places of the order, in theirs. False if the authority is gone.
    async fn order_executors(&mut self, by: &Authorized, names: &[String], now: Timestamp) -> Result<bool>;

    /// Whether the caller may still have one send something again, which writes nothing by itself.
    async fn may_send_again(&mut self, by: &Authorized, now: Timestamp) -> Result<bool>;

    /// Removes one. False if there is none.
    async fn delete_executor(&mut self, by: &Authorized, name: &str, now: Timestamp) -> Result<bool>;
}

/// What only the worker writes.
#[async_trait]
pub trait SystemExecutors: Send {
    /// Keeps how an attempt ended.
    async fn note_answer(&mut self, executor: &str, answer: &ExecutorAnswer) -> Result<()>;

    /// Keeps what one was sent, and forgets all but the last [`MAX_DELIVERIES`] of it.
    async fn note_delivery(&mut self, executor: &str, delivery: &Delivery) -> Result<()>;

    /// Forgets the attempts before a time.
    async fn forget_answers(&mut self, before: Timestamp) -> Result<u64>;
}
