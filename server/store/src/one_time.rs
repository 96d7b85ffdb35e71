//! Secrets that are good for one use within a time.

use async_trait::async_trait;
use domain::{Authorized, UserId};
use jiff::Timestamp;

use crate::error::Result;

/// What a secret is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OneTimePurpose {
    /// To become the first administrator.
    FirstAdministrator,
    /// To go on with a sign-in whose password was right.
    SecondStep,
    /// To answer what a passkey was asked.
    Ceremony,
}

impl OneTimePurpose {
    /// Its word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstAdministrator => "first_administrator",
            Self::SecondStep => "second_step",
            Self::Ceremony => "ceremony",
        }
    }
}

/// A secret that is good for one use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeSecret {
    /// What it is good for.
    pub purpose: OneTimePurpose,
    /// SHA-256 of the secret, as hexadecimal text.
    pub secret_hash: String,
    /// The person whose it is; none where there is none yet.
    pub person: Option<UserId>,
    /// What is to be known when it is used.
    pub body: String,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// Reads of such secrets.
#[async_trait]
pub trait ReadOneTime: Send + Sync {
    /// The one with this hash, if it is alive.
    async fn one_time(
        &self,
        purpose: OneTimePurpose,
        secret_hash: &str,
        now: Timestamp,
    ) -> Result<Option<OneTimeSecret>>;
}

/// Writes of such secrets.
#[async_trait]
pub trait WriteOneTime: Send {
    /// Keeps one, in place of another of the same hash, and forgets those that are over.
    async fn keep_one_time(&mut self, by: &Authorized, secret: &OneTimeSecret, now: Timestamp) -> Result<()>;

    /// Counts a try, of which there are so many at most. None if it is not alive, or there were as many.
    async fn try_one_time(
        &mut self,
        by: &Authorized,
        purpose: OneTimePurpose,
        secret_hash: &str,
        most: i64,
        now: Timestamp,
    ) -> Result<Option<OneTimeSecret>>;

    /// Uses it up: of several at once, one gets it.
    async fn take_one_time(
        &mut self,
        by: &Authorized,
        purpose: OneTimePurpose,
        secret_hash: &str,
        now: Timestamp,
    ) -> Result<Option<OneTimeSecret>>;
}
