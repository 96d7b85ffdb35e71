//! The rows of lists of what is administered as cells, which are what is exported. In the order of
//! [`Column::of_list`](super::fields::Column::of_list).

use super::{AdminRows, PersonSummary};
use crate::access::contract::{CredentialView, DeviceGroupView, RoleGroupView};
use crate::core::time::six_decimals::text;

/// The texts of all rows.
#[must_use]
pub fn cells(rows: &AdminRows) -> Vec<Vec<String>> {
    match rows {
        AdminRows::People(rows) => rows.iter().map(person).collect(),
        AdminRows::Tokens(rows) => rows.iter().map(token).collect(),
        AdminRows::Sessions(rows) => rows.iter().map(session).collect(),
        AdminRows::Roles(rows) => rows.iter().map(role).collect(),
        AdminRows::DeviceGroups(rows) => rows.iter().map(device_group).collect(),
    }
}

fn person(of: &PersonSummary) -> Vec<String> {
    let can: Vec<_> = of.can.iter().map(|permission| permission.label()).collect();
    vec![
        of.display_name.clone(),
        of.name.clone(),
        of.state.label().to_owned(),
        can.join(", "),
        of.last_sign_in_at.map(text).unwrap_or_default(),
        text(of.created_at),
        of.sessions.to_string(),
        of.tokens.to_string(),
    ]
}

fn token(of: &CredentialView) -> Vec<String> {
    let scopes: Vec<_> = of.scopes.iter().map(|scope| scope.as_str()).collect();
    let groups = of.device_groups.as_ref().map_or("All".to_owned(), |groups| groups.len().to_string());
    vec![
        of.name.clone(),
        of.owner_name.clone().unwrap_or_else(|| "A tool".to_owned()),
        scopes.join(", "),
        groups,
        text(of.created_at),
        text(of.last_used_at),
        text(of.expires_at),
    ]
}

fn session(of: &CredentialView) -> Vec<String> {
    vec![
        of.owner_name.clone().unwrap_or_default(),
        text(of.created_at),
        text(of.last_used_at),
        text(of.expires_at),
    ]
}

fn role(RoleGroupView { group, note, members }: &RoleGroupView) -> Vec<String> {
    vec![
        group.name.clone(),
        group.model.label().to_owned(),
        group.permissions.iter().map(|held| held.label()).collect::<Vec<_>>().join("; "),
        members.to_string(),
        note.clone().unwrap_or_default(),
    ]
}

fn device_group(DeviceGroupView { group, devices }: &DeviceGroupView) -> Vec<String> {
    vec![
        group.rank.to_string(),
        group.name.clone(),
        group.rule.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "),
        group.level.label().to_owned(),
        devices.to_string(),
    ]
}
