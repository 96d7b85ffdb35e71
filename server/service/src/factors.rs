//! Second factors: authenticator apps, passkeys and recovery codes; the second step of a sign-in, and showing one again.
//!
//! Secrets of apps are sealed by the key that the secrets of executors are sealed with. `check` is the one place where
//! anything is shown to be true; `own` is what people do on their own page, `policy` what administrators do.

mod check;
mod own;
mod passkey;
mod policy;
mod recovery;
mod second_step;
pub(crate) mod totp;

use std::sync::Arc;

use async_trait::async_trait;
use domain::access::factors::{
    FactorPolicy, FactorPolicyView, FactorProof, FactorsBackend, FactorsView, OwnFactors, SecondStepView,
};
use domain::{Caller, Error, FactorId, UserId};
use store::{SharedStore, StoredFactor};
use webauthn_rs::Webauthn;

pub use second_step::SecondStep;

use crate::clock::SharedClock;
use crate::executor::Workshop;
use crate::{Service, detached};

/// Second factors over a store.
#[derive(Clone)]
pub struct Factors {
    store: SharedStore,
    clock: SharedClock,
    /// What seals secrets.
    workshop: Option<Arc<dyn Workshop>>,
    /// What passkeys are bound to; none where there are none.
    party: Option<Arc<Webauthn>>,
}

impl Factors {
    /// Over a store and a clock; without a workshop there are no apps, without an address no passkeys.
    #[must_use]
    pub fn new(store: SharedStore, clock: SharedClock) -> Self {
        Self { store, clock, workshop: None, party: None }
    }

    /// With what seals secrets.
    #[must_use]
    pub fn with_workshop(self, workshop: Arc<dyn Workshop>) -> Self {
        Self { workshop: Some(workshop), ..self }
    }

    /// With the address under which people reach the server, which passkeys are bound to.
    #[must_use]
    pub fn with_address(self, base: &str) -> Self {
        Self { party: passkey::relying_party(base).map(Arc::new), ..self }
    }

    fn workshop(&self) -> Result<&dyn Workshop, Error> {
        self.workshop.as_deref().ok_or_else(|| Error::Internal("this server seals no secrets".to_owned()))
    }

    fn seal(&self, factor: &StoredFactor, secret: &str) -> Result<String, Error> {
        self.workshop()?.seal(&sealed_for(factor), secret).map_err(Error::Internal)
    }

    fn open(&self, factor: &StoredFactor) -> Result<String, Error> {
        self.workshop()?.open(&sealed_for(factor), &factor.secret).map_err(Error::Internal)
    }
}

/// Whose a sealed secret is: none can be put in the place of another's.
fn sealed_for(factor: &StoredFactor) -> String {
    format!("second-factor:{}:{}", factor.person, factor.id)
}

#[async_trait]
impl FactorsBackend for Service {
    async fn own_factors(&self, caller: &Caller) -> Result<OwnFactors, Error> {
        self.factors.own_view(caller).await
    }

    async fn begin_totp(&self, caller: &Caller) -> Result<(), Error> {
        let (factors, caller) = (self.factors.clone(), caller.clone());
        detached(async move { factors.start_totp(&caller).await }).await
    }

    async fn confirm_totp(&self, caller: &Caller, code: &str) -> Result<Vec<String>, Error> {
        let (factors, caller, code) = (self.factors.clone(), caller.clone(), code.to_owned());
        detached(async move { factors.finish_totp(&caller, &code).await }).await
    }

    async fn begin_passkey(&self, caller: &Caller) -> Result<String, Error> {
        let (factors, caller) = (self.factors.clone(), caller.clone());
        detached(async move { factors.start_passkey(&caller).await }).await
    }

    async fn add_passkey(&self, caller: &Caller, name: &str, made: &str) -> Result<Vec<String>, Error> {
        let (factors, caller) = (self.factors.clone(), caller.clone());
        let (name, made) = (name.to_owned(), made.to_owned());
        detached(async move { factors.finish_passkey(&caller, &name, &made).await }).await
    }

    async fn remove_factor(&self, caller: &Caller, id: FactorId, proof: FactorProof) -> Result<(), Error> {
        let (factors, caller) = (self.factors.clone(), caller.clone());
        detached(async move { factors.delete(&caller, id, &proof).await }).await
    }

    async fn renew_recovery_codes(&self, caller: &Caller) -> Result<Vec<String>, Error> {
        let (factors, caller) = (self.factors.clone(), caller.clone());
        detached(async move { factors.new_recovery_codes(&caller).await }).await
    }

    async fn step_up(&self, caller: &Caller, proof: FactorProof) -> Result<(), Error> {
        let (factors, caller) = (self.factors.clone(), caller.clone());
        detached(async move { factors.show_again(&caller, &proof).await }).await
    }

    async fn begin_step_up(&self, caller: &Caller) -> Result<String, Error> {
        let (factors, caller) = (self.factors.clone(), caller.clone());
        detached(async move { factors.ask_step_up(&caller).await }).await
    }

    async fn second_step(&self, secret: &str) -> Result<SecondStepView, Error> {
        self.factors.second_step_view(secret).await
    }

    async fn begin_second_step(&self, secret: &str) -> Result<String, Error> {
        let (factors, secret) = (self.factors.clone(), secret.to_owned());
        detached(async move { factors.ask_second_step(&secret).await }).await
    }

    async fn factors_of(&self, caller: &Caller, person: UserId) -> Result<FactorsView, Error> {
        self.show_factors_of(caller, person).await
    }

    async fn reset_factors(&self, caller: &Caller, person: UserId) -> Result<FactorsView, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.take_factors(&caller, person).await }).await
    }

    async fn factor_policy(&self, caller: &Caller) -> Result<FactorPolicyView, Error> {
        self.show_factor_policy(caller).await
    }

    async fn set_factor_policy(&self, caller: &Caller, policy: FactorPolicy) -> Result<FactorPolicy, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.put_factor_policy(&caller, policy).await }).await
    }
}
