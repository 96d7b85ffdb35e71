//! The vocabulary of Countersign, compiled for the browser and the server.
//!
//! It owns the words (ids, action types, entities, decisions, statuses), the rules that hold wherever they are used
//! (which pairs are legal, which transition follows which command, who may decide) and the shapes that travel.
//! It must not know HTTP, SQL, clocks or tasks, and imports nothing else of ours. To add a word, add a row to the
//! table that lists its kind; `catalog` is the table of action types.

pub mod access;
pub mod action;
pub mod audit;
pub mod bulk;
pub mod catalog;
pub mod change;
pub mod entity;
pub mod error;
pub mod home;
pub mod id;
pub mod lifecycle;
pub mod parameter;
pub mod preference;
pub mod proposal;
pub mod query;
pub mod similar;
pub mod time;
mod words;
pub mod zone;

pub use access::{Authorized, Caller, Denied, Permission, Role, RowScope, Scope};
pub use action::{Action, Actor, ActorKind, Alert, Evidence, Seen, Severity, Source, Verdict};
pub use audit::AuditKind;
pub use bulk::{BulkItem, BulkJob, BulkPlan, BulkRequest, BulkVerb, ItemState, Targets};
pub use catalog::{ActionType, Undo};
pub use change::{Change, LaneCounts};
pub use entity::{Asset, AssetKind, Criticality, Entity, EntityKind};
pub use error::{Error, ErrorCode, FieldError};
pub use id::{ActionId, ApprovalId, BulkId, CommandId, CredentialId, UserId, ViewId};
pub use lifecycle::{Command, Decision, Lane, Lifecycle, Outcome, Refusal, State, Status, UndoState};
pub use parameter::{ParameterName, Parameters};
pub use preference::{Preference, Preferences, SavedView, TablePreference};
pub use proposal::Proposal;
pub use query::{ActionPage, ActionQuery};
pub use similar::{Bucket, Buckets, Similarity};
