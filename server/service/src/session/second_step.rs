//! Between the password and the second factor: what is kept meanwhile, and the session that is opened after it.

use domain::{Authorized, CredentialId, Error};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Identity, OneTimePurpose, OneTimeSecret, User};

use super::{ProvenSession, Sessions, SignInError, SignedIn, digest, secret, throttle};

/// How long the second factor may take after the password.
const SECOND_STEP_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// What is kept of a sign-in that goes on with a second factor.
#[derive(Serialize, Deserialize)]
pub(crate) struct Begun {
    /// The name to sign in with.
    pub(crate) name: String,
    /// Of one that came from the identity provider: its name for itself, its number for the person, its session.
    #[serde(default)]
    provider: Option<(String, String, Option<String>)>,
}

impl Begun {
    fn of(user: &User, proven: Option<&ProvenSession>) -> Self {
        let provider = proven.map(|ProvenSession { identity, sid, .. }| {
            (identity.issuer.clone(), identity.subject.clone(), sid.clone())
        });
        Self { name: user.name.clone(), provider }
    }

    fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What was kept; by a version before it was the name alone.
    pub(crate) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self { name: text.to_owned(), provider: None })
    }

    /// The session of the provider that it came from.
    pub(crate) fn proven(self) -> Option<ProvenSession> {
        let (issuer, subject, sid) = self.provider?;
        Some(ProvenSession { identity: Identity { issuer, subject }, sid, factor: None })
    }
}

impl Sessions {
    /// Keeps that the password was right, or that the provider vouched for them; what the browser holds until the second
    /// factor is shown.
    pub(crate) async fn begin_second_step(
        &self,
        user: &User,
        proven: Option<&ProvenSession>,
        now: Timestamp,
    ) -> Result<String, Error> {
        let secret = secret();
        let kept = OneTimeSecret {
            purpose: OneTimePurpose::SecondStep,
            secret_hash: digest(&secret),
            person: Some(user.id),
            body: Begun::of(user, proven).write(),
            expires_at: now + SECOND_STEP_WITHIN,
        };
        let mut tx = self.store.begin().await?;
        tx.keep_one_time(&Authorized::sign_in(), &kept, now).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// Opens a session for somebody who showed a second factor on this device, which is known from then on.
    pub(crate) async fn open_with_factor(
        &self,
        user: User,
        (replaces, proven): (Option<CredentialId>, Option<ProvenSession>),
        device: &str,
        shown: &str,
    ) -> Result<SignedIn, SignInError> {
        throttle::know(&self.store, &user.name, device, self.clock.now()).await?;
        let signed_in = self.open_session(user, replaces, proven, Some(shown)).await?;
        Ok(SignedIn { device: Some(device.to_owned()), ..signed_in })
    }
}
