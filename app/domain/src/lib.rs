//! The vocabulary of Countersign, compiled for the browser and the server.
//!
//! It owns the words (ids, action types, entities, decisions, statuses), the rules that hold wherever they are used
//! (which pairs are legal, which transition follows which command, who may decide), the shapes that travel, and for
//! each area what is asked of the server (`contract`). It must not know HTTP, SQL, clocks or tasks, and imports nothing
//! else of ours. To add a word, add a row to the table that lists its kind; `actions::catalog` is the table of action types.
//! To add an area, add its folder and its line in `areas!`.

pub mod audit;
pub mod core;
pub mod list;
pub mod site;

use std::sync::Arc;

/// Declares the areas: the module of each, and the traits there that are its part of [`Backend`].
macro_rules! areas {
    ($(mod $area:ident: $($($contract:ident)::+),+;)+) => {
        $(pub mod $area;)+

        /// What can be asked of the server: the contracts of all areas together.
        ///
        /// It is the only door from the screens and the API into the server. Server functions cannot be generic, so they
        /// call this trait, which the server implements with its service and provides through context. Every method asks
        /// who is calling and authorizes by itself; no caller may rely on a view.
        pub trait Backend: $($($area::$($contract)::+ +)+)+ {}

        impl<T: $($($area::$($contract)::+ +)+)+> Backend for T {}
    };
}

areas! {
    mod access: contract::AccessBackend, factors::FactorsBackend, lists::contract::AdminListsBackend;
    mod actions:
        contract::DecideActions, contract::DownloadPackages, contract::ExportActions, contract::FollowUpActions,
        contract::ListActions, contract::ProposeActions, contract::ShowAction, take::TakeActions, tasks::ListTasks;
    mod automation: contract::AutomationBackend;
    mod bulk: contract::BulkBackend;
    mod cases: contract::CasesBackend;
    mod decision_times: contract::DecisionTimesBackend;
    mod directory: contract::DirectoryBackend;
    mod dispatch: contract::DispatchBackend;
    mod executors: contract::ExecutorsBackend, contract::ReportsBackend;
    mod home: contract::HomeBackend;
    mod identity: contract::IdentityBackend;
    mod incidents: contract::IncidentsBackend;
    mod investigations: contract::InvestigationsBackend;
    mod notifications: contract::NotificationsBackend;
    mod policies: contract::PoliciesBackend;
    mod responders: contract::RespondersBackend;
    mod settings: contract::SettingsBackend;
}

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

/// The server's service, as the server functions and the REST API hold it.
pub type SharedBackend = Arc<dyn Backend>;
