//! Keeping rules of notifications: administrators do, and tokens of theirs that were made for it.

use crate::access::authority::{Authorized, Purpose};
use crate::access::caller::Caller;
use crate::access::role::{Permission, Scope};
use crate::core::denied::Denied;

impl Caller {
    /// May this caller keep rules of notifications?
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn authorize_notifications(&self) -> Result<Authorized, Denied> {
        if let Some(scopes) = &self.scopes
            && !scopes.contains(&Scope::Notifications)
        {
            return Err(Denied::TokenScope(Scope::Notifications.to_string()));
        }
        if self.person.is_none() {
            return Err(Denied::NoPerson);
        }
        self.require(Permission::Administer)?;
        Ok(self.authorized(Purpose::Notify, Some(Permission::Administer)))
    }
}
