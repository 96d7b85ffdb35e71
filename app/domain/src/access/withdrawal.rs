//! Taking back: only who proposed an action does.

use crate::access::authority::{Authorized, Purpose};
use crate::access::caller::Caller;
use crate::access::role::Scope;
use crate::core::actor::Actor;
use crate::core::denied::Denied;
use crate::core::id::UserId;

impl Caller {
    /// May this caller take back what its own principal proposed? People do it at a screen, tools with the scope by which
    /// they propose.
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn authorize_withdrawal(&self) -> Result<Authorized, Denied> {
        match &self.scopes {
            Some(scopes) if !scopes.contains(&Scope::Propose) => {
                Err(Denied::TokenScope(Scope::Propose.to_string()))
            }
            _ => Ok(self.authorized(Purpose::Withdraw, None)),
        }
    }

    /// Whether this caller's principal is who proposed an action, which is one person's or one tool's.
    #[must_use]
    pub fn proposed(&self, proposed_by: &Actor, person: Option<UserId>) -> bool {
        match (self.person, person) {
            (Some(caller), Some(proposer)) => caller == proposer,
            (None, None) => self.actor.kind == proposed_by.kind && self.actor.name == proposed_by.name,
            _ => false,
        }
    }
}
