//! Between the password and the second factor: what is kept meanwhile, and the session that is opened after it.

use domain::{Authorized, CredentialId, Error};
use jiff::{SignedDuration, Timestamp};
use store::{OneTimePurpose, OneTimeSecret, User};

use super::{Sessions, SignInError, SignedIn, digest, secret, throttle};

/// How long the second factor may take after the password.
const SECOND_STEP_WITHIN: SignedDuration = SignedDuration::from_mins(10);

impl Sessions {
    /// Keeps that the password was right; what the browser holds until the second factor is shown.
    pub(super) async fn begin_second_step(&self, user: &User, now: Timestamp) -> Result<String, Error> {
        let secret = secret();
        let kept = OneTimeSecret {
            purpose: OneTimePurpose::SecondStep,
            secret_hash: digest(&secret),
            person: Some(user.id),
            body: user.name.clone(),
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
        replaces: Option<CredentialId>,
        device: &str,
        shown: &str,
    ) -> Result<SignedIn, SignInError> {
        throttle::know(&self.store, &user.name, device, self.clock.now()).await?;
        let signed_in = self.open_session(user, replaces, None, Some(shown)).await?;
        Ok(SignedIn { device: Some(device.to_owned()), ..signed_in })
    }
}
