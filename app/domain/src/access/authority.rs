//! The proof that a write is allowed, which the store asks for.

use crate::access::role::Permission;
use crate::core::actor::{Actor, ActorKind};
use crate::core::id::{CredentialId, UserId};

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
    /// To have an attempt recorded, or the answer to a request kept.
    Record,
    /// To record what was done elsewhere, and what became of it.
    Report,
    /// To have a rule approve what is proposed.
    Automate,
    /// To care for investigations and incidents, and to report wrong verdicts.
    Triage,
    /// To keep rules of notifications.
    Notify,
    /// To administer people, roles, device groups and settings, and to set up executors.
    Administer,
    /// To bring in people and groups of a directory.
    Provision,
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

    /// What a caller was found to be allowed.
    pub(super) const fn checked(actor: Actor, principal: String, purpose: Purpose, check: Check) -> Self {
        Self { actor, principal, purpose, check: Some(check) }
    }

    /// The same as the act of another, such as of a rule.
    pub(super) fn by(self, actor: Actor) -> Self {
        Self { actor, ..self }
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
