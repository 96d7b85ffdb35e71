//! What comes before and after every handler: connections, bodies, origins, credentials, headers, failures.
//!
//! Nothing here knows a handler. Addresses that several modules name stand in `paths`.

pub mod accept;
pub(super) mod body;
pub(super) mod credential;
pub(super) mod limits;
pub(super) mod paths;
pub(super) mod problem;
pub(super) mod redirect;
pub mod security;
pub(super) mod trace;
