//! Setting executors up: administrators do, and tokens of theirs that were made for it.

use crate::access::authority::{Authorized, Purpose};
use crate::access::caller::Caller;
use crate::access::role::{Permission, Scope};
use crate::core::denied::Denied;

impl Caller {
    /// May this caller set up executors? That needs a second factor that is fresh.
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn authorize_executors(&self) -> Result<Authorized, Denied> {
        self.require_executors()?;
        self.require_fresh_factor()?;
        Ok(self.authorized(Purpose::Administer, Some(Permission::Administer)))
    }

    /// May this caller see them, and try them out?
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn require_executors(&self) -> Result<(), Denied> {
        if let Some(scopes) = &self.scopes
            && !scopes.contains(&Scope::Executors)
        {
            return Err(Denied::TokenScope(Scope::Executors.to_string()));
        }
        if self.person.is_none() {
            return Err(Denied::NoAdministrator);
        }
        self.require(Permission::Administer)
    }
}
