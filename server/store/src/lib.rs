//! The store: what the service needs of a database, and nothing about rules.
//!
//! Two traits: [`Store`] reads and opens transactions, [`Transaction`] writes. A write of an action takes an
//! [`Authorized`] value and repeats its facts in the statement's `WHERE`, so it answers "no row" rather than write
//! what is no longer allowed. To add a database, write a file like `sqlite.rs` or `postgres.rs` that mounts `queries`
//! and holds what differs, with its migrations under the same numbers; the contract suite in `tests` runs on each.

pub mod audit;
mod bulk;
mod changes;
mod error;
mod keys;
mod migrations;
#[cfg(test)]
mod plans;
mod postgres;
mod sqlite;
mod traits;
mod transaction;
mod verify;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use domain::actions::query::Counts;
use domain::actions::similar::Buckets;
use domain::bulk::Progress;
use domain::home::HomeView;
use domain::{
    Action, ActionId, ActionQuery, ActionType, Actor, AuditKind, Authorized, BulkId, BulkItem, CommandId,
    CredentialId, ItemState, Lane, LaneCounts, Permission, Preferences, Role, RowScope, SavedView, Scope,
    UserId,
};
use jiff::Timestamp;

use crate::audit::Record;

pub use audit::AuditEntry;
pub use bulk::{Bulk, BulkStart, NewBulkItem, Step, StepItem};
pub use changes::Changes;
pub use error::StoreError;
pub use keys::{KeyValue, Position};
pub use transaction::Transaction;
pub use verify::{VerifyError, verify};

/// A database's URL for people to read: without user, password and options.
#[must_use]
pub fn display_url(url: &str) -> String {
    let (plain, options) = url.split_once('?').unwrap_or((url, ""));
    match plain.split_once("://") {
        Some((scheme, rest)) if scheme != "sqlite" => match rest.rsplit_once('@') {
            Some((_, place)) => format!("{scheme}://{place}"),
            // The question mark may stand in a password that was not escaped.
            None if options.contains('@') => format!("{scheme}://…"),
            None => plain.to_owned(),
        },
        _ => plain.to_owned(),
    }
}

/// The store, as the service holds it.
pub type SharedStore = Arc<dyn Store>;

/// Opens the database that the URL names and migrates it. A file that is missing is created.
///
/// # Errors
/// An unknown scheme, or a database that can't be opened or is newer than this program.
pub async fn connect(url: &str) -> Result<SharedStore, StoreError> {
    if url.starts_with("sqlite:") {
        return Ok(Arc::new(sqlite::SqliteStore::open(url).await?));
    }
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        return Ok(Arc::new(postgres::PostgresStore::open(url).await?));
    }
    Err(StoreError::Unsupported(url.split(':').next().unwrap_or_default().to_owned()))
}

type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Takes the rows of an export, one by one.
pub trait Rows: Send {
    /// One row: its id, and a cell for each of the query's columns.
    ///
    /// # Errors
    /// If it can't be written; the export ends with it.
    fn row(&mut self, id: &str, cells: &[Cell<'_>]) -> std::io::Result<()>;
}

/// One cell of an export, in the words of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'a> {
    /// A text, or a word of a vocabulary.
    Text(std::borrow::Cow<'a, str>),
    /// A time.
    Time(Timestamp),
    /// No value.
    Nothing,
}

/// One local user.
#[derive(Debug, Clone)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// The name they sign in with.
    pub name: String,
    /// The name to show.
    pub display_name: String,
    /// Argon2id in PHC form; none if they can't sign in with a password.
    pub password_hash: Option<String>,
    /// Whether they may do anything at all.
    pub enabled: bool,
    /// Their roles.
    pub roles: BTreeSet<Role>,
}

/// What kind of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// A signed-in browser.
    Session,
    /// An API token.
    Token,
}

/// A session or an API token.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// Session or token.
    pub kind: CredentialKind,
    /// SHA-256 of the secret, as hexadecimal text.
    pub secret_hash: String,
    /// The person; none for a tool's token.
    pub user: Option<UserId>,
    /// The token's name.
    pub name: String,
    /// What a token may be used for; empty for a session.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

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
    /// Where it is since.
    pub lane: Lane,
    /// The principal that proposed it, for row scopes.
    pub proposed_by: String,
}

/// A command under a worker's lease.
#[derive(Debug, Clone)]
pub struct Leased {
    /// The same on each attempt.
    pub id: CommandId,
    /// The action to carry out.
    pub action_id: ActionId,
    /// Fences off a worker that lost its lease.
    pub generation: i64,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// Attempts before this one that may have reached the executor.
    pub possibly_sent: i64,
    /// Attempts before this one that provably did not.
    pub not_sent: i64,
}

/// What a decision, or another change of state, must find unchanged.
#[derive(Debug, Clone, Copy)]
pub struct Guard<'a> {
    /// Who writes, with the facts to repeat.
    pub by: &'a Authorized,
    /// Whether this is a decision: not by the proposer, and not after the expiry.
    pub deciding: bool,
    /// The time of the write.
    pub now: Timestamp,
}

/// What is known of an Idempotency-Key.
#[derive(Debug, Clone)]
pub enum KeyState {
    /// It is ours now; answer and record the answer.
    New,
    /// The first request is still being answered.
    InFlight,
    /// It was used for another request.
    OtherRequest,
    /// It was answered like this.
    Answered {
        /// HTTP status.
        status: u16,
        /// Body.
        body: String,
    },
}

/// Reads, and the way to writes.
#[async_trait]
pub trait Store: Send + Sync {
    /// Opens a writing transaction. It holds the write lock from the start.
    async fn begin(&self) -> Result<Box<dyn Transaction>>;

    /// Rings after commits from here on: those of this process, and where the database can, those of every other.
    fn changes(&self) -> Changes;

    /// Up to `limit` rows of a list, from a position on, whatever limit and cursor the query names itself. Rows come
    /// in the list's order also for a page before the position. `now` is where rolling time periods end.
    async fn page(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        from: Option<&Position>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Action>>;

    /// How many rows a list has, and of which values. Those of a whole lane are exact.
    async fn counts(&self, scope: &RowScope, query: &ActionQuery, now: Timestamp) -> Result<Counts>;

    /// How many actions wait and are being carried out. Exact for all rows; for a scope, ten thousand at most.
    async fn lane_counts(&self, scope: &RowScope) -> Result<LaneCounts>;

    /// What waits, what was decided and what is stuck, as far as the scope shows it.
    async fn home(&self, scope: &RowScope, now: Timestamp) -> Result<HomeView>;

    /// The buckets of similar rows among the most urgent rows of a list, whatever order it names itself.
    async fn buckets(&self, scope: &RowScope, query: &ActionQuery, now: Timestamp) -> Result<Buckets>;

    /// On how many other assets something similar to an action waits, among so many rows at most; and whether there
    /// may be more.
    async fn waiting_elsewhere(&self, scope: &RowScope, action: &Action, most: u32) -> Result<(u64, bool)>;

    /// Gives every row of a list to `into`, in the list's order and with its columns, all as of one moment.
    async fn export(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        now: Timestamp,
        into: &mut dyn Rows,
    ) -> Result<()>;

    /// One action, if the scope shows it.
    async fn action(&self, scope: &RowScope, id: ActionId) -> Result<Option<Action>>;

    /// The person behind the proposal of an action, if it was a person's.
    async fn proposer(&self, id: ActionId) -> Result<Option<UserId>>;

    /// Earlier and other actions on the same entity of the same asset, newest first.
    async fn on_same_entity(&self, scope: &RowScope, action: &Action, limit: u32) -> Result<Vec<Action>>;

    /// The credential with this hash that is neither revoked nor over, with its user.
    async fn credential(
        &self,
        secret_hash: &str,
        now: Timestamp,
    ) -> Result<Option<(Credential, Option<User>)>>;

    /// A user by the name they sign in with.
    async fn user(&self, name: &str) -> Result<Option<User>>;

    /// Who is enabled and holds this permission, by the names to show.
    async fn holders(&self, permission: Permission) -> Result<Vec<(UserId, String)>>;

    /// How many users there are.
    async fn count_users(&self) -> Result<i64>;

    /// A marker of the database, for example what created it.
    async fn marker(&self, name: &str) -> Result<Option<String>>;

    /// Audit rows after a sequence number, in order.
    async fn audit_after(&self, seq: i64, limit: u32) -> Result<Vec<Record>>;

    /// The sequence number of the last audit row; 0 if there is none. Rows become visible in the order of their numbers.
    async fn audit_head(&self) -> Result<i64>;

    /// The rows after a sequence number, in order, as those see them who follow the log.
    async fn follow(&self, seq: i64, limit: u32) -> Result<Vec<Followed>>;

    /// Pending actions whose time is over.
    async fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<ActionId>>;

    /// The state and counters of an action's command, for whoever looks into what is stuck.
    async fn command_of(&self, action: ActionId) -> Result<Option<Leased>>;

    /// The ids of a list, in its order, up to `most`, whatever limit and cursor the query names.
    async fn matching(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<ActionId>>;

    /// The ids of actions of History that can be undone, of that type and on the file with that SHA-256, up to `most`.
    async fn same_file(
        &self,
        scope: &RowScope,
        action_type: ActionType,
        sha256: &str,
        most: u32,
    ) -> Result<Vec<ActionId>>;

    /// Those of these actions that the scope shows, in this order, each with the person behind its proposal.
    async fn actions(&self, scope: &RowScope, ids: &[ActionId]) -> Result<Vec<(Action, Option<UserId>)>>;

    /// A plan or job of that owner.
    async fn bulk(&self, owner: UserId, id: BulkId) -> Result<Option<Bulk>>;

    /// Up to `limit` items of a plan or job in one of these states, after a position.
    async fn bulk_items(
        &self,
        id: BulkId,
        states: &[ItemState],
        after: i64,
        limit: u32,
    ) -> Result<Vec<BulkItem>>;

    /// How many items of a plan or job stand where.
    async fn bulk_progress(&self, id: BulkId) -> Result<Progress>;

    /// The actions of all items in one of these states, in their order.
    async fn bulk_actions(&self, id: BulkId, states: &[ItemState]) -> Result<Vec<ActionId>>;

    /// Whether a job was started and did not end.
    async fn bulk_is_running(&self) -> Result<bool>;

    /// What a person set, and the defaults for the rest.
    async fn preferences(&self, user: UserId) -> Result<Preferences>;

    /// The views that a person saved, by name.
    async fn saved_views(&self, user: UserId) -> Result<Vec<SavedView>>;

    /// Takes away all that is only there to find rows, before very many are written: it is faster made anew. Until it
    /// is back there are no lists. A store that is opened meanwhile puts it back.
    async fn suspend_indexes(&self) -> Result<()>;

    /// Puts back what [`Self::suspend_indexes`] took away; nothing, if that is not missing.
    async fn restore_indexes(&self) -> Result<()>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<()>;

    /// Closes the connections, so that what was written is checkpointed.
    async fn close(&self);
}

#[cfg(test)]
mod tests {
    use super::display_url;

    #[test]
    fn a_password_is_not_shown() {
        for (url, want) in [
            ("sqlite:///var/lib/c@1.db?mode=rwc", "sqlite:///var/lib/c@1.db"),
            ("sqlite:c.db", "sqlite:c.db"),
            ("postgres://localhost/c", "postgres://localhost/c"),
            ("postgres://ana:s3cret@db:5432/c?password=s3cret", "postgres://db:5432/c"),
            ("postgresql://ana:s3/cr@t@db/c", "postgresql://db/c"),
            ("postgres://ana:s3?cret@db/c", "postgres://…"),
        ] {
            assert_eq!(display_url(url), want);
        }
    }
}
