//! The only door from the screens and the API into the server: the contracts of all areas together.
//!
//! Server functions cannot be generic, so they call this trait, which the server implements with its service and
//! provides through context. Every method asks who is calling and authorizes by itself; no caller may rely on a view.
//! A new area adds its contract to the supertraits.

use std::sync::Arc;

use crate::access::contract::AccessBackend;
use crate::access::factors::FactorsBackend;
use crate::access::lists::contract::AdminListsBackend;
use crate::actions::contract::{
    DecideActions, DownloadPackages, ExportActions, FollowUpActions, ListActions, ProposeActions, ShowAction,
};
use crate::actions::take::TakeActions;
use crate::actions::tasks::ListTasks;
use crate::automation::contract::AutomationBackend;
use crate::bulk::contract::BulkBackend;
use crate::cases::contract::CasesBackend;
use crate::directory::contract::DirectoryBackend;
use crate::dispatch::contract::DispatchBackend;
use crate::executors::contract::{ExecutorsBackend, ReportsBackend};
use crate::home::contract::HomeBackend;
use crate::identity::contract::IdentityBackend;
use crate::incidents::contract::IncidentsBackend;
use crate::investigations::contract::InvestigationsBackend;
use crate::notifications::contract::NotificationsBackend;
use crate::policies::contract::PoliciesBackend;
use crate::responders::contract::RespondersBackend;
use crate::settings::contract::SettingsBackend;

/// Declares [`Backend`] as all contracts together.
macro_rules! backend {
    ($first:ident $(+ $contract:ident)*) => {
        /// What can be asked of the server.
        pub trait Backend: $first $(+ $contract)* {}

        impl<T: $first $(+ $contract)*> Backend for T {}
    };
}

backend! {
    ListActions + ShowAction + DecideActions + FollowUpActions + ProposeActions + TakeActions + ListTasks
    + ExportActions + DownloadPackages
    + AccessBackend + AdminListsBackend + AutomationBackend + BulkBackend + CasesBackend + DirectoryBackend + DispatchBackend + FactorsBackend
    + HomeBackend + IdentityBackend + IncidentsBackend + InvestigationsBackend
    + PoliciesBackend + SettingsBackend
    + ExecutorsBackend + ReportsBackend + RespondersBackend + NotificationsBackend
}

/// The server's service, as the server functions and the REST API hold it.
pub type SharedBackend = Arc<dyn Backend>;
