//! What is asked of the server about who may do what, and the shapes that it answers with.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::access::device_group::{DeviceCondition, DeviceGroup, DeviceGroupForm};
use crate::access::role_group::{RoleGroup, RoleGroupForm, Workload};
use crate::access::{Caller, Permission, Role, Scope};
use crate::core::error::Error;
use crate::core::id::{ActionId, CredentialId, DeviceGroupId, RoleGroupId, UserId};
use crate::core::string_enum::string_enum;
use crate::core::time::{Timestamp, six_decimals};

/// Who is signed in, for the frame of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// The person's name.
    pub name: String,
    /// The labels of the person's roles.
    pub roles: Vec<String>,
    /// Whether the person administers people and roles, or device groups and settings.
    #[serde(default)]
    pub administers: bool,
}

impl SessionView {
    /// Of a caller.
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        let roles = caller.roles.iter().map(|role| role.label().to_owned());
        let groups = caller.access.role_groups.iter().map(|(name, _)| name.clone());
        let holds = |permission| caller.access.reach(permission).is_some();
        Self {
            name: caller.actor.name.clone(),
            roles: roles.chain(groups).collect(),
            administers: holds(Permission::Administer) || holds(Permission::Configure),
        }
    }
}

/// A directory role or a single permission that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RoleGrant {
    /// The role.
    pub role: Role,
    /// The device groups in which it counts; all where they are not named.
    #[serde(default)]
    pub device_groups: Option<BTreeSet<DeviceGroupId>>,
}

/// A role group or a custom role that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RoleGroupGrant {
    /// The role group.
    pub role_group: RoleGroupId,
    /// The device groups in which it counts; all where they are not named.
    #[serde(default)]
    pub device_groups: Option<BTreeSet<DeviceGroupId>>,
}

/// All that somebody holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Assignments {
    /// Directory roles and single permissions.
    #[serde(default)]
    pub roles: Vec<RoleGrant>,
    /// Role groups and custom roles.
    #[serde(default)]
    pub role_groups: Vec<RoleGroupGrant>,
    /// The device groups to which the person is limited, whatever they hold; none: they are not.
    #[serde(default)]
    pub device_groups: Option<BTreeSet<DeviceGroupId>>,
}

/// Where a permission counts, for people to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PermissionView {
    /// The permission.
    pub permission: Permission,
    /// The names of the device groups in which it counts; none: in all.
    pub device_groups: Option<BTreeSet<String>>,
}

/// A person as administrators see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PersonView {
    /// The person's id.
    pub id: UserId,
    /// The name to sign in with.
    pub name: String,
    /// The name to show.
    pub display_name: String,
    /// Whether they may do anything at all.
    pub enabled: bool,
    /// Whether they can sign in with a password.
    pub has_password: bool,
    /// What they hold.
    pub assignments: Assignments,
    /// What it amounts to.
    pub permissions: Vec<PermissionView>,
    /// When they were added.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub created_at: Timestamp,
    /// When they signed in last.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::optional")]
    pub last_sign_in_at: Option<Timestamp>,
    /// Their sessions that are open.
    pub sessions: u32,
    /// Their tokens that are alive.
    pub tokens: u32,
}

/// A person to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewPerson {
    /// The name to sign in with: 1 to 64 letters, digits or `. _ - @`.
    pub name: String,
    /// The name to show; the name to sign in with where there is none.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The first password, of at least 12 characters; without one they sign in through an identity provider.
    #[serde(default)]
    pub password: Option<String>,
    /// What they hold from the beginning.
    #[serde(default)]
    pub assignments: Assignments,
}

/// What is to change of a person; what is not named stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PersonChange {
    /// Whether they may do anything at all; who may not loses sessions and tokens at once.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// The name to show.
    #[serde(default)]
    pub display_name: Option<String>,
    /// A new password.
    #[serde(default)]
    pub password: Option<String>,
    /// All that they hold from now on.
    #[serde(default)]
    pub assignments: Option<Assignments>,
}

string_enum! {
    /// What somebody presents to show who they are.
    CredentialSort {
        Session = "session" "Session",
        Token = "token" "API token",
    }
}

/// A session or a token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CredentialView {
    /// Its id.
    pub id: CredentialId,
    /// Session or token.
    pub sort: CredentialSort,
    /// The token's name.
    pub name: String,
    /// The person whose it is; none for a tool's token.
    pub owner: Option<UserId>,
    /// The person's name.
    pub owner_name: Option<String>,
    /// What a token may be used for.
    pub scopes: BTreeSet<Scope>,
    /// The device groups to which a token is limited; none: it is not.
    pub device_groups: Option<BTreeSet<DeviceGroupId>>,
    /// When it was made.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub created_at: Timestamp,
    /// When it was used last.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub last_used_at: Timestamp,
    /// When it ends by itself.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub expires_at: Timestamp,
    /// Whether it is the one by which is asked.
    pub current: bool,
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewTokenForm {
    /// Its name, which for a tool's token is the tool's: all tokens of that name are one tool.
    pub name: String,
    /// The person whose token it is; a tool's own where there is none.
    #[serde(default)]
    pub owner: Option<UserId>,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// The device groups to which it is limited; none: it is not.
    #[serde(default)]
    pub device_groups: Option<BTreeSet<DeviceGroupId>>,
    /// Days until it ends: 1 to 366.
    pub days: u16,
}

/// A token that was just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct MadeToken {
    /// Its id.
    pub id: CredentialId,
    /// What the tool presents. It is shown now and never again.
    pub secret: String,
    /// When it ends.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub expires_at: Timestamp,
}

/// All device groups, and how many devices each has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DeviceGroupView {
    /// The group.
    #[serde(flatten)]
    pub group: DeviceGroup,
    /// How many known devices are in it.
    pub devices: u64,
}

/// What a rule would match among the devices that are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RulePreview {
    /// How many devices meet it.
    pub matches: u64,
    /// How many of them a group before it takes.
    pub taken_before: u64,
    /// The names of the first of those that it would have.
    pub names: Vec<String>,
}

/// What would change for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AccessDifference {
    /// The person.
    pub person: UserId,
    /// The name to show.
    pub name: String,
    /// What they could do that they can't do now.
    pub gains: Vec<Permission>,
    /// What they could no longer do.
    pub loses: Vec<Permission>,
}

/// Role groups and custom roles, and for what unified roles are switched on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RolesView {
    /// Role groups of Email & collaboration, and custom roles.
    pub role_groups: Vec<RoleGroupView>,
    /// For what unified RBAC is switched on.
    pub unified: BTreeSet<Workload>,
    /// Advice, where there is reason for it.
    pub advice: Vec<String>,
}

/// A role group, with what people should know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RoleGroupView {
    /// The role group.
    #[serde(flatten)]
    pub group: RoleGroup,
    /// What people should know of it before they give it to somebody.
    pub note: Option<String>,
    /// How many people hold it.
    pub members: u64,
}

impl RoleGroupView {
    /// A role group that so many people hold.
    #[must_use]
    pub fn of((group, members): (RoleGroup, u64)) -> Self {
        Self { note: group.note().map(str::to_owned), members, group }
    }
}

/// What a person can do, and for the rest what is missing and who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AccessAnswer {
    /// The name to show.
    pub name: String,
    /// Each permission.
    pub permissions: Vec<PermissionAnswer>,
}

/// One permission in such an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PermissionAnswer {
    /// The permission.
    pub permission: Permission,
    /// Whether it is held.
    pub held: bool,
    /// The names of the device groups in which it counts; none: in all.
    pub device_groups: Option<BTreeSet<String>>,
    /// What is missing.
    pub needs: Option<String>,
    /// Who has it, by the names to show.
    pub holders: Vec<String>,
}

/// Whether somebody can decide an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DeciderAnswer {
    /// The person.
    pub person: UserId,
    /// The name to show.
    pub name: String,
    /// Whether they can decide it.
    pub can: bool,
    /// Why they can't.
    pub why_not: Option<String>,
}

/// The part of the server that says who may do what.
#[async_trait]
pub trait AccessBackend: Send + Sync {
    /// Everybody, by the names to show.
    async fn people(&self, caller: &Caller) -> Result<Vec<PersonView>, Error>;

    /// One person.
    async fn person(&self, caller: &Caller, id: UserId) -> Result<PersonView, Error>;

    /// Adds a person.
    async fn add_person(&self, caller: &Caller, person: NewPerson) -> Result<PersonView, Error>;

    /// Changes the caller's own name to show.
    async fn rename_own(&self, caller: &Caller, display_name: &str) -> Result<(), Error>;

    /// Changes a person.
    async fn change_person(
        &self,
        caller: &Caller,
        id: UserId,
        change: PersonChange,
    ) -> Result<PersonView, Error>;

    /// Role groups and custom roles.
    async fn roles(&self, caller: &Caller) -> Result<RolesView, Error>;

    /// Adds a role group, or changes the one of that id.
    async fn save_role_group(
        &self,
        caller: &Caller,
        id: Option<RoleGroupId>,
        form: RoleGroupForm,
    ) -> Result<RoleGroup, Error>;

    /// Deletes a role group that is not built in; who holds it loses it.
    async fn delete_role_group(&self, caller: &Caller, id: RoleGroupId) -> Result<(), Error>;

    /// What switching unified RBAC on or off for a workload would change.
    async fn preview_unified(
        &self,
        caller: &Caller,
        workload: Workload,
        on: bool,
    ) -> Result<Vec<AccessDifference>, Error>;

    /// Switches unified RBAC on or off for a workload.
    async fn switch_unified(&self, caller: &Caller, workload: Workload, on: bool) -> Result<(), Error>;

    /// Gives who would lose something by switching unified RBAC on a custom role with it; returns what would still change.
    async fn import_unified(&self, caller: &Caller, of: Workload) -> Result<Vec<AccessDifference>, Error>;

    /// All device groups, by rank.
    async fn device_groups(&self, caller: &Caller) -> Result<Vec<DeviceGroupView>, Error>;

    /// Adds a device group, or changes the one of that id.
    async fn save_device_group(
        &self,
        caller: &Caller,
        id: Option<DeviceGroupId>,
        form: DeviceGroupForm,
    ) -> Result<DeviceGroup, Error>;

    /// Deletes a device group; its devices go to the next group whose rule they meet.
    async fn delete_device_group(&self, caller: &Caller, id: DeviceGroupId) -> Result<(), Error>;

    /// What a rule would match at a rank.
    async fn preview_rule(
        &self,
        caller: &Caller,
        rule: Vec<DeviceCondition>,
        rank: Option<u32>,
    ) -> Result<RulePreview, Error>;

    /// The caller's sessions or tokens that are alive, or of everybody, which needs a permission.
    async fn credentials(
        &self,
        caller: &Caller,
        sort: CredentialSort,
        mine: bool,
    ) -> Result<Vec<CredentialView>, Error>;

    /// Ends a session or a token now: one's own, or with a permission anybody's.
    async fn revoke_credential(&self, caller: &Caller, id: CredentialId) -> Result<(), Error>;

    /// Makes a token.
    async fn make_token(&self, caller: &Caller, form: NewTokenForm) -> Result<MadeToken, Error>;

    /// Makes a token like another, which goes on for some hours: the tool stays the same.
    async fn rotate_token(
        &self,
        caller: &Caller,
        id: CredentialId,
        overlap_hours: u16,
    ) -> Result<MadeToken, Error>;

    /// What a person can do, and for the rest what is missing and who has it.
    async fn what_can(&self, caller: &Caller, person: UserId) -> Result<AccessAnswer, Error>;

    /// Who can decide an action, and who can't and why.
    async fn who_can(&self, caller: &Caller, action: ActionId) -> Result<Vec<DeciderAnswer>, Error>;
}
