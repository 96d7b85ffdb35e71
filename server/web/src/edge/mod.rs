//! What comes before and after every handler: connections, bodies, origins, credentials, headers, failures.
//!
//! Nothing here knows a handler. Addresses that several modules name stand in `paths`.

pub mod accept;
mod activity;
pub(crate) mod body;
pub mod client;
pub mod credential;
pub(crate) mod fair;
pub(crate) mod identify;
pub mod limits;
pub mod paths;
pub mod problem;
pub mod rate;
pub mod redirect;
pub mod security;
pub(crate) mod trace;
