//! Who may do what. The rules of the roles stand in [`permissions_of`]; everything else asks it.
//!
//! A write to the store takes an [`Authorized`] value, and only this module makes one. The store repeats the same
//! facts (permission, enabled, credential alive, not the proposer) in its `WHERE`, so a change between the check and
//! the commit is caught. To add a role, add it to [`Role`] and to [`permissions_of`].

pub mod contract;
pub mod device_group;
mod executors;
mod intake;
mod withdrawal;

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
        Record = "actions:record" "Record what was done elsewhere, and see it",
        Executors = "executors:manage" "Set up executors as its owner",
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
    /// Whose proposals and requests the caller's are, whichever secret it presents: the person's, also by a token of
    /// theirs, or those of the tool, which is told by the name of its tokens.
    #[must_use]
    pub fn principal(&self) -> String {
        match (self.person, self.actor.kind) {
            (Some(person), _) => person.to_string(),
            (None, ActorKind::Token) => format!("tool:{}", self.actor.name),
            (None, _) => self.actor.id.clone(),
        }
    }

    /// May this caller propose actions?
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn authorize_proposal(&self) -> Result<Authorized, Denied> {
        match &self.scopes {
            Some(scopes) if scopes.contains(&Scope::Propose) => Ok(self.authorized(Purpose::Propose, None)),
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
        Ok(self.authorized(Purpose::Decide, Some(permission)))
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
        self.own().map(|_| self.authorized(Purpose::Own, None))
    }

    /// May this caller plan and start decisions on many? Each is authorized by itself when it is taken.
    ///
    /// # Errors
    /// [`Denied`] if it may decide on nothing, whatever the permission.
    pub fn authorize_plan(&self) -> Result<Authorized, Denied> {
        self.decider().map(|_| self.authorized(Purpose::Plan, None))
    }

    /// Whoever calls has their attempts and their requests' keys recorded, whatever else they may.
    #[must_use]
    pub fn recorded(&self) -> Authorized {
        self.authorized(Purpose::Record, None)
    }

    /// Does this caller hold a permission?
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn require(&self, permission: Permission) -> Result<(), Denied> {
        if permissions_of(&self.roles).contains(&permission) {
            return Ok(());
        }
        Err(Denied::Needs { who: self.actor.who().to_owned(), needs: self.needs(permission).to_owned() })
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

    fn authorized(&self, purpose: Purpose, permission: Option<Permission>) -> Authorized {
        Authorized {
            actor: self.actor.clone(),
            principal: self.principal(),
            purpose,
            check: Some(Check { person: self.person, credential: self.credential, permission }),
        }
    }
}

/// What a write is for: authority for one purpose is none for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To decide on an action, or to undo it.
    Decide,
    /// To propose actions, and to revise proposals.
    Propose,
    /// To take back what the same principal proposed.
    Withdraw,
    /// To change what is the caller's own: preferences, views, sessions.
    Own,
    /// To plan decisions on many, and to start them.
    Plan,
    /// To set up executors.
    Administer,
    /// To have an attempt recorded, or the answer to a request kept.
    Record,
    /// To record what was done elsewhere, and what became of it.
    Report,
    /// To have a rule approve what is proposed.
    Automate,
    /// To care for investigations and incidents, and to report wrong verdicts.
    Triage,
    /// The product's own acts: expiry, dispatch, an executor's report, set-up.
    System,
}

/// The authority of the product itself, without a person. Worker, clock, seed and command line have it; who starts them
/// takes it once and hands it on.
#[derive(Debug, Clone)]
pub struct SystemAuthority(());

impl SystemAuthority {
    /// For entry points alone: the command line, the seed, tests. Everywhere else it is an argument
    /// (`clippy.toml` bans this function).
    #[must_use]
    pub const fn take() -> Self {
        Self(())
    }
}

/// Authority was used for what it was not given for: a fault of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("authority to {given:?} was used to {used:?}")]
pub struct Misused {
    /// What it was given for.
    pub given: Purpose,
    /// What it was used for.
    pub used: Purpose,
}

/// The proof that a write is allowed; the store asks for one and repeats [`Check`] in its statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorized {
    actor: Actor,
    principal: String,
    purpose: Purpose,
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
    /// The product's own acts. `id` names the part that acts.
    #[must_use]
    pub fn system(_: &SystemAuthority, id: &str, name: &str) -> Self {
        Self::unchecked(system_actor(id, name), Purpose::System)
    }

    /// The product's own acts in the name of another: of who runs the command line, or of who acted in imported records.
    #[must_use]
    pub fn system_as(_: &SystemAuthority, actor: Actor) -> Self {
        Self::unchecked(actor, Purpose::System)
    }

    /// The sign-in, before anybody is known: it can have a failure recorded, and nothing else.
    #[must_use]
    pub fn sign_in() -> Self {
        Self::unchecked(system_actor("sign-in", "Sign-in"), Purpose::Record)
    }

    fn unchecked(actor: Actor, purpose: Purpose) -> Self {
        Self { principal: actor.id.clone(), actor, purpose, check: None }
    }

    /// Whose the action is that this actor proposes: of others, the actor's own id is all that is known.
    #[must_use]
    pub fn principal_of<'a>(&'a self, proposed_by: &'a Actor) -> &'a str {
        if self.actor == *proposed_by { &self.principal } else { &proposed_by.id }
    }

    /// Whose proposals and requests these are ([`Caller::principal`]).
    #[must_use]
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// Whether it was given for this; the product's own authority is given for everything.
    ///
    /// # Errors
    /// [`Misused`] if it was not.
    pub fn allow(&self, purpose: Purpose) -> Result<(), Misused> {
        if self.purpose == purpose || self.purpose == Purpose::System {
            return Ok(());
        }
        Err(Misused { given: self.purpose, used: purpose })
    }

    /// What it was given for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
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

fn system_actor(id: &str, name: &str) -> Actor {
    Actor::new(ActorKind::System, id, name)
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
            actor: Actor::new(ActorKind::User, "u", "Ana"),
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
        let orphan = caller(&[], Some(&[Scope::Decide]), false);
        assert_eq!(orphan.authorize(Permission::Devices), Err(Denied::NoPerson));
        let nobody = caller(&[], None, true);
        assert_eq!(nobody.own().ok(), nobody.person);
        assert_eq!(nobody.authorize_own().unwrap().person(), nobody.person);
        for (scopes, person) in [(None, false), (Some(&[Scope::Decide][..]), true), (Some(&[]), false)] {
            let token = caller(&[Role::GlobalAdministrator], scopes, person);
            assert_eq!(token.own(), Err(Denied::NotSignedIn));
            assert_eq!(token.authorize_own(), Err(Denied::NotSignedIn));
        }
    }

    #[test]
    fn authority_for_one_purpose_is_none_for_another() {
        let operator = caller(&[Role::SecurityOperator], None, true);
        let decides = operator.authorize(Permission::Devices).unwrap();
        let system = Authorized::system(&SystemAuthority(()), "test", "Test");
        let given = [
            (decides, Purpose::Decide),
            (operator.authorize_own().unwrap(), Purpose::Own),
            (operator.authorize_plan().unwrap(), Purpose::Plan),
            (operator.recorded(), Purpose::Record),
            (Authorized::sign_in(), Purpose::Record),
        ];
        for used in [Purpose::Decide, Purpose::Propose, Purpose::Own, Purpose::Plan, Purpose::Record] {
            for (by, purpose) in &given {
                assert_eq!(by.allow(used).is_ok(), *purpose == used, "{purpose:?} for {used:?}");
            }
            assert!(system.allow(used).is_ok());
        }
        assert!(given.iter().all(|(by, _)| by.allow(Purpose::System).is_err()));
    }
}
