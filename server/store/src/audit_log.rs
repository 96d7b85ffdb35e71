//! The audit log as a table: what reads it, follows it and appends to it. Its chain is `audit`.

use async_trait::async_trait;
use domain::{ActionId, Actor, AuditKind, Authorized, ScopedRow};

use crate::audit::{AuditEntry, Record};
use crate::error::Result;

/// One audit row as those see it who follow the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Its place in the log.
    pub seq: i64,
    /// What happened.
    pub kind: AuditKind,
    /// Who did it.
    pub by: Actor,
    /// The action that it changed, if it changed one.
    pub changed: Option<Changed>,
}

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The action.
    pub id: ActionId,
    /// Its version since.
    pub version: i64,
    /// Where it is since, and what else row scopes ask for.
    pub row: ScopedRow,
}

/// Reads of the audit log.
#[async_trait]
pub trait ReadAudit: Send + Sync {
    /// Audit rows after a sequence number, in order.
    async fn audit_after(&self, seq: i64, limit: u32) -> Result<Vec<Record>>;

    /// The sequence number of the last audit row; 0 if there is none. Rows become visible in the order of their numbers.
    async fn audit_head(&self) -> Result<i64>;

    /// The last records of a kind on an action, newest first.
    async fn records_of(&self, id: ActionId, kind: AuditKind, limit: u32) -> Result<Vec<Record>>;

    /// The rows after a sequence number, in order, as those see them who follow the log.
    async fn follow(&self, seq: i64, limit: u32) -> Result<Vec<Followed>>;
}

/// The only write to the audit log.
#[async_trait]
pub trait WriteAudit: Send {
    /// Appends a record of what was done by that authority, at the latest with the commit. An authority to have
    /// attempts recorded can record nothing else.
    async fn append_audit(&mut self, by: &Authorized, entry: AuditEntry) -> Result<Record>;
}
