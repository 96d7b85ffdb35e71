//! Sign-in by an identity provider: how it is reached, and which roles the groups give that it or a directory names.

pub mod contract;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::access::Role;
use crate::access::contract::{Assignments, RoleGrant, RoleGroupGrant};
use crate::core::error::FieldError;
use crate::core::id::DeviceGroupId;
use crate::core::text::{check_text, is_hidden};

/// Groups that can have roles.
pub const MAX_GROUPS: usize = 500;
/// Characters of the name of a group.
pub const MAX_GROUP_NAME: usize = 256;
const MAX_NAME: usize = 40;
const MAX_VALUE: usize = 300;
const MAX_SECRET: usize = 1_000;

/// How the identity provider is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ProviderSettings {
    /// What the button of the sign-in page calls it.
    pub name: String,
    /// The address by which it names itself, to which `/.well-known/openid-configuration` is added.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// What is asked for beside `openid`.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// The claim that lists a person's groups.
    #[serde(default = "groups_claim")]
    pub groups_claim: String,
    /// The claim that is a person's `externalId` in the directory.
    #[serde(default = "directory_claim")]
    pub directory_claim: String,
    /// The methods (`amr`, RFC 8176: `mfa`, `otp`, `hwk` and others) and the context (`acr`) of a sign-in there that
    /// count as our second factor; where none is named, ours is always asked for of who has one.
    #[serde(default)]
    pub trusted_factors: Vec<String>,
}

fn scopes() -> Vec<String> {
    ["profile", "email", "groups"].map(str::to_owned).to_vec()
}

fn groups_claim() -> String {
    "groups".to_owned()
}

fn directory_claim() -> String {
    "sub".to_owned()
}

impl ProviderSettings {
    /// What is wrong with them.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut found = Vec::new();
        found.extend(check("/name", &self.name, MAX_NAME));
        found.extend(check("/client_id", &self.client_id, MAX_VALUE));
        if !is_issuer(&self.issuer) {
            let detail =
                "must be an https:// URL without query and fragment; http:// does for this machine alone";
            found.push(FieldError::new("/issuer", detail));
        }
        let is_token = |text: &str| {
            (1..=MAX_VALUE).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        for (at, scope) in self.scopes.iter().enumerate() {
            if !is_token(scope) || at >= 20 {
                let detail = "must be one word, and there are at most 20";
                found.push(FieldError::new(format!("/scopes/{at}"), detail));
            }
        }
        for (at, method) in self.trusted_factors.iter().enumerate() {
            if !is_token(method) || at >= 20 {
                let detail = "must be one word, and there are at most 20";
                found.push(FieldError::new(format!("/trusted_factors/{at}"), detail));
            }
            if method == "pwd" || method == "user" {
                let detail = format!("{method} is no second factor");
                found.push(FieldError::new(format!("/trusted_factors/{at}"), detail));
            }
        }
        for (pointer, claim) in
            [("/groups_claim", &self.groups_claim), ("/directory_claim", &self.directory_claim)]
        {
            if !is_token(claim) {
                found.push(FieldError::new(pointer, "must be the name of a claim, one word"));
            }
        }
        found
    }
}

/// What is wrong with a text of one line.
fn check(pointer: &str, text: &str, limit: usize) -> Option<FieldError> {
    let hidden = text.chars().any(|of| is_hidden(of, false)) || text.trim() != text;
    let wrong = check_text(text, limit).err();
    let wrong =
        wrong.or_else(|| hidden.then(|| "must be visible characters, without spaces around".to_owned()));
    wrong.map(|detail| FieldError::new(pointer, detail))
}

/// Whether an address can be a provider's: nobody may read what goes there but the provider.
fn is_issuer(issuer: &str) -> bool {
    let plain = issuer.len() <= MAX_VALUE
        && issuer.bytes().all(|byte| byte.is_ascii_graphic())
        && !issuer.contains(['?', '#', '@', '\\']);
    let host = |rest: &str| rest.split('/').next().unwrap_or_default().to_ascii_lowercase();
    let on_this_machine = |rest: &str| {
        let host = host(rest);
        let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
        ["localhost", "127.0.0.1", "[::1]"].contains(&name)
    };
    plain
        && match issuer.split_once("://") {
            Some(("https", rest)) => !host(rest).is_empty(),
            Some(("http", rest)) => on_this_machine(rest),
            _ => false,
        }
}

/// What is to be set of the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ProviderForm {
    /// How it is reached.
    pub settings: ProviderSettings,
    /// The secret that it shares with us; what was kept stays where there is none.
    #[serde(default)]
    pub client_secret: Option<String>,
}

impl ProviderForm {
    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut found = self.settings.check();
        if let Some(secret) = &self.client_secret {
            found.extend(check("/client_secret", secret, MAX_SECRET));
        }
        found
    }
}

/// What a group gives to its people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct GroupRoles {
    /// The group, as the claim or the directory names it.
    pub group: String,
    /// Directory roles and single permissions.
    #[serde(default)]
    pub roles: Vec<RoleGrant>,
    /// Role groups and custom roles.
    #[serde(default)]
    pub role_groups: Vec<RoleGroupGrant>,
}

impl GroupRoles {
    /// What is wrong with it, but for ids that name nothing.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut found: Vec<_> = check("/group", &self.group, MAX_GROUP_NAME).into_iter().collect();
        if self.roles.is_empty() && self.role_groups.is_empty() {
            found.push(FieldError::new(
                "/roles",
                "must name a role or a role group; delete the group otherwise",
            ));
        }
        found
    }

    /// What it gives, as what a person holds.
    #[must_use]
    pub fn assignments(&self) -> Assignments {
        Assignments { roles: self.roles.clone(), role_groups: self.role_groups.clone(), device_groups: None }
    }

    /// Whether it makes people able to do everything.
    #[must_use]
    pub fn gives_everything(&self) -> bool {
        self.roles.iter().any(|grant| grant.role == Role::GlobalAdministrator)
    }
}

/// What groups give together: of a role that several give, what any of them gives. To which device groups a person is
/// limited is no matter of groups.
#[must_use]
pub fn assignments_of(groups: &BTreeSet<String>, table: &[GroupRoles]) -> Assignments {
    type Within = Option<BTreeSet<DeviceGroupId>>;
    fn add<K: Ord>(held: &mut BTreeMap<K, Within>, key: K, within: &Within) {
        held.entry(key)
            .and_modify(|so_far| match (so_far.as_mut(), within) {
                (Some(so_far), Some(more)) => so_far.extend(more),
                _ => *so_far = None,
            })
            .or_insert_with(|| within.clone());
    }
    let (mut roles, mut role_groups) = (BTreeMap::new(), BTreeMap::new());
    for of in table.iter().filter(|of| groups.contains(&of.group)) {
        for grant in &of.roles {
            add(&mut roles, grant.role, &grant.device_groups);
        }
        for grant in &of.role_groups {
            add(&mut role_groups, grant.role_group, &grant.device_groups);
        }
    }
    let role = |(role, device_groups)| RoleGrant { role, device_groups };
    // In the order in which they are kept.
    let mut roles: Vec<_> = roles.into_iter().map(role).collect();
    roles.sort_by_key(|grant| grant.role.as_str());
    let group = |(role_group, device_groups)| RoleGroupGrant { role_group, device_groups };
    Assignments { roles, role_groups: role_groups.into_iter().map(group).collect(), device_groups: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(issuer: &str) -> ProviderSettings {
        serde_json::from_value(serde_json::json!({ "name": "Sesame", "issuer": issuer, "client_id": "c" }))
            .unwrap()
    }

    #[test]
    fn a_provider_is_reached_where_nobody_listens() {
        for good in [
            "https://id.example.org",
            "https://id.example.org/realms/a",
            "http://localhost:9000",
            "http://127.0.0.1:9000/x",
            "http://[::1]:9000",
        ] {
            assert!(settings(good).check().is_empty(), "{good}");
        }
        for bad in [
            "",
            "id.example.org",
            "http://id.example.org",
            "http://localhost.example.org",
            "http://localhost@example.org",
            "https://",
            "https:///x",
            "https://a/?b",
            "https://a/#b",
            "https://u:p@a/",
            "ftp://a",
            "https://a b",
        ] {
            assert_eq!(settings(bad).check().len(), 1, "{bad}");
        }
        let wrong = ProviderSettings {
            scopes: vec!["a b".into()],
            groups_claim: String::new(),
            ..settings("https://a")
        };
        assert_eq!(wrong.check().len(), 2);
        let trusted = |all: &[&str]| ProviderSettings {
            trusted_factors: all.iter().map(ToString::to_string).collect(),
            ..settings("https://a")
        };
        assert!(trusted(&["mfa", "hwk", "urn:mace:incommon:iap:silver"]).check().is_empty());
        assert_eq!(trusted(&["pwd", "a b"]).check().len(), 2);
        assert_eq!(
            (settings("https://a").scopes.len(), settings("https://a").directory_claim.as_str()),
            (3, "sub")
        );
    }

    #[test]
    fn groups_give_together_what_any_of_them_gives() {
        let id = |number: u128| DeviceGroupId::from(uuid::Uuid::from_u128(number));
        let row = |group: &str, role, within: Option<&[u128]>| {
            let device_groups = within.map(|of| of.iter().map(|number| id(*number)).collect());
            let roles = vec![RoleGrant { role, device_groups }];
            GroupRoles { group: group.to_owned(), roles, role_groups: Vec::new() }
        };
        let remediation = Role::ActiveRemediationActions;
        let table = [
            row("a", remediation, Some(&[1])),
            row("b", remediation, Some(&[2])),
            row("c", remediation, None),
            row("d", Role::SecurityReader, None),
        ];
        let given = |groups: &[&str]| {
            let groups = groups.iter().map(|group| (*group).to_owned()).collect();
            let given = assignments_of(&groups, &table);
            given.roles.into_iter().map(|grant| (grant.role, grant.device_groups)).collect::<Vec<_>>()
        };
        assert_eq!(given(&[]), []);
        assert_eq!(given(&["A", "unknown"]), [], "names are exact");
        assert_eq!(given(&["a"]), [(remediation, Some([id(1)].into()))]);
        assert_eq!(given(&["a", "b"]), [(remediation, Some([id(1), id(2)].into()))]);
        assert_eq!(given(&["a", "c"]), [(remediation, None)]);
        assert_eq!(given(&["c", "b", "d"]), [(remediation, None), (Role::SecurityReader, None)]);
    }
}
