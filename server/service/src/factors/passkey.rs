//! Passkeys (Web Authentication): what browsers are asked, and whether their answers are true.
//!
//! What was asked is kept in the database until it is answered, so that any instance can check it, and once.

use domain::access::factors::FactorKind;
use domain::{Authorized, Error, UserId};
use jiff::{SignedDuration, Timestamp};
use webauthn_rs::prelude::{
    Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    Url,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use super::Factors;
use crate::secret::digest;
use store::{OneTimePurpose, OneTimeSecret, StoredFactor};

/// How long a browser may take to answer.
const ANSWER_WITHIN: SignedDuration = SignedDuration::from_mins(5);

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("a passkey: {error}"))
}

fn not_true(error: impl std::fmt::Display) -> Error {
    tracing::warn!(%error, "the answer of a passkey was not taken");
    Error::invalid("/passkey", "was not answered in time, or not by a passkey that does")
}

/// The relying party of a server that people reach at this address; none where browsers have no passkeys.
pub(super) fn relying_party(base: &str) -> Option<Webauthn> {
    let origin = Url::parse(base).ok()?;
    // An address in numbers is no name that a passkey can be bound to.
    let host = origin.domain()?.to_owned();
    let built = WebauthnBuilder::new(&host, &origin).map(|builder| builder.rp_name("Countersign"));
    built.and_then(WebauthnBuilder::build).ok()
}

fn passkeys(factors: &[StoredFactor]) -> Result<Vec<(&StoredFactor, Passkey)>, Error> {
    let of = factors.iter().filter(|factor| factor.kind == FactorKind::Passkey);
    of.map(|factor| Ok((factor, serde_json::from_str(&factor.secret).map_err(internal)?))).collect()
}

impl Factors {
    fn party(&self) -> Result<&Webauthn, Error> {
        let none = || {
            let why = "work only where the server knows the name under which it is reached, over https or on localhost";
            Error::invalid("/passkey", why)
        };
        self.party.as_deref().ok_or_else(none)
    }

    /// Keeps what was asked, under the name of who asked.
    async fn asked(&self, who: &str, state: String, now: Timestamp) -> Result<(), Error> {
        let kept = OneTimeSecret {
            purpose: OneTimePurpose::Ceremony,
            secret_hash: digest(who),
            person: None,
            body: state,
            expires_at: now + ANSWER_WITHIN,
        };
        let mut tx = self.store.begin().await?;
        tx.keep_one_time(&Authorized::sign_in(), &kept, now).await?;
        Ok(tx.commit().await?)
    }

    /// What was asked, once.
    async fn answered(&self, who: &str, now: Timestamp) -> Result<String, Error> {
        let mut tx = self.store.begin().await?;
        let (by, purpose) = (Authorized::sign_in(), OneTimePurpose::Ceremony);
        let kept = tx.take_one_time(&by, purpose, &digest(who), now).await?;
        tx.commit().await?;
        Ok(kept.ok_or_else(|| not_true("nothing was asked"))?.body)
    }

    /// Asks a browser to make a passkey.
    pub(super) async fn ask_to_make(
        &self,
        who: &str,
        person: UserId,
        name: &str,
        display_name: &str,
        now: Timestamp,
    ) -> Result<String, Error> {
        let party = self.party()?;
        let factors = self.store.factors(person).await?;
        let known = passkeys(&factors)?.into_iter().map(|(_, key)| key.cred_id().clone()).collect();
        let begun = party.start_passkey_registration(person.into(), name, display_name, Some(known));
        let (question, state) = begun.map_err(internal)?;
        self.asked(who, serde_json::to_string(&state).map_err(internal)?, now).await?;
        serde_json::to_string(&question.public_key).map_err(internal)
    }

    /// The passkey that a browser made, as it is stored.
    pub(super) async fn made(&self, who: &str, answer: &str, now: Timestamp) -> Result<String, Error> {
        let party = self.party()?;
        let answer: RegisterPublicKeyCredential = serde_json::from_str(answer).map_err(not_true)?;
        let state: PasskeyRegistration =
            serde_json::from_str(&self.answered(who, now).await?).map_err(internal)?;
        let key = party.finish_passkey_registration(&answer, &state).map_err(not_true)?;
        serde_json::to_string(&key).map_err(internal)
    }

    /// Asks a browser for a passkey of the person.
    pub(super) async fn ask(&self, who: &str, person: UserId, now: Timestamp) -> Result<String, Error> {
        let party = self.party()?;
        let factors = self.store.factors(person).await?;
        let keys: Vec<_> = passkeys(&factors)?.into_iter().map(|(_, key)| key).collect();
        if keys.is_empty() {
            return Err(Error::invalid("/passkey", "there is none; use a code"));
        }
        let (question, state) = party.start_passkey_authentication(&keys).map_err(internal)?;
        self.asked(who, serde_json::to_string(&state).map_err(internal)?, now).await?;
        serde_json::to_string(&question.public_key).map_err(internal)
    }

    /// Whether a passkey of the person answered what was asked; it is used then.
    pub(super) async fn check_passkey(
        &self,
        who: &str,
        person: UserId,
        answer: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let party = self.party()?;
        let Ok(answer) = serde_json::from_str::<PublicKeyCredential>(answer).map_err(not_true) else {
            return Ok(false);
        };
        let Ok(state) = self.answered(who, now).await else { return Ok(false) };
        let state: PasskeyAuthentication = serde_json::from_str(&state).map_err(internal)?;
        let Ok(result) = party.finish_passkey_authentication(&answer, &state).map_err(not_true) else {
            return Ok(false);
        };
        let factors = self.store.factors(person).await?;
        let found = passkeys(&factors)?.into_iter().find(|(_, key)| key.cred_id() == result.cred_id());
        let Some((factor, mut key)) = found else { return Ok(false) };
        key.update_credential(&result);
        let secret = serde_json::to_string(&key).map_err(internal)?;
        let mut tx = self.store.begin().await?;
        let used = tx.use_passkey(&Authorized::sign_in(), factor.id, &secret, now).await?;
        tx.commit().await?;
        Ok(used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relying_party_has_a_name() {
        for (base, good) in [
            ("http://localhost:8080", true),
            ("https://actions.example.org", true),
            ("https://actions.example.org:8443/", true),
            ("https://192.0.2.1", false),
            ("http://[::1]:8080", false),
            ("", false),
        ] {
            assert_eq!(relying_party(base).is_some(), good, "{base}");
        }
    }
}
