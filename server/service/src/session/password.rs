//! Argon2id: hashing and checking, off the async threads and never more at once than there are cores.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use domain::Error;
use tokio::sync::Semaphore;

/// OWASP's first choice for Argon2id in a service: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Checked where there is no hash to check, so that an unknown name takes as long as a wrong password.
const DUMMY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Y291bnRlcnNpZ24tZHVtbXk$zBTH7GqqR0PzZ3b5bLLQlO1Rmuj8H8LcjMRPBkQzSSc";

/// Hashes and checks passwords.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    /// Argon2 takes 19 MiB and a core each time: a flood of sign-ins must queue, not exhaust the machine.
    slots: Arc<Semaphore>,
    checks: Arc<AtomicU64>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { slots: Arc::new(Semaphore::new(cores)), checks: Arc::default() }
    }
}

impl Passwords {
    /// Whether the password belongs to the hash. Without a hash it takes as long, and says no.
    pub(super) async fn check(&self, password: &str, hash: Option<&str>) -> Result<bool, Error> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(DUMMY).to_owned();
        let password = password.to_owned();
        let checks = Arc::clone(&self.checks);
        let matches = self
            .run(move || {
                checks.fetch_add(1, Ordering::Relaxed);
                let hash = PasswordHash::new(&hash)
                    .map_err(|error| Error::Internal(format!("a stored password hash is broken: {error}")))?;
                Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(known && matches)
    }

    /// The hash to store, in PHC form.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Error> {
        let password = password.to_owned();
        self.run(move || {
            let internal = |error: &dyn std::fmt::Display| Error::Internal(format!("argon2: {error}"));
            let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| internal(&error))?;
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let hash: PasswordHash =
                argon2.hash_password(password.as_bytes()).map_err(|error| internal(&error))?;
            Ok(hash.to_string())
        })
        .await
    }

    /// How many checks there were: an unknown name must cost exactly one.
    #[cfg(test)]
    pub(super) fn checks(&self) -> u64 {
        self.checks.load(Ordering::Relaxed)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| Error::Busy)?;
        tokio::task::spawn_blocking(move || {
            let _slot = slot;
            work()
        })
        .await
        .map_err(|error| Error::Internal(error.to_string()))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.check("correct horse battery", Some(&hash)).await.unwrap());
        assert!(!passwords.check("correct horse", Some(&hash)).await.unwrap());
        assert!(passwords.check("x", Some("no hash")).await.is_err());
        assert!(!passwords.check("x", None).await.unwrap());
        assert_eq!(passwords.checks(), 4, "each try is one check");
    }

    #[test]
    fn the_dummy_costs_what_a_real_hash_costs() {
        let hash = PasswordHash::new(DUMMY).unwrap();
        let params = Params::try_from(&hash).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (MEMORY_KIB, PASSES, LANES));
    }
}
