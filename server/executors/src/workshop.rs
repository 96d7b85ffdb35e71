//! Makes executors of what administrators set up, and keeps their secrets.

use std::sync::Arc;

use domain::Error;
use domain::executors::{ExecutorKind, ExecutorSetup};
use openc2::signature::Key;
use service::clock::SharedClock;
use service::executor::{Executor, Workshop};
use service::switchboard::Switchboard;

use super::crowdsec::{CrowdSec, CrowdSecSecrets};
use super::destinations::Destinations;
use super::enrolled::{EnrolledHost, not_enrolling};
use super::ldap::Ldap;
use super::mail::Mail;
use super::manual::Manual;
use super::openc2::OpenC2;
use super::seal::SecretsKey;
use super::secret::Secret;
use super::webhook::Webhook;

/// One workshop for all kinds.
pub struct Kinds {
    key: SecretsKey,
    clock: SharedClock,
    switchboard: Option<Arc<Switchboard>>,
    destinations: Destinations,
}

impl Kinds {
    /// With the key of the secrets.
    #[must_use]
    pub fn new(key: SecretsKey, clock: SharedClock) -> Self {
        Self { key, clock, switchboard: None, destinations: Destinations::default() }
    }

    /// With the list of where executors may be.
    #[must_use]
    pub fn with_destinations(self, destinations: Destinations) -> Self {
        Self { destinations, ..self }
    }

    /// With the hosts that were enrolled.
    #[must_use]
    pub fn with_switchboard(self, switchboard: Arc<Switchboard>) -> Self {
        Self { switchboard: Some(switchboard), ..self }
    }
}

impl Workshop for Kinds {
    fn new_secret(&self, kind: ExecutorKind) -> Option<String> {
        (kind == ExecutorKind::Webhook).then(Key::generate).and_then(Result::ok)
    }

    fn seal(&self, name: &str, secret: &str) -> Result<String, String> {
        self.key.seal(name, secret)
    }

    fn open(&self, name: &str, sealed: &str) -> Result<String, String> {
        self.key.open(name, sealed)
    }

    fn make(&self, setup: &ExecutorSetup, secret: Option<&str>) -> Result<Arc<dyn Executor>, Error> {
        let at = |(pointer, detail): (&'static str, String)| Error::invalid(pointer, detail);
        Ok(match setup.kind {
            ExecutorKind::Manual => Arc::new(Manual::new(setup.name.clone(), setup.settings.steps.clone())),
            ExecutorKind::Webhook => {
                let destinations = &self.destinations;
                Arc::new(Webhook::new(setup, secret, self.clock.clone(), destinations).map_err(at)?)
            }
            ExecutorKind::OpenC2 => {
                let destinations = &self.destinations;
                Arc::new(OpenC2::set_up(setup, secret, self.clock.clone(), destinations).map_err(at)?)
            }
            ExecutorKind::Ldap => {
                let password = Secret::new(secret.unwrap_or_default().to_owned());
                Arc::new(Ldap::new(setup.name.clone(), options(setup)?, password).map_err(of_option)?)
            }
            ExecutorKind::Mail => {
                let key = Secret::new(secret.unwrap_or_default().to_owned());
                Arc::new(Mail::new(setup.name.clone(), options(setup)?, key).map_err(of_option)?)
            }
            ExecutorKind::CrowdSec => {
                let secrets = CrowdSecSecrets::parse(secret.unwrap_or_default()).ok_or_else(|| {
                    Error::invalid(
                        "/secret",
                        "must be the machine's password, a space, and the bouncer's key",
                    )
                })?;
                let (name, clock) = (setup.name.clone(), self.clock.clone());
                Arc::new(CrowdSec::new(name, options(setup)?, secrets, clock).map_err(of_option)?)
            }
            ExecutorKind::Responder => {
                let switchboard = self.switchboard.clone().ok_or_else(not_enrolling)?;
                Arc::new(EnrolledHost::new(setup.name.clone(), setup.time_limit, switchboard))
            }
            ExecutorKind::Simulated => {
                return Err(Error::invalid("/kind", "comes with an option of the server"));
            }
        })
    }
}

/// The settings of a kind, by their own names.
fn options<T: serde::de::DeserializeOwned>(setup: &ExecutorSetup) -> Result<T, Error> {
    let options = serde_json::Value::Object(setup.settings.options.clone());
    serde_json::from_value(options).map_err(|error| Error::invalid("/settings/options", error.to_string()))
}

fn of_option((field, detail): (&'static str, String)) -> Error {
    let pointer = if field == "secret" { "/secret".to_owned() } else { format!("/settings/options/{field}") };
    Error::invalid(pointer, detail)
}
