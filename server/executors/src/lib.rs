//! The adapters to what carries out actions: one file a kind, each implementing the port [`service::executor::Executor`].
//!
//! They write nothing and know no rules: the worker calls them, and reports through the service. To add a kind, add a
//! file here and make it in [`workshop`]; one that comes with the server is connected where the server starts.

mod address;
mod answer;
mod certificate;
pub mod channels;
mod consumer;
pub mod crowdsec;
pub mod destinations;
pub mod enrolled;
pub mod ldap;
pub mod mail;
pub mod manual;
pub mod openc2;
pub mod seal;
pub mod secret;
pub mod simulated;
pub mod webhook;
pub mod workshop;

mod peer;
