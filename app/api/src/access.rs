//! Server functions of who may do what: people, roles, device groups, sessions and tokens.
//!
//! Each that changes something is a plain form, too, and leads back to the page on which it stands.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;
use domain::access::contract::{
    AccessAnswer, AccessDifference, CredentialSort, CredentialView, DeciderAnswer, DeviceGroupView,
    PersonView, RolesView, RulePreview,
};
use domain::access::device_group::RemediationLevel;
use domain::access::lists::{AdminList, AdminPage};
use domain::access::role_group::{RoleModel, RolePermission, Workload};
use domain::{ActionId, CredentialId, DeviceGroupId, Role, RoleGroupId, Scope, UserId};

/// One page of the people, tokens or sessions. `shows` is its query, encoded as in a URL.
#[server(endpoint = "list_admin", prefix = "/api", output = Answer)]
pub async fn list_admin(list: AdminList, #[server(default)] shows: String) -> Result<AdminPage, ApiError> {
    let (backend, caller) = request::enter().await?;
    let query = request::pairs(&shows).map_err(|error| request::fail(&error))?;
    backend.admin_page(&caller, list, query).await.map_err(|error| request::fail(&error))
}

/// Keeps which columns such a list has, in this order, with one of them moved: `up:NAME` or `down:NAME`. Without columns it
/// has the usual ones. `back` is the path of the page on which the form stands.
#[server(endpoint = "choose_admin_columns", prefix = "/api", output = Answer)]
pub async fn choose_admin_columns(
    list: AdminList,
    #[server(default)] columns: Vec<String>,
    #[server(default)] shift: String,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    let columns = request::shifted(columns, &shift);
    backend.choose_admin_columns(&caller, list, columns).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// One person.
#[server(endpoint = "load_person", prefix = "/api", output = Answer)]
pub async fn load_person(id: UserId) -> Result<PersonView, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.person(&caller, id).await.map_err(|error| request::fail(&error))
}

/// Adds a person with one role; more is given on their page.
#[server(endpoint = "add_person", prefix = "/api", output = Answer)]
pub async fn add_person(
    name: String,
    #[server(default)] display_name: String,
    #[server(default)] password: String,
    #[server(default)] roles: Vec<Role>,
    back: Option<String>,
) -> Result<PersonView, ApiError> {
    use domain::access::contract::{Assignments, NewPerson, RoleGrant};
    let (backend, caller) = request::enter().await?;
    let filled = |text: String| Some(text).filter(|text| !text.trim().is_empty());
    let roles = roles.into_iter().map(|role| RoleGrant { role, device_groups: None }).collect();
    let person = NewPerson {
        name,
        display_name: filled(display_name),
        password: filled(password),
        assignments: Assignments { roles, ..Assignments::default() },
    };
    let added = backend.add_person(&caller, person).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(added)
}

/// Changes a person's name to show.
#[server(endpoint = "rename_person", prefix = "/api", output = Answer)]
pub async fn rename_person(
    id: UserId,
    display_name: String,
    back: Option<String>,
) -> Result<PersonView, ApiError> {
    use domain::access::contract::PersonChange;
    let (backend, caller) = request::enter().await?;
    let change = PersonChange { display_name: Some(display_name), ..PersonChange::default() };
    let changed = backend.change_person(&caller, id, change).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(changed)
}

/// Gives a person a new password, which ends their sessions and tokens.
#[server(endpoint = "reset_password", prefix = "/api", output = Answer)]
pub async fn reset_password(
    id: UserId,
    password: String,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<PersonView, ApiError> {
    use domain::access::contract::PersonChange;
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "ends the person's sessions and tokens")?;
    let change = PersonChange { password: Some(password), ..PersonChange::default() };
    let changed = backend.change_person(&caller, id, change).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(changed)
}

/// Keeps a person out, or lets them in again.
#[server(endpoint = "enable_person", prefix = "/api", output = Answer)]
pub async fn enable_person(
    id: UserId,
    enabled: bool,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<PersonView, ApiError> {
    use domain::access::contract::PersonChange;
    let (backend, caller) = request::enter().await?;
    if !enabled {
        request::confirmed(confirm, "ends the person's sessions and tokens")?;
    }
    let change = PersonChange { enabled: Some(enabled), ..PersonChange::default() };
    let changed = backend.change_person(&caller, id, change).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(changed)
}

/// Replaces what a person holds. Active remediation actions count in `remediation_groups`, and the person is limited to
/// `only_groups`, where any is named.
#[server(endpoint = "give_roles", prefix = "/api", output = Answer)]
pub async fn give_roles(
    id: UserId,
    #[server(default)] roles: Vec<Role>,
    #[server(default)] role_groups: Vec<RoleGroupId>,
    #[server(default)] remediation_groups: BTreeSet<DeviceGroupId>,
    #[server(default)] only_groups: BTreeSet<DeviceGroupId>,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<PersonView, ApiError> {
    use domain::access::contract::{Assignments, PersonChange, RoleGrant, RoleGroupGrant};
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "takes effect with the person's next request")?;
    let before = backend.person(&caller, id).await.map_err(|error| request::fail(&error))?.assignments;
    let remediation = Some(remediation_groups).filter(|groups| !groups.is_empty());
    let role = |role: Role| match role {
        Role::ActiveRemediationActions => RoleGrant { role, device_groups: remediation.clone() },
        // What the form does not show stays as it was.
        _ => before
            .roles
            .iter()
            .find(|grant| grant.role == role)
            .cloned()
            .unwrap_or(RoleGrant { role, device_groups: None }),
    };
    let group = |role_group: RoleGroupId| {
        let held = before.role_groups.iter().find(|grant| grant.role_group == role_group);
        held.cloned().unwrap_or(RoleGroupGrant { role_group, device_groups: None })
    };
    let assignments = Assignments {
        roles: roles.into_iter().collect::<BTreeSet<_>>().into_iter().map(role).collect(),
        role_groups: role_groups.into_iter().collect::<BTreeSet<_>>().into_iter().map(group).collect(),
        device_groups: Some(only_groups).filter(|groups| !groups.is_empty()),
    };
    let change = PersonChange { assignments: Some(assignments), ..PersonChange::default() };
    let changed = backend.change_person(&caller, id, change).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(changed)
}

/// Role groups and custom roles, and for what unified roles are switched on.
#[server(endpoint = "load_roles", prefix = "/api", output = Answer)]
pub async fn load_roles() -> Result<RolesView, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.roles(&caller).await.map_err(|error| request::fail(&error))
}

/// Adds a role group or a custom role, or replaces the one of that id.
#[server(endpoint = "save_role", prefix = "/api", output = Answer)]
pub async fn save_role(
    id: Option<RoleGroupId>,
    name: String,
    model: RoleModel,
    #[server(default)] permissions: BTreeSet<RolePermission>,
    back: Option<String>,
) -> Result<(), ApiError> {
    use domain::access::role_group::RoleGroupForm;
    let (backend, caller) = request::enter().await?;
    let form = RoleGroupForm { name, model, permissions };
    backend.save_role_group(&caller, id, form).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Deletes a role group or a custom role.
#[server(endpoint = "delete_role", prefix = "/api", output = Answer)]
pub async fn delete_role(
    id: RoleGroupId,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "takes it from everybody who holds it")?;
    backend.delete_role_group(&caller, id).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// What switching unified roles on or off for a workload would change.
#[server(endpoint = "preview_unified", prefix = "/api", output = Answer)]
pub async fn preview_unified(workload: Workload, on: bool) -> Result<Vec<AccessDifference>, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.preview_unified(&caller, workload, on).await.map_err(|error| request::fail(&error))
}

/// Switches unified roles on or off for a workload.
#[server(endpoint = "switch_unified", prefix = "/api", output = Answer)]
pub async fn switch_unified(
    workload: Workload,
    on: bool,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "changes who may do what at once")?;
    backend.switch_unified(&caller, workload, on).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Gives those who would lose what they can do, if unified roles were switched on for a workload, a custom role with it.
#[server(endpoint = "import_unified", prefix = "/api", output = Answer)]
pub async fn import_unified(
    workload: Workload,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "gives people custom roles")?;
    backend.import_unified(&caller, workload).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Device groups by rank.
#[server(endpoint = "load_device_groups", prefix = "/api", output = Answer)]
pub async fn load_device_groups() -> Result<Vec<DeviceGroupView>, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.device_groups(&caller).await.map_err(|error| request::fail(&error))
}

/// What a rule would match at a rank; one condition a line.
#[server(endpoint = "preview_rule", prefix = "/api", output = Answer)]
pub async fn preview_rule(rule: String, rank: Option<u32>) -> Result<RulePreview, ApiError> {
    let (backend, caller) = request::enter().await?;
    let rule = request::rule(&rule)?;
    backend.preview_rule(&caller, rule, rank).await.map_err(|error| request::fail(&error))
}

/// Adds a device group, or replaces the one of that id; one condition of its rule a line.
#[server(endpoint = "save_device_group", prefix = "/api", output = Answer)]
pub async fn save_device_group(
    id: Option<DeviceGroupId>,
    name: String,
    rank: Option<u32>,
    level: RemediationLevel,
    #[server(default)] rule: String,
    back: Option<String>,
) -> Result<(), ApiError> {
    use domain::access::device_group::DeviceGroupForm;
    let (backend, caller) = request::enter().await?;
    let form = DeviceGroupForm { name, rank, level, rule: request::rule(&rule)? };
    backend.save_device_group(&caller, id, form).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Deletes a device group.
#[server(endpoint = "delete_device_group", prefix = "/api", output = Answer)]
pub async fn delete_device_group(
    id: DeviceGroupId,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "moves its devices, and narrows what was granted in it")?;
    backend.delete_device_group(&caller, id).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Sessions or tokens that are alive: one's own, or of everybody.
#[server(endpoint = "load_credentials", prefix = "/api", output = Answer)]
pub async fn load_credentials(sort: CredentialSort, mine: bool) -> Result<Vec<CredentialView>, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.credentials(&caller, sort, mine).await.map_err(|error| request::fail(&error))
}

/// Ends a session or a token now.
#[server(endpoint = "revoke_credential", prefix = "/api", output = Answer)]
pub async fn revoke_credential(
    id: CredentialId,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "ends it at once, on all servers")?;
    backend.revoke_credential(&caller, id).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Makes a token: one's own, or a tool's. The page to which it leads shows the secret, once.
#[server(endpoint = "make_token", prefix = "/api", output = Answer)]
pub async fn make_token(
    name: String,
    #[server(default)] mine: bool,
    #[server(default)] scopes: BTreeSet<Scope>,
    #[server(default)] device_groups: BTreeSet<DeviceGroupId>,
    days: u16,
    back: Option<String>,
) -> Result<(), ApiError> {
    use domain::access::contract::NewTokenForm;
    let (backend, caller) = request::enter().await?;
    let owner = if mine { Some(caller.own().map_err(|denied| request::fail(&denied.into()))?) } else { None };
    let device_groups = Some(device_groups).filter(|groups| !groups.is_empty());
    let form = NewTokenForm { name, owner, scopes, device_groups, days };
    let made = backend.make_token(&caller, form).await.map_err(|error| request::fail(&error))?;
    request::ShownOnce::Token.keep(&made.secret);
    request::go_back(back.as_deref());
    Ok(())
}

/// Makes a token like another, which goes on for some hours. The page to which it leads shows the secret, once.
#[server(endpoint = "rotate_token", prefix = "/api", output = Answer)]
pub async fn rotate_token(
    id: CredentialId,
    overlap_hours: u16,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    let made =
        backend.rotate_token(&caller, id, overlap_hours).await.map_err(|error| request::fail(&error))?;
    request::ShownOnce::Token.keep(&made.secret);
    request::go_back(back.as_deref());
    Ok(())
}

/// The secret that was just made, if it was not shown yet.
#[server(endpoint = "take_secret", prefix = "/api", output = Answer)]
pub async fn take_secret() -> Result<Option<String>, ApiError> {
    request::enter().await?;
    Ok(request::ShownOnce::Token.take())
}

/// What a person can do: oneself, where nobody is named.
#[server(endpoint = "load_what_can", prefix = "/api", output = Answer)]
pub async fn load_what_can(person: Option<UserId>) -> Result<AccessAnswer, ApiError> {
    let (backend, caller) = request::enter().await?;
    let person = match person {
        Some(person) => person,
        None => caller.own().map_err(|denied| request::fail(&denied.into()))?,
    };
    backend.what_can(&caller, person).await.map_err(|error| request::fail(&error))
}

/// Who can decide an action, and who can't and why.
#[server(endpoint = "load_who_can", prefix = "/api", output = Answer)]
pub async fn load_who_can(action: ActionId) -> Result<Vec<DeciderAnswer>, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.who_can(&caller, action).await.map_err(|error| request::fail(&error))
}
