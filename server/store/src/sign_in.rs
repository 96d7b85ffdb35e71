//! Sign-ins that failed lately, shared by all instances.

use async_trait::async_trait;
use domain::Authorized;
use jiff::Timestamp;

use crate::error::Result;

/// What is known under a key of the throttle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// Failures in a row.
    pub failures: i64,
    /// When the last one was.
    pub last: Timestamp,
}

/// What is known of sign-ins, and what is noted of them.
#[async_trait]
pub trait WriteSignIn: Send {
    /// What is known under a key.
    async fn sign_in_attempts(&mut self, key: &str) -> Result<Option<Attempts>>;

    /// Notes it, or forgets it.
    async fn note_sign_in(&mut self, by: &Authorized, key: &str, attempts: Option<Attempts>) -> Result<()>;

    /// Forgets failures before a time, and devices that were not used since another.
    async fn forget_sign_ins(
        &mut self,
        by: &Authorized,
        failed_before: Timestamp,
        used_before: Timestamp,
    ) -> Result<()>;
}
