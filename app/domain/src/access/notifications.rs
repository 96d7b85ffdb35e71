//! Keeping rules of notifications: administrators do, and tokens of theirs that were made for it.

use crate::access::authority::{Authorized, Purpose};
use crate::access::caller::Caller;
use crate::access::role::{Permission, Scope};
use crate::core::denied::Denied;

impl Caller {
    /// May this caller keep rules of notifications? That needs a second factor that is fresh.
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn authorize_notifications(&self) -> Result<Authorized, Denied> {
        self.require_notifications()?;
        self.require_fresh_factor()?;
        Ok(self.authorized(Purpose::Notify, Some(Permission::Administer)))
    }

    /// May this caller see them, and try them out?
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn require_notifications(&self) -> Result<(), Denied> {
        if let Some(scopes) = &self.scopes
            && !scopes.contains(&Scope::Notifications)
        {
            return Err(Denied::TokenScope(Scope::Notifications.to_string()));
        }
        if self.person.is_none() {
            return Err(Denied::NoPerson);
        }
        self.require(Permission::Administer)
    }
}
