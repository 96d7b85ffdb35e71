//! Who may do what, as administrators read and write it: people and what they hold, role groups, device groups, tokens.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::access::contract::{Assignments, CredentialSort, CredentialView, PersonView};
use domain::access::holding::Holdings;
use domain::access::role_group::{RoleGroup, Workload};
use domain::{Action, Authorized, CredentialId, Device, DeviceGroup, DeviceGroupId, RoleGroupId, UserId};
use jiff::Timestamp;

use crate::error::Result;
use crate::{Credential, User};

/// A person, and all that they hold.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Who it is.
    pub id: UserId,
    /// The name to show.
    pub display_name: String,
    /// Whether they may do anything at all.
    pub enabled: bool,
    /// What they hold.
    pub holdings: Holdings,
}

/// Reads of who may do what.
#[async_trait]
pub trait ReadAdministration: Send + Sync {
    /// Everybody by the names to show, or the one of that id; `now` tells which sessions and tokens are alive.
    async fn people(&self, one: Option<UserId>, now: Timestamp) -> Result<Vec<PersonView>>;

    /// Everybody with all that they hold, by the names to show.
    async fn holdings(&self) -> Result<Vec<Holder>>;

    /// Role groups and custom roles by model and name, each with how many hold it.
    async fn role_groups(&self) -> Result<Vec<(RoleGroup, u64)>>;

    /// For what unified RBAC is switched on.
    async fn unified(&self) -> Result<BTreeSet<Workload>>;

    /// All device groups by rank, each with how many known devices are in it.
    async fn device_groups(&self) -> Result<Vec<(DeviceGroup, u64)>>;

    /// The devices that are known, by name, with the groups that their rows carry: those that follow a name.
    async fn devices(&self, after: &str, limit: u32) -> Result<Vec<(Device, Option<String>)>>;

    /// Sessions and tokens that are alive, the last used first, at most [`MAX_CREDENTIALS`].
    async fn live_credentials(&self, which: CredentialFilter, now: Timestamp) -> Result<Vec<CredentialView>>;
}

/// The digest of a row whose digest an older program made of its device group, too; none for any other.
pub type Rebind = fn(&Action) -> Option<String>;

/// Sessions and tokens that are listed at once.
pub const MAX_CREDENTIALS: u32 = 1_000;

/// Which sessions and tokens; what is not named is no condition.
#[derive(Debug, Clone, Copy, Default)]
pub struct CredentialFilter {
    /// Sessions or tokens.
    pub sort: Option<CredentialSort>,
    /// The person whose they are.
    pub owner: Option<UserId>,
    /// The one of that id.
    pub id: Option<CredentialId>,
}

/// What is to change of a person.
#[derive(Debug, Clone, Default)]
pub struct PersonUpdate {
    /// Whether they may do anything at all.
    pub enabled: Option<bool>,
    /// The name to show.
    pub display_name: Option<String>,
    /// Argon2id in PHC form.
    pub password_hash: Option<String>,
}

/// Writes of who may do what. Each answers false if there is no such row, or the caller may no longer write; then nothing
/// may be committed.
#[async_trait]
pub trait WriteAdministration: Send {
    /// Adds a person, without what they hold.
    async fn insert_person(&mut self, by: &Authorized, user: &User, now: Timestamp) -> Result<bool>;

    /// Changes a person.
    async fn update_person(
        &mut self,
        by: &Authorized,
        id: UserId,
        update: &PersonUpdate,
        now: Timestamp,
    ) -> Result<bool>;

    /// Changes the caller's own name to show.
    async fn rename_own(&mut self, by: &Authorized, display_name: &str, now: Timestamp) -> Result<bool>;

    /// Replaces all that a person holds, and what it amounts to.
    async fn set_assignments(
        &mut self,
        by: &Authorized,
        id: UserId,
        assignments: &Assignments,
        now: Timestamp,
    ) -> Result<bool>;

    /// How many enabled people may administer people and roles now.
    async fn count_administrators(&mut self) -> Result<i64>;

    /// Ends sessions and tokens of a person now, but for one; how many there were.
    async fn revoke_all(
        &mut self,
        by: &Authorized,
        of: UserId,
        but: Option<CredentialId>,
        now: Timestamp,
    ) -> Result<u64>;

    /// Ends a session or token now: of anybody, or by an authority for what is one's own, of the caller.
    async fn revoke(&mut self, by: &Authorized, id: CredentialId, now: Timestamp) -> Result<bool>;

    /// Lets a token end earlier: of anybody, or of the caller.
    async fn shorten(
        &mut self,
        by: &Authorized,
        id: CredentialId,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool>;

    /// Adds a token: of anybody, or of the caller.
    async fn insert_token(&mut self, by: &Authorized, token: &Credential, now: Timestamp) -> Result<bool>;

    /// Adds a role group, or replaces one of the version before; everybody's permissions follow.
    async fn put_role_group(&mut self, by: &Authorized, group: &RoleGroup, now: Timestamp) -> Result<bool>;

    /// Deletes a role group that is not built in; everybody's permissions follow.
    async fn delete_role_group(&mut self, by: &Authorized, id: RoleGroupId, now: Timestamp) -> Result<bool>;

    /// Switches unified RBAC on or off for a workload; everybody's permissions follow.
    async fn set_unified(
        &mut self,
        by: &Authorized,
        workload: Workload,
        on: bool,
        now: Timestamp,
    ) -> Result<bool>;

    /// Adds a device group, or replaces one of the version before; everybody's permissions follow.
    async fn put_device_group(
        &mut self,
        by: &Authorized,
        group: &DeviceGroup,
        now: Timestamp,
    ) -> Result<bool>;

    /// Deletes a device group; everybody's permissions follow.
    async fn delete_device_group(
        &mut self,
        by: &Authorized,
        id: DeviceGroupId,
        now: Timestamp,
    ) -> Result<bool>;

    /// All device groups by rank, as they are in this transaction.
    async fn device_groups(&mut self) -> Result<Vec<DeviceGroup>>;

    /// Notes what a tool tells of devices; the names of the groups that their rows carry are left as they are. Returns
    /// what is known of each, in their order, with those names.
    async fn note_devices(
        &mut self,
        by: &Authorized,
        devices: &[Device],
        now: Timestamp,
    ) -> Result<Vec<(Device, Option<String>)>>;

    /// Notes every device that has rows and is not known yet.
    async fn discover_devices(&mut self, by: &Authorized, now: Timestamp) -> Result<u64>;

    /// Gives devices and all their rows the names of their groups; how many rows changed. `rebind` says which digests
    /// change with them.
    async fn place_devices(
        &mut self,
        by: &Authorized,
        placed: &[(Device, Option<String>)],
        rebind: Rebind,
    ) -> Result<u64>;
}
