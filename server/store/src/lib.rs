//! The store: what the service needs of a database, and nothing about rules.
//!
//! Traits by area: `Read…` of a [`Store`], `Write…` of a [`Transaction`], each implemented where its SQL stands
//! (`queries`). Every write takes an [`Authorized`](domain::Authorized), asks whether it was given for this, and repeats
//! its facts in the statement's `WHERE`, so that it answers "no row" rather than write what is no longer allowed; or it
//! lies in [`SystemWrites`], which only those get who hold a [`SystemAuthority`]. To add an area, add a file with its
//! traits here and one of the same name in `queries`, and its line in `areas!`. To add a database, write a file like `sqlite.rs` or
//! `postgres.rs` that mounts `queries` and holds what differs; the contract suite in `server/tests` runs on each.

mod actions_fields;
mod actor_text;
pub mod audit;
mod audit_log;
mod backup;
mod bits;
mod case_fields;
mod commit_events;
mod encoding;
mod error;
mod filter_bits;
mod keys;
mod listed;
mod listener;
mod migrations;
#[cfg(test)]
mod plans;
mod position;
mod primary;
mod row_keys;
#[cfg(test)]
mod upgrade;
mod verify;
mod vocabulary;

/// Declares the areas: the module of each, and the traits there that a store, a transaction and one without a person have.
/// The statements of each stand in a file of the same name in `queries`.
macro_rules! areas {
    ($(
        $visibility:vis mod $area:ident:
        $(read($($read:ident),+))? $(write($($write:ident),+))? $(system($($system:ident),+))?;
    )+) => {
        $($visibility mod $area;)+

        /// Declares the statements of all areas, in `queries`.
        macro_rules! statements {
            () => { $(mod $area;)+ };
        }

        /// The reads of all areas.
        pub trait Reads: $($($($area::$read +)+)?)+ {}

        impl<T: $($($($area::$read +)+)?)+> Reads for T {}

        /// The writes of all areas.
        pub trait Writes: $($($($area::$write +)+)?)+ {}

        impl<T: $($($($area::$write +)+)?)+> Writes for T {}

        /// Writes without a person: those of worker, seed and command line, which alone hold a [`SystemAuthority`].
        pub trait SystemWrites: $($($($area::$system +)+)?)+ {}

        impl<T: $($($($area::$system +)+)?)+> SystemWrites for T {}
    };
}

areas! {
    mod access: read(ReadAccess) write(WriteAccess) system(SystemAccess);
    mod actions: read(ReadActions, ReadPages, ReadCounts, ReadSimilar, ReadExport, ReadTargets) write(WriteActions);
    pub mod admin_lists: read(ReadAdminLists);
    mod administration: read(ReadAdministration) write(WriteAdministration);
    pub mod automation: read(ReadAutomation) write(WriteAutomation);
    mod bulk: read(ReadBulk) write(WriteBulk) system(SystemBulk);
    pub mod cases: read(ReadCases);
    pub mod decision_times: read(ReadDecisionTimes) write(WriteDecisionTimes);
    mod directory: read(ReadDirectory) write(WriteDirectory);
    mod ends: read(ReadEnds) write(WriteEnds) system(SystemEnds);
    mod executors: read(ReadExecutors) write(WriteExecutors) system(SystemExecutors);
    mod factors: read(ReadFactors) write(WriteFactors);
    mod home: read(ReadHome);
    mod identity: read(ReadIdentity) write(WriteIdentity);
    pub mod investigations: read(ReadInvestigations, ReadIncidents) write(WriteInvestigations);
    mod maintenance: read(Maintain) system(SystemMetadata);
    mod notifications: read(ReadNotifications) write(WriteNotifications) system(SystemNotifications);
    mod one_time: read(ReadOneTime) write(WriteOneTime);
    mod outbox: read(ReadOutbox) write(WriteOutbox) system(SystemOutbox);
    mod packages: read(ReadPackages) system(SystemPackages);
    pub mod policies: read(ReadPolicies) write(WritePolicies);
    mod responders: read(ReadResponders) write(WriteResponders) system(SystemResponders);
    mod retention: system(SystemRetention);
    mod settings: read(ReadSettings) write(WriteSettings);
    mod sign_in: write(WriteSignIn);
}

// They mount `queries`, which takes `statements!` from above.
mod postgres;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use domain::SystemAuthority;
use jiff::Timestamp;

pub use access::{Credential, CredentialKind, KeyState, ReadAccess, SystemAccess, User, WriteAccess};
pub use actions::{
    Cell, Guard, PolicyGuard, ReadActions, ReadCounts, ReadExport, ReadPages, ReadSimilar, ReadTargets, Rows,
    StateChange, WriteActions,
};
pub use actions_fields::sort_column;
pub use administration::{
    CredentialFilter, Holder, MAX_CREDENTIALS, PersonUpdate, ReadAdministration, Rebind, WriteAdministration,
};
pub use audit::AuditEntry;
pub use audit_log::{Changed, Followed, ReadAudit, WriteAudit};
pub use backup::{BackupError, back_up, restore};
pub use bulk::{Bulk, BulkStart, DecidedState, NewBulkItem, ReadBulk, Step, StepItem, SystemBulk, WriteBulk};
pub use commit_events::Subscription;
pub use directory::{ReadDirectory, WriteDirectory};
pub use ends::{DueEnd, ReadEnds, SystemEnds, WriteEnds};
pub use error::StoreError;
pub use executors::{MAX_DELIVERIES, ReadExecutors, StoredExecutor, SystemExecutors, WriteExecutors};
pub use factors::{ReadFactors, StoredFactor, WriteFactors};
pub use home::ReadHome;
pub use identity::{Identity, ReadIdentity, StoredProvider, WriteIdentity};
pub use keys::KeyValue;
pub use listed::{ListedRow, RowStamp};
pub use maintenance::{Maintain, SystemMetadata};
pub use notifications::{
    Expiring, LeasedMessage, MessageEnd, News, Over, ReadNotifications, SystemNotifications,
    WriteNotifications,
};
pub use one_time::{OneTimePurpose, OneTimeSecret, ReadOneTime, WriteOneTime};
pub use outbox::{
    Claim, DISPATCH_PAUSED, DISPATCH_RESUMED, Ended, HandedOver, HandedTask, Leased, NewCommand,
    OpenCommands, Queue, ReadOutbox, SystemOutbox, TargetCommand, WriteOutbox,
};
pub use packages::{ReadPackages, SystemPackages};
pub use position::{Position, RowPosition};
pub use responders::{ReadResponders, StoredOrder, StoredResponder, SystemResponders, WriteResponders};
pub use retention::SystemRetention;
pub use settings::{ReadSettings, WriteSettings};
pub use sign_in::{Attempts, WriteSignIn};
pub use verify::{Noted, Verified, Verify, VerifyError, verify};

use error::Result;

/// Reads, and the way to writes.
#[async_trait]
pub trait Store: Reads + ReadAudit + Verify {
    /// Opens a writing transaction. It holds the write lock from the start.
    async fn begin(&self) -> Result<Box<dyn Transaction>>;

    /// The same, with the writes that need no person.
    async fn begin_system(&self, authority: &SystemAuthority) -> Result<Box<dyn SystemTransaction>>;
}

/// Writes that become true together. Dropped without a commit, none of them does.
#[async_trait]
pub trait Transaction: Writes + WriteAudit + Send {
    /// The time of what this transaction writes: what the clock says, read while the write lock is held, and never
    /// earlier than what was written before. So times grow in the order of commits, whoever's clock they come from.
    async fn time(&mut self, clock: Timestamp) -> Result<Timestamp>;

    /// Begins a part that can be taken back alone. There is one at a time.
    async fn begin_savepoint(&mut self) -> Result<()>;

    /// Ends the part: keeps what it wrote, or takes it back.
    async fn end_savepoint(&mut self, keep: bool) -> Result<()>;

    /// Makes all of it true.
    async fn commit(self: Box<Self>) -> Result<()>;
}

/// The same for those who act without a person.
pub trait SystemTransaction: Transaction + SystemWrites {}

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

/// Opens the database that the URL names as it is: nothing in it, nor beside its file, is made, changed or migrated.
///
/// # Errors
/// An unknown scheme, or a database that is not there or can't be opened.
pub async fn open_read_only(url: &str) -> Result<SharedStore, StoreError> {
    if url.starts_with("sqlite:") {
        return Ok(Arc::new(sqlite::SqliteStore::open_read_only(url).await?));
    }
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        return Ok(Arc::new(postgres::PostgresStore::open_read_only(url).await?));
    }
    Err(StoreError::Unsupported(url.split(':').next().unwrap_or_default().to_owned()))
}

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
