//! Sign-in by an identity provider: its settings, who people are there, and what their groups give.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::identity::{GroupRoles, ProviderSettings};
use domain::{Authorized, CredentialId, UserId};
use jiff::Timestamp;

use crate::error::Result;

/// The identity provider, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProvider {
    /// How it is reached.
    pub settings: ProviderSettings,
    /// The secret that it shares with us, sealed.
    pub secret: Option<String>,
}

/// Who somebody is at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider's name for itself.
    pub issuer: String,
    /// Its number for the person.
    pub subject: String,
}

/// Reads of how people sign in.
#[async_trait]
pub trait ReadIdentity: Send + Sync {
    /// The identity provider, if there is one.
    async fn identity_provider(&self) -> Result<Option<StoredProvider>>;

    /// What groups give, by their names.
    async fn group_roles(&self) -> Result<Vec<GroupRoles>>;

    /// Who a person is at providers.
    async fn identities_of(&self, person: UserId) -> Result<Vec<Identity>>;
}

/// Writes of how people sign in, and of who they are at the provider. False if the caller may no longer write; then
/// nothing may be committed.
#[async_trait]
pub trait WriteIdentity: Send {
    /// Sets the identity provider, or removes it.
    async fn set_identity_provider(
        &mut self,
        by: &Authorized,
        provider: Option<&StoredProvider>,
        now: Timestamp,
    ) -> Result<bool>;

    /// Sets what a group gives, or removes it where nothing is given.
    async fn set_group_roles(
        &mut self,
        by: &Authorized,
        group: &str,
        roles: Option<&GroupRoles>,
        now: Timestamp,
    ) -> Result<bool>;

    /// The person whom a provider knows as this.
    async fn person_of_identity(&mut self, identity: &Identity) -> Result<Option<UserId>>;

    /// Notes who a person is at a provider. False if that is somebody already.
    async fn link_identity(
        &mut self,
        by: &Authorized,
        identity: &Identity,
        user: UserId,
        now: Timestamp,
    ) -> Result<bool>;

    /// Forgets who a person is at providers, and ends the sessions that came from there, which these were. None if the
    /// caller may no longer; whose own it is, may.
    async fn unlink_identities(
        &mut self,
        by: &Authorized,
        person: UserId,
        now: Timestamp,
    ) -> Result<Option<Vec<CredentialId>>>;

    /// Notes the groups that the provider names, in place of those before.
    async fn set_claimed_groups(
        &mut self,
        by: &Authorized,
        user: UserId,
        groups: &BTreeSet<String>,
    ) -> Result<()>;

    /// People with their groups, whether the provider names these or a directory: of everybody who has one, or of one.
    async fn groups_of_people(&mut self, one: Option<UserId>) -> Result<Vec<(UserId, BTreeSet<String>)>>;

    /// Notes which session of the provider a session of ours came from, and by which method it vouches for a second factor.
    async fn note_provider_session(
        &mut self,
        by: &Authorized,
        session: CredentialId,
        identity: &Identity,
        sid: Option<&str>,
        factor: Option<&str>,
    ) -> Result<()>;

    /// Ends the sessions that came from a session of the provider, or from any of a person; which these were.
    async fn end_provider_sessions(
        &mut self,
        by: &Authorized,
        issuer: &str,
        subject: Option<&str>,
        sid: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<CredentialId>>;
}
