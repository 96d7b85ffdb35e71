//! The only door from the screens and the API into the server: the contracts of all areas together.
//!
//! Server functions cannot be generic, so they call this trait, which the server implements with its service and
//! provides through context. Every method asks who is calling and authorizes by itself; no caller may rely on a view.
//! A new area adds its contract to the supertraits.

use std::sync::Arc;

/// Declares [`Backend`] as all contracts together.
macro_rules! backend {
    ($($contract:path,)+) => {
        /// What can be asked of the server.
        pub trait Backend: $($contract +)+ {}

        impl<T: $($contract +)+> Backend for T {}
    };
}

backend! {
    crate::access::contract::AccessBackend,
    crate::access::factors::FactorsBackend,
    crate::access::lists::contract::AdminListsBackend,
    crate::actions::contract::DecideActions,
    crate::actions::contract::DownloadPackages,
    crate::actions::contract::ExportActions,
    crate::actions::contract::FollowUpActions,
    crate::actions::contract::ListActions,
    crate::actions::contract::ProposeActions,
    crate::actions::contract::ShowAction,
    crate::actions::take::TakeActions,
    crate::actions::tasks::ListTasks,
    crate::automation::contract::AutomationBackend,
    crate::bulk::contract::BulkBackend,
    crate::cases::contract::CasesBackend,
    crate::directory::contract::DirectoryBackend,
    crate::dispatch::contract::DispatchBackend,
    crate::executors::contract::ExecutorsBackend,
    crate::executors::contract::ReportsBackend,
    crate::home::contract::HomeBackend,
    crate::identity::contract::IdentityBackend,
    crate::incidents::contract::IncidentsBackend,
    crate::investigations::contract::InvestigationsBackend,
    crate::notifications::contract::NotificationsBackend,
    crate::policies::contract::PoliciesBackend,
    crate::responders::contract::RespondersBackend,
    crate::settings::contract::SettingsBackend,
}

/// The server's service, as the server functions and the REST API hold it.
pub type SharedBackend = Arc<dyn Backend>;
