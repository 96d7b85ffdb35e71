//! Who may do what. The rules of the roles stand in [`permissions_of`]; everything else asks it.
//!
//! A write to the store takes an [`Authorized`] value, and only this module makes one. The store repeats the same
//! facts (permission, enabled, credential alive, not the proposer) in its `WHERE`, so a change between the check and
//! the commit is caught. To add a role, add it to [`Role`] and to [`permissions_of`].

pub mod contract;

use std::collections::BTreeSet;

use crate::core::actor::{Actor, ActorKind};
use crate::core::denied::Denied;
use crate::core::id::{CredentialId, UserId};
use crate::core::string_enum::string_enum;

string_enum! {
    /// A role or permission that an administrator gives to a person.
    Role {
        GlobalAdministrator = "global_administrator" "Global Administrator",
        SecurityAdministrator = "security_administrator" "Security Administrator",
        SecurityOperator = "security_operator" "Security Operator",
        SecurityReader = "security_reader" "Security Reader",
        ActiveRemediationActions = "active_remediation_actions" "Active remediation actions",
        SearchAndPurge = "search_and_purge" "Search and Purge",
    }
}

string_enum! {
    /// What a role lets a person do.
    Permission {
        View = "view" "View",
        Devices = "devices" "Decide on devices",
        Email = "email" "Decide on email",
        Users = "users" "Decide on users",
        Administer = "administer" "Administer",
    }
}

string_enum! {
    /// What an API token may be used for. It never exceeds what its owner may do.
    Scope {
        Propose = "actions:propose" "Propose actions and see them",
        Read = "actions:read" "Read all actions",
        Decide = "actions:decide" "Approve, reject and undo as its owner",
    }
}

/// The permissions that a set of roles gives together (product table "Who may do what").
#[must_use]
pub fn permissions_of(roles: &BTreeSet<Role>) -> BTreeSet<Permission> {
    let has = |role| roles.contains(&role);
    let global = has(Role::GlobalAdministrator);
    let operates = has(Role::SecurityAdministrator) || has(Role::SecurityOperator);
    let mut granted = BTreeSet::new();
    let mut grant = |permission, yes: bool| {
        if yes {
            granted.insert(permission);
        }
    };
    grant(
        Permission::View,
        global || operates || has(Role::SecurityReader) || has(Role::ActiveRemediationActions),
    );
    grant(Permission::Devices, global || operates || has(Role::ActiveRemediationActions));
    grant(Permission::Email, global || (operates && has(Role::SearchAndPurge)));
    grant(Permission::Users, global || operates);
    grant(Permission::Administer, global || has(Role::SecurityAdministrator));
    granted
}

/// Which rows a caller sees. A hidden row answers exactly as an unknown one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowScope {
    /// Every row.
    All,
    /// Only what this principal proposed.
    ProposedBy(String),
}

/// Who is calling: a signed-in person, or an API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// As recorded in the audit log.
    pub actor: Actor,
    /// The person, also behind a personal token; none for a tool's token.
    pub person: Option<UserId>,
    /// The session or token that was presented.
    pub credential: CredentialId,
    /// The person's roles (of the owner, for a personal token).
    pub roles: BTreeSet<Role>,
    /// None for a session: it may do all that the person may.
    pub scopes: Option<BTreeSet<Scope>>,
}

impl Caller {
    /// Which rows this caller sees.
    ///
    /// # Errors
    /// [`Denied`] if it may see none at all.
    pub fn row_scope(&self) -> Result<RowScope, Denied> {
        match &self.scopes {
            Some(scopes) if scopes.contains(&Scope::Read) && self.person.is_none() => Ok(RowScope::All),
            Some(scopes) if scopes.contains(&Scope::Read) || scopes.contains(&Scope::Decide) => {
                self.require(Permission::View).map(|()| RowScope::All)
            }
            Some(scopes) if scopes.contains(&Scope::Propose) => {
                Ok(RowScope::ProposedBy(self.actor.id.clone()))
            }
            Some(_) => Err(Denied::TokenScope(Scope::Read.to_string())),
            None => self.require(Permission::View).map(|()| RowScope::All),
        }
    }

    /// May this caller propose actions?
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn authorize_proposal(&self) -> Result<Authorized, Denied> {
        match &self.scopes {
            Some(scopes) if scopes.contains(&Scope::Propose) => Ok(self.authorized(None)),
            // Tools propose; a person in a browser has no scope for it.
            Some(_) | None => Err(Denied::TokenScope(Scope::Propose.to_string())),
        }
    }

    /// The person who answers for what this caller decides.
    ///
    /// # Errors
    /// [`Denied`] if it may decide on nothing, whatever the permission.
    pub fn decider(&self) -> Result<UserId, Denied> {
        if let Some(scopes) = &self.scopes
            && !scopes.contains(&Scope::Decide)
        {
            return Err(Denied::TokenScope(Scope::Decide.to_string()));
        }
        self.person.ok_or(Denied::NoPerson)
    }

    /// May this caller decide on, or undo, an action that needs `permission`?
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn authorize(&self, permission: Permission) -> Result<Authorized, Denied> {
        self.decider()?;
        self.require(permission)?;
        Ok(self.authorized(Some(permission)))
    }

    /// Whose preferences and views the caller sees.
    ///
    /// # Errors
    /// [`Denied`] if it is a token, whoever owns it.
    pub fn own(&self) -> Result<UserId, Denied> {
        self.person.filter(|_| self.scopes.is_none()).ok_or(Denied::NotSignedIn)
    }

    /// May this caller change preferences and views of their own?
    ///
    /// # Errors
    /// [`Denied`] if it is a token, whoever owns it.
    pub fn authorize_own(&self) -> Result<Authorized, Denied> {
        self.own().map(|_| self.authorized(None))
    }

    fn require(&self, permission: Permission) -> Result<(), Denied> {
        if permissions_of(&self.roles).contains(&permission) {
            return Ok(());
        }
        Err(Denied::Needs { who: self.actor.name.clone(), needs: self.needs(permission).to_owned() })
    }

    /// What this person would need, in the shortest true words.
    fn needs(&self, permission: Permission) -> &'static str {
        let operates =
            self.roles.contains(&Role::SecurityAdministrator) || self.roles.contains(&Role::SecurityOperator);
        match permission {
            Permission::View => "Security Reader",
            Permission::Devices => "Security Operator or Active remediation actions",
            Permission::Email if operates => "Search and Purge",
            Permission::Email => "Security Operator together with Search and Purge",
            Permission::Users => "Security Operator",
            Permission::Administer => "Security Administrator",
        }
    }

    fn authorized(&self, permission: Option<Permission>) -> Authorized {
        Authorized {
            actor: self.actor.clone(),
            check: Some(Check { person: self.person, credential: self.credential, permission }),
        }
    }
}

/// The proof that a write is allowed; the store asks for one and repeats [`Check`] in its statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorized {
    actor: Actor,
    check: Option<Check>,
}

/// What must still hold when the statement runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// The person who must be enabled, and not the proposer where that matters.
    pub person: Option<UserId>,
    /// The session or token that must be alive.
    pub credential: CredentialId,
    /// The permission that the person must hold.
    pub permission: Option<Permission>,
}

impl Authorized {
    /// The product's own acts: expiry, dispatch, an executor's report. `id` names the part that acts.
    #[must_use]
    pub fn system(id: &str, name: &str) -> Self {
        Self {
            actor: Actor { kind: ActorKind::System, id: id.to_owned(), name: name.to_owned() },
            check: None,
        }
    }

    /// As recorded in the audit log.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The person who acts, also through a personal token; none for tools and for the product's own acts.
    #[must_use]
    pub fn person(&self) -> Option<UserId> {
        self.check.and_then(|check| check.person)
    }

    /// What must still hold; none for the product's own acts.
    #[must_use]
    pub const fn check(&self) -> Option<&Check> {
        self.check.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_give_the_permissions_of_the_product_table() {
        use Permission::{Administer, Devices, Email, Users, View};
        use Role::*;
        let table: &[(&[Role], &[Permission])] = &[
            (&[], &[]),
            (&[GlobalAdministrator], &[View, Devices, Email, Users, Administer]),
            (&[SecurityAdministrator], &[View, Devices, Users, Administer]),
            (&[SecurityAdministrator, SearchAndPurge], &[View, Devices, Email, Users, Administer]),
            (&[SecurityOperator], &[View, Devices, Users]),
            (&[SecurityOperator, SearchAndPurge], &[View, Devices, Email, Users]),
            (&[SecurityReader], &[View]),
            (&[SecurityReader, SearchAndPurge], &[View]),
            (&[ActiveRemediationActions], &[View, Devices]),
            (&[SearchAndPurge], &[]),
        ];
        for (roles, want) in table {
            let got = permissions_of(&roles.iter().copied().collect());
            assert_eq!(got, want.iter().copied().collect(), "{roles:?}");
        }
    }

    fn caller(roles: &[Role], scopes: Option<&[Scope]>, person: bool) -> Caller {
        Caller {
            actor: Actor { kind: ActorKind::User, id: "u".into(), name: "Ana".into() },
            person: person.then(|| UserId::from(uuid::Uuid::nil())),
            credential: CredentialId::from(uuid::Uuid::nil()),
            roles: roles.iter().copied().collect(),
            scopes: scopes.map(|scopes| scopes.iter().copied().collect()),
        }
    }

    #[test]
    fn denials_say_what_is_missing() {
        let operator = caller(&[Role::SecurityOperator], None, true);
        assert!(operator.authorize(Permission::Devices).is_ok());
        let denied = operator.authorize(Permission::Email).unwrap_err();
        assert_eq!(denied.to_string(), "Ana lacks a permission: this needs Search and Purge");
        let tool = caller(&[], Some(&[Scope::Propose]), false);
        assert_eq!(tool.authorize(Permission::Devices), Err(Denied::TokenScope(Scope::Decide.to_string())));
        assert_eq!(tool.row_scope(), Ok(RowScope::ProposedBy("u".into())));
        let orphan = caller(&[], Some(&[Scope::Decide]), false);
        assert_eq!(orphan.authorize(Permission::Devices), Err(Denied::NoPerson));
        assert!(caller(&[], None, true).row_scope().is_err());
        let nobody = caller(&[], None, true);
        assert_eq!(nobody.own().ok(), nobody.person);
        assert_eq!(nobody.authorize_own().unwrap().person(), nobody.person);
        for (scopes, person) in [(None, false), (Some(&[Scope::Decide][..]), true), (Some(&[]), false)] {
            let token = caller(&[Role::GlobalAdministrator], scopes, person);
            assert_eq!(token.own(), Err(Denied::NotSignedIn));
            assert_eq!(token.authorize_own(), Err(Denied::NotSignedIn));
        }
        let reader = caller(&[Role::SecurityReader], Some(&[Scope::Read]), true);
        assert_eq!(reader.row_scope(), Ok(RowScope::All));
    }
}
