//! Sign-in by an identity provider: its settings, what groups give, and who is let in.
//!
//! `provider` is the port to it, `sign_in` what becomes of who comes back from there, `groups` how roles follow groups.
//! Who can become Global Administrator by a group is a matter of Global Administrators alone.

pub(crate) mod groups;
mod links;
pub mod provider;
mod settings;
pub mod sign_in;

use async_trait::async_trait;
use domain::identity::contract::{IdentityBackend, LinkedIdentity, ProviderView, SignInView};
use domain::identity::{GroupRoles, ProviderForm};
use domain::{Caller, Denied, Error, Permission, Role, UserId};

use super::access::check_global;
use super::{Service, detached};

#[async_trait]
impl IdentityBackend for Service {
    async fn sign_in_settings(&self, caller: &Caller) -> Result<SignInView, Error> {
        caller.authorize_administration(Permission::Administer)?;
        self.sign_in_view().await
    }

    async fn save_provider(&self, caller: &Caller, form: ProviderForm) -> Result<ProviderView, Error> {
        let by = caller.authorize_administration(Permission::Administer)?;
        self.check_everything(caller, None).await?;
        let service = self.clone();
        detached(async move { service.set_provider(&by, form).await }).await
    }

    async fn remove_provider(&self, caller: &Caller) -> Result<(), Error> {
        let by = caller.authorize_administration(Permission::Administer)?;
        let service = self.clone();
        detached(async move { service.unset_provider(&by).await }).await
    }

    async fn save_group_roles(&self, caller: &Caller, group: GroupRoles) -> Result<GroupRoles, Error> {
        let by = caller.authorize_administration(Permission::Administer)?;
        self.check_everything(caller, Some(&group)).await?;
        let service = self.clone();
        detached(async move { service.set_group(&by, group).await }).await
    }

    async fn remove_group_roles(&self, caller: &Caller, group: &str) -> Result<(), Error> {
        let by = caller.authorize_administration(Permission::Administer)?;
        let (service, group) = (self.clone(), group.to_owned());
        detached(async move { service.unset_group(&by, &group).await }).await
    }

    async fn identities(&self, caller: &Caller, of: Option<UserId>) -> Result<Vec<LinkedIdentity>, Error> {
        let person = match of {
            Some(person) => {
                caller.require_administration(Permission::Administer)?;
                person
            }
            None => caller.own()?,
        };
        self.links_of(person).await
    }

    async fn unlink_identities(&self, caller: &Caller, of: Option<UserId>) -> Result<(), Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move {
            match of {
                None => service.unlink_own(&caller).await,
                Some(person) => {
                    let by = caller.authorize_administration(Permission::Administer)?;
                    let before = service.person_of(person).await?;
                    check_global(&caller, &before.assignments.roles, &[])?;
                    service.unlink(&by, person).await
                }
            }
        })
        .await
    }

    async fn provider_name(&self) -> Result<Option<String>, Error> {
        Ok(self.store.identity_provider().await?.map(|provider| provider.settings.name))
    }
}

impl Service {
    /// Only a Global Administrator makes one, also by the way of groups: who names the provider, or fills the groups,
    /// says who people are.
    pub(crate) async fn check_everything(
        &self,
        caller: &Caller,
        changed: Option<&GroupRoles>,
    ) -> Result<(), Error> {
        let table = self.store.group_roles().await?;
        let gives = match changed {
            Some(changed) => {
                changed.gives_everything()
                    || table.iter().any(|of| of.group == changed.group && of.gives_everything())
            }
            None => table.iter().any(GroupRoles::gives_everything),
        };
        if !gives || caller.roles.contains(&Role::GlobalAdministrator) {
            return Ok(());
        }
        let who = caller.actor.who().to_owned();
        Err(Denied::Needs { who, needs: Role::GlobalAdministrator.label().to_owned() }.into())
    }
}
