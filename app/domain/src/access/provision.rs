//! Bringing in people and groups from a directory: what a token is made for.

use crate::access::authority::{Authorized, Purpose};
use crate::access::caller::Caller;
use crate::access::role::{Permission, Scope};
use crate::core::denied::Denied;

impl Caller {
    /// May this caller bring in people and groups of a directory? Only tokens do; of a token with an owner, the owner
    /// must administer, too.
    ///
    /// # Errors
    /// [`Denied`] with what is missing.
    pub fn authorize_provisioning(&self) -> Result<Authorized, Denied> {
        if !self.scopes.as_ref().is_some_and(|scopes| scopes.contains(&Scope::Provision)) {
            return Err(Denied::TokenScope(Scope::Provision.to_string()));
        }
        let permission = self.person.map(|_| Permission::Administer);
        if let Some(permission) = permission {
            self.require(permission)?;
        }
        Ok(self.authorized(Purpose::Provision, permission))
    }
}
