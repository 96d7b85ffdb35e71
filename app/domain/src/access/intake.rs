//! What those may do who bring in what was done, found or said elsewhere.

use crate::access::authority::{Authorized, Purpose};
use crate::access::caller::Caller;
use crate::access::role::{Permission, Scope};
use crate::core::actor::{Actor, ActorKind};
use crate::core::denied::Denied;

impl Caller {
    /// May this caller record what was done elsewhere, which nothing here carries out?
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn authorize_record(&self) -> Result<Authorized, Denied> {
        match &self.scopes {
            Some(scopes) if scopes.contains(&Scope::Record) => Ok(self.authorized(Purpose::Report, None)),
            Some(_) | None => Err(Denied::TokenScope(Scope::Record.to_string())),
        }
    }

    /// The authority under which a rule approves what this caller proposes.
    ///
    /// # Errors
    /// [`Denied`] if it may propose nothing.
    pub fn authorize_automation(&self) -> Result<Authorized, Denied> {
        self.authorize_proposal()?;
        let actor = Actor::new(ActorKind::Automation, "automation", "Automation");
        Ok(self.authorized(Purpose::Automate, None).by(actor))
    }

    /// May this caller care for investigations and incidents: end, assign, classify, comment? Whoever decides on
    /// anything may.
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn authorize_triage(&self) -> Result<Authorized, Denied> {
        self.decider()?;
        let held = self.access.permissions();
        let any = [Permission::Users, Permission::Email].into_iter().find(|of| held.contains(of));
        let permission = any.unwrap_or(Permission::Devices);
        self.require(permission)?;
        Ok(self.authorized(Purpose::Triage, Some(permission)))
    }
}
