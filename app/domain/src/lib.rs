//! The vocabulary of Countersign, compiled for the browser and the server.
//!
//! It owns the words (ids, action types, entities, decisions, statuses), the rules that hold wherever they are used
//! (which pairs are legal, which transition follows which command, who may decide), the shapes that travel, and for
//! each area what is asked of the server (`contract`). It must not know HTTP, SQL, clocks or tasks, and imports nothing
//! else of ours. To add a word, add a row to the table that lists its kind; `actions::catalog` is the table of action types.

pub mod access;
pub mod actions;
pub mod audit;
pub mod automation;
pub mod backend;
pub mod bulk;
pub mod cases;
pub mod core;
pub mod directory;
pub mod dispatch;
pub mod executors;
pub mod home;
pub mod identity;
pub mod incidents;
pub mod investigations;
pub mod list;
pub mod notifications;
pub mod policies;
pub mod responders;
pub mod settings;
pub mod site;

pub use self::core::actor::{Actor, ActorKind};
pub use self::core::denied::Denied;
pub use self::core::error::{Error, ErrorCode, FieldError};
pub use self::core::id::{
    ActionId, ApprovalId, BulkId, CommandId, CredentialId, DeliveryId, DeviceGroupId, DirectoryGroupId,
    FactorId, RoleGroupId, UserId, ViewId,
};
pub use self::core::subject::{Current, Subject, SubjectKind};
pub use access::device_group::{Device, DeviceGroup, RemediationLevel};
pub use access::{Access, Authorized, Caller, Permission, Purpose, Role, Scope, SystemAuthority};
pub use actions::action::{Action, Alert, Evidence, Seen, Severity, Source, Verdict};
pub use actions::catalog::{ActionType, Undo};
pub use actions::change::{Change, LaneCounts};
pub use actions::entity::{Asset, AssetKind, Criticality, Entity, EntityKind};
pub use actions::follow_up::{FollowUp, FollowUpVerb};
pub use actions::lifecycle::{
    Decision, Lane, Lifecycle, Outcome, Refusal, State, Status, Transition, UndoState,
};
pub use actions::parameter::{ParameterName, Parameters};
pub use actions::proposal::Proposal;
pub use actions::query::{ActionPage, ActionQuery};
pub use actions::scope::{RowScope, ScopedRow};
pub use actions::similar::{Bucket, Buckets, Similarity};
pub use audit::AuditKind;
pub use bulk::{BulkItem, BulkJob, BulkPlan, BulkRequest, BulkVerb, ItemState, Targets};
pub use settings::preference::{Preference, Preferences, SavedView, TablePreference};
