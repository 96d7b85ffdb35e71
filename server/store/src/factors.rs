//! Second factors of people, recovery codes, and who must have one.

use async_trait::async_trait;
use domain::access::FactorStanding;
use domain::access::factors::{FactorKind, FactorPolicy, PersonFactors};
use domain::{Authorized, CredentialId, FactorId, UserId};
use jiff::Timestamp;

use crate::error::Result;

/// A second factor as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFactor {
    /// Its id.
    pub id: FactorId,
    /// Whose it is.
    pub person: UserId,
    /// What it is.
    pub kind: FactorKind,
    /// What its owner calls it.
    pub name: String,
    /// Of an app its secret, sealed; of a passkey its public key as JSON.
    pub secret: String,
    /// Since when it is known to work; none while it is being set up.
    pub confirmed_at: Option<Timestamp>,
    /// The step of time whose code was taken last.
    pub last_step: i64,
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
    /// When it was set up.
    pub created_at: Timestamp,
}

/// Reads of second factors.
#[async_trait]
pub trait ReadFactors: Send + Sync {
    /// Those of a person, the oldest first, with the one that is being set up.
    async fn factors(&self, person: UserId) -> Result<Vec<StoredFactor>>;

    /// What a person has and needs, and when one was used: for a session, or for any of theirs.
    async fn factor_standing(&self, person: UserId, session: Option<CredentialId>) -> Result<FactorStanding>;

    /// Recovery codes of a person that were not used yet.
    async fn count_recovery_codes(&self, person: UserId) -> Result<i64>;

    /// Who must have one.
    async fn factor_policy(&self) -> Result<FactorPolicy>;

    /// What everybody has, by the names to show.
    async fn people_factors(&self) -> Result<Vec<PersonFactors>>;
}

/// Writes of second factors. Those with an authority for what is one's own reach the caller's alone, and answer false if
/// there is no such row or the caller may no longer write.
#[async_trait]
pub trait WriteFactors: Send {
    /// Adds one of the caller's, in place of any that they were setting up.
    async fn insert_factor(&mut self, by: &Authorized, factor: &StoredFactor, now: Timestamp)
    -> Result<bool>;

    /// Notes that one of the caller's works, by the code of a step of time.
    async fn confirm_factor(
        &mut self,
        by: &Authorized,
        id: FactorId,
        step: i64,
        now: Timestamp,
    ) -> Result<bool>;

    /// Removes one of the caller's.
    async fn delete_factor(&mut self, by: &Authorized, id: FactorId, now: Timestamp) -> Result<bool>;

    /// Removes all of a person, with recovery codes; how many there were.
    async fn delete_factors(&mut self, by: &Authorized, person: UserId, now: Timestamp) -> Result<u64>;

    /// Replaces the caller's recovery codes; without any they are gone.
    async fn set_recovery_codes(
        &mut self,
        by: &Authorized,
        hashes: &[String],
        now: Timestamp,
    ) -> Result<bool>;

    /// Takes the code of a step of time, of several at once one. False if that step, or a later one, was taken.
    async fn use_totp(&mut self, by: &Authorized, id: FactorId, step: i64, now: Timestamp) -> Result<bool>;

    /// Notes the use of a passkey, and what it is since.
    async fn use_passkey(
        &mut self,
        by: &Authorized,
        id: FactorId,
        secret: &str,
        now: Timestamp,
    ) -> Result<bool>;

    /// Uses a recovery code up. False if there is none such.
    async fn use_recovery_code(&mut self, by: &Authorized, person: UserId, hash: &str) -> Result<bool>;

    /// Notes when a second factor was used for a session.
    async fn note_factor(&mut self, by: &Authorized, session: CredentialId, at: Timestamp) -> Result<()>;

    /// Sets who must have one.
    async fn set_factor_policy(
        &mut self,
        by: &Authorized,
        policy: &FactorPolicy,
        now: Timestamp,
    ) -> Result<bool>;
}
