//! Who is calling, and what they may do.

use std::collections::BTreeSet;

use crate::access::authority::{Authorized, Check, Purpose};
use crate::access::holding::Access;
use crate::access::role::{Permission, Role, Scope};
use crate::access::standing::FactorState;
use crate::core::actor::{Actor, ActorKind};
use crate::core::denied::Denied;
use crate::core::id::{CredentialId, UserId};

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
    /// What all that the person holds amounts to, within the device groups of a token.
    pub access: Access,
    /// None for a session: it may do all that the person may.
    pub scopes: Option<BTreeSet<Scope>>,
    /// How fresh the second factor is that stands behind it.
    pub factor: FactorState,
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

    /// May this caller decide on, or undo, an action that needs `permission`, on a device of this group?
    /// None: it is on no device.
    ///
    /// # Errors
    /// [`Denied`] with what is missing: a permission, or the device group.
    pub fn authorize_on(
        &self,
        permission: Permission,
        device_group: Option<&str>,
    ) -> Result<Authorized, Denied> {
        let by = self.authorize(permission)?;
        if let (Permission::Devices, Some(group)) = (permission, device_group)
            && !self.access.reach(permission).is_some_and(|reach| reach.has(group))
        {
            let (who, group) = (self.actor.who().to_owned(), group.to_owned());
            return Err(Denied::DeviceGroup { who, group });
        }
        Ok(by)
    }

    /// Where it matters who sits there: was a second factor used lately? For break-glass, protected targets and
    /// administration, of people who have one or must have one.
    ///
    /// # Errors
    /// [`Denied::SecondFactor`].
    pub fn require_fresh_factor(&self) -> Result<(), Denied> {
        if self.factor == FactorState::Stale { Err(Denied::SecondFactor) } else { Ok(()) }
    }

    /// May this caller change what is administered? People and roles need one permission, device groups and settings
    /// another, and a second factor that is fresh.
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn authorize_administration(&self, permission: Permission) -> Result<Authorized, Denied> {
        self.require_administration(permission)?;
        self.require_fresh_factor()?;
        Ok(self.authorized(Purpose::Administer, Some(permission)))
    }

    /// May this caller see what is administered?
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn require_administration(&self, permission: Permission) -> Result<(), Denied> {
        if let Some(scopes) = &self.scopes {
            if !scopes.contains(&Scope::Administer) {
                return Err(Denied::TokenScope(Scope::Administer.to_string()));
            }
            if self.person.is_none() {
                return Err(Denied::NoPerson);
            }
        }
        self.require(permission)
    }

    /// The same, as what the statement repeats that reads it. It allows no change.
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn authorize_overview(&self, permission: Permission) -> Result<Authorized, Denied> {
        self.require_administration(permission)?;
        Ok(self.authorized(Purpose::Record, Some(permission)))
    }

    /// Does this caller hold a permission?
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn require(&self, permission: Permission) -> Result<(), Denied> {
        if self.access.reach(permission).is_some() {
            return Ok(());
        }
        let needs = self.access.needs(&self.roles, permission);
        Err(Denied::Needs { who: self.actor.who().to_owned(), needs })
    }

    /// The same for reading: of tokens only those that may read.
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn require_reading(&self, permission: Permission) -> Result<(), Denied> {
        if let Some(scopes) = &self.scopes
            && !scopes.contains(&Scope::Read)
        {
            return Err(Denied::TokenScope(Scope::Read.to_string()));
        }
        self.require(permission)
    }

    pub(super) fn authorized(&self, purpose: Purpose, permission: Option<Permission>) -> Authorized {
        let check = Check { person: self.person, credential: self.credential, permission };
        Authorized::checked(self.actor.clone(), self.principal(), purpose, check)
    }
}
