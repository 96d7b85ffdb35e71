//! The second step of a sign-in: the browser holds a secret for ten minutes, which is good for five tries.

use std::net::IpAddr;

use domain::access::factors::{FactorKind, FactorProof, SecondStepView};
use domain::{AuditKind, Authorized, CredentialId, Error};
use serde_json::json;

use super::Factors;
use super::check::Place;
use crate::secret::{digest, secret};
use crate::session::{Begun, Sessions, SignInError, SignedIn};
use store::{AuditEntry, OneTimePurpose, OneTimeSecret, User};

const PURPOSE: OneTimePurpose = OneTimePurpose::SecondStep;
const MAX_TRIES: i64 = 5;

/// Somebody whose password was right, and what they show beside it.
#[derive(Debug, Clone)]
pub struct SecondStep {
    /// The secret that the browser holds since the password.
    pub secret: String,
    /// What is shown.
    pub proof: FactorProof,
    /// The address of the client; none where a proxy hides it.
    pub address: Option<IpAddr>,
    /// The secret of the device, which it was given when somebody signed in.
    pub device: Option<String>,
    /// The session that the browser had.
    pub replaces: Option<CredentialId>,
}

/// What a passkey is asked for.
fn asked(step: &str) -> String {
    format!("second step {}", digest(step))
}

impl Factors {
    async fn step(&self, secret: &str) -> Result<OneTimeSecret, Error> {
        let kept = self.store.one_time(PURPOSE, &digest(secret), self.clock.now()).await?;
        kept.ok_or(Error::NotSignedIn)
    }

    /// What a sign-in asks for, by the secret that the browser holds.
    pub(super) async fn second_step_view(&self, secret: &str) -> Result<SecondStepView, Error> {
        let Some(person) = self.step(secret).await?.person else { return Err(Error::NotSignedIn) };
        let factors = self.store.factors(person).await?;
        let passkey = self.party.is_some() && factors.iter().any(|of| of.kind == FactorKind::Passkey);
        Ok(SecondStepView { passkey })
    }

    /// What a passkey is to be asked for it.
    pub(super) async fn ask_second_step(&self, secret: &str) -> Result<String, Error> {
        let Some(person) = self.step(secret).await?.person else { return Err(Error::NotSignedIn) };
        self.ask(&asked(secret), person, self.clock.now()).await
    }

    /// Signs somebody in whose password was right, if what they show is true.
    ///
    /// # Errors
    /// [`SignInError::WrongOrPaused`] if it is not, or was shown before, or too often; [`SignInError::Over`] if the secret
    /// is; or a failure of the store.
    pub async fn finish_sign_in(
        &self,
        sessions: &Sessions,
        step: SecondStep,
    ) -> Result<SignedIn, SignInError> {
        let now = self.clock.now();
        let (by, hash) = (Authorized::sign_in(), digest(&step.secret));
        let mut tx = self.store.begin().await?;
        let kept = tx.try_one_time(&by, PURPOSE, &hash, MAX_TRIES, now).await?;
        tx.commit().await?;
        let kept = kept.ok_or(SignInError::Over)?;
        let begun = Begun::read(&kept.body);
        let user = self.store.user(&begun.name).await?;
        let user = user.filter(|user| user.enabled && Some(user.id) == kept.person);
        let user = user.ok_or(SignInError::Over)?;
        let place = Place { address: step.address, device: step.device.as_deref() };
        let Some(shown) = self.check(user.id, &step.proof, &asked(&step.secret), place).await? else {
            self.note_wrong(&user).await?;
            return Err(SignInError::WrongOrPaused);
        };
        let mut tx = self.store.begin().await?;
        let taken = tx.take_one_time(&by, PURPOSE, &hash, now).await?;
        tx.commit().await?;
        taken.ok_or(SignInError::Over)?;
        let device = step.device.unwrap_or_else(secret);
        sessions.open_with_factor(user, (step.replaces, begun.proven()), &device, shown.as_str()).await
    }

    async fn note_wrong(&self, user: &User) -> Result<(), Error> {
        let body = json!({ "user": user.id, "name": user.name, "reason": "wrong second factor" });
        let (at, subject) = (self.clock.now(), Some(user.id.into()));
        let mut tx = self.store.begin().await?;
        let entry = AuditEntry { at, kind: AuditKind::SignInFailed, subject, body };
        tx.append_audit(&Authorized::sign_in(), entry).await?;
        Ok(tx.commit().await?)
    }
}
