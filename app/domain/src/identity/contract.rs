//! What is asked of the server about sign-in by an identity provider.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{GroupRoles, ProviderForm, ProviderSettings};
use crate::access::Caller;
use crate::core::error::Error;
use crate::core::id::UserId;

/// How people sign in, as administrators see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SignInView {
    /// The identity provider; none if people sign in with a password alone.
    pub provider: Option<ProviderView>,
    /// What groups give, by their names.
    pub groups: Vec<GroupRoles>,
    /// Where the provider sends people back to.
    pub redirect_uri: String,
    /// Where the provider says that a session is over (back-channel logout).
    pub logout_uri: String,
    /// Where a directory writes people and groups (SCIM).
    pub directory_url: String,
}

/// The identity provider, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ProviderView {
    /// How it is reached.
    pub settings: ProviderSettings,
    /// Whether a secret is kept that it shares with us.
    pub has_secret: bool,
}

/// Who somebody is at an identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LinkedIdentity {
    /// The provider's name for itself.
    pub issuer: String,
    /// Its number for the person.
    pub subject: String,
}

/// The part of the server that keeps how people sign in. All of it is for administrators, but for the provider's name.
#[async_trait]
pub trait IdentityBackend: Send + Sync {
    /// How people sign in.
    async fn sign_in_settings(&self, caller: &Caller) -> Result<SignInView, Error>;

    /// Sets the identity provider.
    async fn save_provider(&self, caller: &Caller, form: ProviderForm) -> Result<ProviderView, Error>;

    /// Removes the identity provider; who signed in by it stays signed in.
    async fn remove_provider(&self, caller: &Caller) -> Result<(), Error>;

    /// Sets what a group gives; its people have it at once.
    async fn save_group_roles(&self, caller: &Caller, group: GroupRoles) -> Result<GroupRoles, Error>;

    /// Removes what a group gives; its people lose it at once.
    async fn remove_group_roles(&self, caller: &Caller, group: &str) -> Result<(), Error>;

    /// Who the caller, or somebody else, is at providers.
    async fn identities(&self, caller: &Caller, of: Option<UserId>) -> Result<Vec<LinkedIdentity>, Error>;

    /// Takes that away: they sign in by a provider no more, and sessions from there end.
    async fn unlink_identities(&self, caller: &Caller, of: Option<UserId>) -> Result<(), Error>;

    /// What the button of the sign-in page calls the provider; none without one.
    async fn provider_name(&self) -> Result<Option<String>, Error>;
}
