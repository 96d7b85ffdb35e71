//! The adapters to what carries out actions: one file a kind, each implementing the port [`service::executor::Executor`].
//!
//! They write nothing and know no rules: the worker calls them, and reports through the service. To add a kind, add a
//! file here and connect it where the server starts.

pub mod crowdsec;
pub mod ldap;
pub mod mail;
pub mod openc2;
pub mod secret;
pub mod simulated;

mod peer;
