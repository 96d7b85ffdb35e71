//! Server functions of sign-in by an identity provider: its settings, and what groups give.
//!
//! Each that changes something is a plain form, too, and leads back to the page on which it stands.
#![expect(clippy::too_many_arguments, reason = "one for each field of a form")]

use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;
use domain::identity::contract::{LinkedIdentity, SignInView};
use domain::{Role, RoleGroupId, UserId};

/// How people sign in, and what groups give.
#[server(endpoint = "load_sign_in", prefix = "/api", output = Answer)]
pub async fn load_sign_in() -> Result<SignInView, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.sign_in_settings(&caller).await.map_err(|error| request::fail(&error))
}

/// Sets the identity provider. Without a secret, what was kept stays; the scopes stand between spaces.
#[server(endpoint = "save_provider", prefix = "/api", output = Answer)]
pub async fn save_provider(
    name: String,
    issuer: String,
    client_id: String,
    #[server(default)] client_secret: String,
    #[server(default)] scopes: String,
    groups_claim: String,
    directory_claim: String,
    #[server(default)] trusted_factors: String,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<(), ApiError> {
    use domain::identity::{ProviderForm, ProviderSettings};
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "decides who people are")?;
    let settings = ProviderSettings {
        name: name.trim().to_owned(),
        issuer: issuer.trim().to_owned(),
        client_id: client_id.trim().to_owned(),
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        groups_claim: groups_claim.trim().to_owned(),
        directory_claim: directory_claim.trim().to_owned(),
        trusted_factors: trusted_factors.split_whitespace().map(str::to_owned).collect(),
    };
    let client_secret = Some(client_secret).filter(|secret| !secret.is_empty());
    let form = ProviderForm { settings, client_secret };
    backend.save_provider(&caller, form).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Removes the identity provider.
#[server(endpoint = "remove_provider", prefix = "/api", output = Answer)]
pub async fn remove_provider(#[server(default)] confirm: bool, back: Option<String>) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "lets nobody in by it any more")?;
    backend.remove_provider(&caller).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Sets what a group gives. In which device groups it counts stays as it was.
#[server(endpoint = "save_group_roles", prefix = "/api", output = Answer)]
pub async fn save_group_roles(
    group: String,
    #[server(default)] roles: Vec<Role>,
    #[server(default)] role_groups: Vec<RoleGroupId>,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<(), ApiError> {
    use domain::access::contract::{RoleGrant, RoleGroupGrant};
    use domain::identity::GroupRoles;
    use std::collections::BTreeSet;
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "counts for its people at once")?;
    let group = group.trim().to_owned();
    let table = backend.sign_in_settings(&caller).await.map_err(|error| request::fail(&error))?.groups;
    let before = table.into_iter().find(|of| of.group == group);
    let before = before.unwrap_or(GroupRoles { group, roles: Vec::new(), role_groups: Vec::new() });
    let role = |role: Role| {
        let kept = before.roles.iter().find(|grant| grant.role == role).cloned();
        kept.unwrap_or(RoleGrant { role, device_groups: None })
    };
    let role_group = |role_group: RoleGroupId| {
        let kept = before.role_groups.iter().find(|grant| grant.role_group == role_group).cloned();
        kept.unwrap_or(RoleGroupGrant { role_group, device_groups: None })
    };
    let roles = roles.into_iter().collect::<BTreeSet<_>>().into_iter().map(role).collect();
    let role_groups = role_groups.into_iter().collect::<BTreeSet<_>>().into_iter().map(role_group).collect();
    let given = GroupRoles { group: before.group.clone(), roles, role_groups };
    backend.save_group_roles(&caller, given).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Removes what a group gives.
#[server(endpoint = "remove_group_roles", prefix = "/api", output = Answer)]
pub async fn remove_group_roles(
    group: String,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "takes it from its people at once")?;
    backend.remove_group_roles(&caller, &group).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Who somebody is at identity providers; who is calling, where nobody is named.
#[server(endpoint = "load_identities", prefix = "/api", output = Answer)]
pub async fn load_identities(person: Option<UserId>) -> Result<Vec<LinkedIdentity>, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.identities(&caller, person).await.map_err(|error| request::fail(&error))
}

/// Has somebody sign in by an identity provider no more; who is calling, where nobody is named.
#[server(endpoint = "unlink_identities", prefix = "/api", output = Answer)]
pub async fn unlink_identities(
    person: Option<UserId>,
    #[server(default)] confirm: bool,
    back: Option<String>,
) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    request::confirmed(confirm, "ends the sessions that came from there")?;
    backend.unlink_identities(&caller, person).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}
