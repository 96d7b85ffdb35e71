//! Argon2id: hashing and checking, off the async threads and never more at once than there are cores.
//!
//! Those who wait are a queue of a limited length, in which no address has more than a part; who gives up leaves it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use domain::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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
    queue: Arc<Mutex<Queue>>,
    checks: Arc<AtomicU64>,
}

/// Those who wait for a check at a time: some seconds of work.
const MAX_QUEUE: usize = 64;
/// Of which so many may come from one address.
const MAX_QUEUE_EACH: usize = 16;

/// How many wait, and from where.
#[derive(Debug, Default)]
struct Queue {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place in the queue, given back however waiting ends.
struct Place {
    queue: Arc<Mutex<Queue>>,
    address: Option<IpAddr>,
}

impl Place {
    fn take(queue: &Arc<Mutex<Queue>>, address: Option<IpAddr>) -> Option<Self> {
        let mut waiting = queue.lock().unwrap_or_else(PoisonError::into_inner);
        let here = address.and_then(|address| waiting.by_address.get(&address)).copied().unwrap_or_default();
        if waiting.all >= MAX_QUEUE || here >= MAX_QUEUE_EACH {
            return None;
        }
        waiting.all += 1;
        if let Some(address) = address {
            waiting.by_address.insert(address, here + 1);
        }
        Some(Self { queue: Arc::clone(queue), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.all -= 1;
        if let Some(address) = self.address {
            let left = waiting.by_address.remove(&address).unwrap_or_default().saturating_sub(1);
            if left > 0 {
                waiting.by_address.insert(address, left);
            }
        }
    }
}

/// The right to have one password checked now.
#[derive(Debug)]
pub struct PasswordTurn {
    _slot: OwnedSemaphorePermit,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { slots: Arc::new(Semaphore::new(cores)), queue: Arc::default(), checks: Arc::default() }
    }
}

impl Passwords {
    /// Waits for a turn, in the queue; busy if that is full.
    pub(super) async fn turn(&self, address: Option<IpAddr>) -> Result<PasswordTurn, Error> {
        let _place = Place::take(&self.queue, address).ok_or(Error::Busy)?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| Error::Busy)?;
        Ok(PasswordTurn { _slot: slot })
    }

    /// Whether the password belongs to the hash. Without a hash it takes as long, and says no.
    pub(super) async fn check(
        &self,
        turn: PasswordTurn,
        password: &str,
        hash: Option<&str>,
    ) -> Result<bool, Error> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(DUMMY).to_owned();
        let password = password.to_owned();
        let checks = Arc::clone(&self.checks);
        let matches = self
            .run(turn, move || {
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
        self.run(self.turn(None).await?, move || {
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
        turn: PasswordTurn,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
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
        let check =
            async |password, hash| passwords.check(passwords.turn(None).await.unwrap(), password, hash).await;
        assert!(check("correct horse battery", Some(hash.as_str())).await.unwrap());
        assert!(!check("correct horse", Some(hash.as_str())).await.unwrap());
        assert!(check("x", Some("no hash")).await.is_err());
        assert!(!check("x", None).await.unwrap());
        assert_eq!(passwords.checks(), 4, "each try is one check");
    }

    #[tokio::test]
    async fn t24_the_queue_is_bounded_for_all_and_for_each_and_ends_with_who_waits() {
        let passwords = Passwords::default();
        let cores = passwords.slots.available_permits();
        let mut turns = Vec::new();
        for _ in 0..cores {
            turns.push(passwords.turn(None).await.unwrap());
        }
        let wait = |last: u8| {
            let passwords = passwords.clone();
            let address = Some(IpAddr::from([192, 0, 2, last]));
            let mut turn = Box::pin(async move { passwords.turn(address).await });
            let waits = futures_poll(&mut turn);
            (turn, waits)
        };
        let mut waiting: Vec<_> = (0..MAX_QUEUE_EACH).map(|_| wait(1)).collect();
        assert!(waiting.iter().all(|(_, busy)| !busy));
        assert!(wait(1).1, "one address has its part");
        waiting.extend((MAX_QUEUE_EACH..MAX_QUEUE).map(|n| wait(u8::try_from(n).unwrap())));
        assert!(waiting.iter().all(|(_, busy)| !busy));
        assert!(wait(250).1, "the queue is full");
        waiting.pop();
        let last = wait(250);
        assert!(!last.1, "who gave up left room");
        drop((turns, waiting));
        assert!(last.0.await.is_ok());
        assert!(passwords.queue.lock().unwrap().by_address.is_empty());
    }

    /// Whether it ends at once, which is to be refused.
    fn futures_poll(turn: &mut (impl Future<Output = Result<PasswordTurn, Error>> + Unpin)) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        std::pin::Pin::new(turn).poll(&mut context).is_ready()
    }

    #[test]
    fn the_dummy_costs_what_a_real_hash_costs() {
        let hash = PasswordHash::new(DUMMY).unwrap();
        let params = Params::try_from(&hash).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (MEMORY_KIB, PASSES, LANES));
    }
}
