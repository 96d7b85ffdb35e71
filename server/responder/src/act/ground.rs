//! What an act stands on: the host as it was set up, the served folder, and the vault.

use jiff::Timestamp;
use uuid::Uuid;

use super::host::Host;
use crate::root::Root;
use crate::vault::Vault;

/// What plans and steps are given.
pub(crate) struct Ground<'a> {
    pub(crate) host: &'a Host,
    pub(crate) root: &'a Root,
    pub(crate) vault: &'a Vault,
    pub(crate) now: Timestamp,
    pub(crate) command_id: Uuid,
}

/// What a plan comes to.
pub(crate) enum Planned<T> {
    Work(T),
    /// It is so already.
    Settled(String),
}
