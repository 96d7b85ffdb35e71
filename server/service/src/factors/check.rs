//! Whether somebody has a second factor at hand: by a code, which is good once, or by a passkey. Failures bring a growing
//! pause, as those of passwords do.

use std::net::IpAddr;

use domain::access::factors::{FactorKind, FactorProof};
use domain::{Authorized, Error, UserId};
use jiff::Timestamp;

use super::{Factors, recovery, totp};
use crate::secret::digest;
use crate::session::SignInTry;
use crate::session::throttle;

/// What was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Totp,
    Passkey,
    RecoveryCode,
}

impl Shown {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

/// Where an attempt comes from.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place<'a> {
    pub(super) address: Option<IpAddr>,
    pub(super) device: Option<&'a str>,
}

/// Under which name attempts of a person are counted.
fn counted_as(person: UserId) -> String {
    digest(&format!("second factor\0{person}"))
}

impl Factors {
    /// What was shown, if it is true. `asked` names what a passkey was asked for.
    pub(super) async fn check(
        &self,
        person: UserId,
        proof: &FactorProof,
        asked: &str,
        place: Place<'_>,
    ) -> Result<Option<Shown>, Error> {
        let now = self.clock.now();
        let name = counted_as(person);
        let attempt = SignInTry { name: &name, password: "", address: place.address, device: place.device };
        let Some(counted) = throttle::count(&self.store, &attempt, now).await? else {
            tracing::warn!(%person, "a second factor was refused unchecked, after too many failures");
            return Ok(None);
        };
        let shown = match proof {
            FactorProof::Code(code) => self.check_code(person, code, now).await?,
            FactorProof::Passkey(answer) => {
                self.check_passkey(asked, person, answer, now).await?.then_some(Shown::Passkey)
            }
        };
        if shown.is_some() {
            throttle::succeeded(&self.store, counted, &name, place.device, now).await?;
        }
        Ok(shown)
    }

    async fn check_code(&self, person: UserId, typed: &str, now: Timestamp) -> Result<Option<Shown>, Error> {
        let typed: String = typed.chars().filter(|of| !of.is_whitespace()).take(64).collect();
        let by = Authorized::sign_in();
        if let Some(hash) = recovery::hash(&typed) {
            let mut tx = self.store.begin().await?;
            let used = tx.use_recovery_code(&by, person, &hash).await?;
            tx.commit().await?;
            return Ok(used.then_some(Shown::RecoveryCode));
        }
        for factor in self.store.factors(person).await? {
            if factor.kind != FactorKind::Totp || factor.confirmed_at.is_none() {
                continue;
            }
            let secret = self.open(&factor)?;
            if let Some(step) = totp::step(&secret, &typed, now)? {
                let mut tx = self.store.begin().await?;
                let used = tx.use_totp(&by, factor.id, step, now).await?;
                tx.commit().await?;
                return Ok(used.then_some(Shown::Totp));
            }
        }
        Ok(None)
    }
}
