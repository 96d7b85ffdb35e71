//! Hosts that were enrolled, the codes that take them in, and their orders.

use async_trait::async_trait;
use domain::{Authorized, CommandId};
use jiff::Timestamp;

use crate::error::Result;

/// A host as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponder {
    /// The name of its executor.
    pub name: String,
    /// The device that it stands for.
    pub asset: String,
    /// Its public key, as text.
    pub public_key: String,
    /// The version of its responder.
    pub version: String,
    /// What it can do, as JSON.
    pub pairs: String,
    /// When it was taken in, last.
    pub enrolled_at: Timestamp,
    /// When it last asked, to the minute.
    pub last_seen_at: Timestamp,
    /// The process that asks.
    pub instance: String,
    /// Processes that it took the place of, as JSON.
    pub earlier: String,
    /// When a second host with its key was noticed.
    pub cloned_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// An order for a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOrder {
    /// The command.
    pub command_id: CommandId,
    /// For whom.
    pub responder: String,
    /// The command as it was signed.
    pub command: String,
    /// The server's signature.
    pub signature: String,
    /// When it was given.
    pub created_at: Timestamp,
}

/// Reads of hosts.
#[async_trait]
pub trait ReadResponders: Send + Sync {
    /// All of them, by name.
    async fn responders(&self) -> Result<Vec<StoredResponder>>;

    /// One of them.
    async fn responder(&self, name: &str) -> Result<Option<StoredResponder>>;

    /// The device of a code that was used.
    async fn used_responder_code(&self, code_hash: &str) -> Result<Option<String>>;

    /// An order of a host, whether or not it has reported on it.
    async fn responder_order(&self, name: &str, command: CommandId) -> Result<Option<StoredOrder>>;

    /// The orders of a host that it has not reported on, oldest first.
    async fn responder_orders(&self, name: &str, limit: u32) -> Result<Vec<StoredOrder>>;
}

/// Writes of who administers hosts. False if the caller may no longer.
#[async_trait]
pub trait WriteResponders: Send {
    /// Keeps a code, by its hash.
    async fn insert_responder_code(
        &mut self,
        by: &Authorized,
        code_hash: &str,
        asset: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool>;

    /// Revokes the key of a host; one that was revoked before stays so since then. False also if there is no such host.
    async fn revoke_responder(&mut self, by: &Authorized, name: &str, now: Timestamp) -> Result<bool>;
}

/// Writes of hosts. What hosts do is known by their keys, not by a person.
#[async_trait]
pub trait SystemResponders: Send {
    /// Uses a code up: the device it is for, if it was neither used nor over.
    async fn take_responder_code(&mut self, code_hash: &str, now: Timestamp) -> Result<Option<String>>;

    /// Writes a host, in place of what was known of it.
    async fn put_responder(&mut self, responder: &StoredResponder) -> Result<()>;

    /// Notes that a host was seen: its process, version and what it can do, and whether a second one was. False if its key
    /// is another by now, or was revoked; nothing is written then.
    async fn note_responder_seen(&mut self, responder: &StoredResponder) -> Result<bool>;

    /// Adds an order. False if it is there already.
    async fn insert_responder_order(&mut self, order: &StoredOrder) -> Result<bool>;

    /// Keeps the first report on an order of the host. False if there is no such order that waits for one.
    async fn report_responder_order(
        &mut self,
        responder: &str,
        command: CommandId,
        response: &str,
        signature: &str,
        now: Timestamp,
    ) -> Result<bool>;
}
