//! Setting executors up: administrators do, and tokens of theirs that were made for it.

use crate::access::authority::{Authorized, Purpose};
use crate::access::caller::Caller;
use crate::access::role::{Permission, Scope};
use crate::core::denied::Denied;

impl Caller {
    /// May this caller set up executors?
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn authorize_executors(&self) -> Result<Authorized, Denied> {
        if let Some(scopes) = &self.scopes
            && !scopes.contains(&Scope::Executors)
        {
            return Err(Denied::TokenScope(Scope::Executors.to_string()));
        }
        if self.person.is_none() {
            return Err(Denied::NoAdministrator);
        }
        self.require(Permission::Administer)?;
        Ok(self.authorized(Purpose::Administer, Some(Permission::Administer)))
    }
}
