//! Enrolled hosts: who they are, which of them is there, and the orders that wait for them. A host dials out and asks;
//! its orders and reports lie in the database, so that any instance may give the one and take the other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::responders::contract::{OrderReport, Orders, Poll, SealedRequest, SignedOrder};
use domain::{CommandId, Error, SystemAuthority};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::{Notify, OnceCell};

use super::clock::SharedClock;
use super::executor::{Attempt, CalledOff};
use super::packages::Made;
use store::{SharedStore, StoredOrder, StoredResponder};

/// Under this the database keeps our own secret, sealed.
const IDENTITY: &str = "responders_identity";
/// How far a host's clock may be from ours.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// How often it is written down that a host was seen.
const SEEN_INTERVAL: SignedDuration = SignedDuration::from_mins(1);
/// A host that was not seen for so long is away.
const AWAY_AFTER: SignedDuration = SignedDuration::from_secs(150);
/// The longest that a host may wait for an order, in seconds; less than an answer may take to begin.
const MAX_WAIT: u32 = 25;
/// How often orders are looked for that another instance has placed.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// Orders that a host is given at a time.
const MAX_ORDERS: u32 = 16;
/// Processes of a host that are remembered, to notice one that comes back.
const MAX_EARLIER: usize = 8;

/// What is signed between server and hosts, and how it is said.
pub trait HostProtocol: Send + Sync {
    /// A new secret of our own, and what seals it for the database.
    ///
    /// # Errors
    /// Why it can't be made.
    fn new_secret(&self) -> Result<String, String>;

    /// Opens what was sealed.
    ///
    /// # Errors
    /// Why it can't.
    fn check_secret(&self, sealed: &str) -> Result<(), String>;

    /// The public key of our secret.
    ///
    /// # Errors
    /// If it can't be opened.
    fn public_key(&self, sealed: &str) -> Result<String, String>;

    /// Whether this is a key by which a host can be known.
    fn is_public_key(&self, text: &str) -> bool;

    /// Signs an order for a host.
    ///
    /// # Errors
    /// If our secret can't be opened.
    fn sign_order(&self, sealed: &str, responder: &str, id: &str, command: &str) -> Result<String, String>;

    /// Whether the host with this key signed the request.
    fn signed_request(&self, key: &str, request: &SealedRequest) -> bool;

    /// Whether the host with this key signed the report.
    fn signed_report(&self, key: &str, responder: &str, report: &OrderReport) -> bool;

    /// What a response says that its host made, and hands over beside it.
    fn made(&self, response: &str) -> Option<Made>;

    /// What a response means.
    ///
    /// # Errors
    /// If it is none.
    fn ended(&self, response: &str) -> Result<Attempt, String>;

    /// The command that an order calls off; none if it does something else.
    fn called_off(&self, order: &str) -> Option<CommandId>;

    /// What a response to calling off means.
    ///
    /// # Errors
    /// If it is none.
    fn after_call_off(&self, response: &str) -> Result<CalledOff, String>;
}

/// What an instance knows of the enrolled hosts.
pub struct Switchboard {
    store: SharedStore,
    clock: SharedClock,
    authority: SystemAuthority,
    pub(super) protocol: Arc<dyn HostProtocol>,
    identity: OnceCell<String>,
    hosts: Mutex<HashMap<String, Host>>,
}

#[derive(Clone)]
struct Host {
    stored: StoredResponder,
    /// When it was seen by this instance.
    seen: Timestamp,
    bell: Arc<Notify>,
}

/// What became of an order that was to be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// It waits for the host, which is there.
    Waiting,
    /// The host is away; nothing was placed.
    Away(String),
}

impl Switchboard {
    /// Over a store.
    #[must_use]
    pub fn new(
        store: SharedStore,
        clock: SharedClock,
        authority: SystemAuthority,
        protocol: Arc<dyn HostProtocol>,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            clock,
            authority,
            protocol,
            identity: OnceCell::new(),
            hosts: Mutex::default(),
        })
    }

    /// Reads what is known of all hosts.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn load(&self) -> Result<(), Error> {
        for stored in self.store.responders().await? {
            self.keep(stored);
        }
        Ok(())
    }

    /// Reads what is known of a host, which another instance may have changed.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn refresh(&self, name: &str) -> Result<(), Error> {
        if let Some(stored) = self.store.responder(name).await? {
            self.keep(stored);
        }
        Ok(())
    }

    /// What the host can do, as it said last; none of one that is unknown or was revoked, or whose key two hosts have.
    #[must_use]
    pub fn pairs(&self, name: &str) -> Option<Value> {
        let stored = self.lock().get(name)?.stored.clone();
        if stored.revoked_at.is_some() || stored.cloned_at.is_some() {
            return None;
        }
        serde_json::from_str(&stored.pairs).ok()
    }

    /// How it stands with a host, as a sentence, and whether it is there.
    #[must_use]
    pub fn state(&self, name: &str) -> (bool, String) {
        let Some(host) = self.lock().get(name).cloned() else {
            return (false, "the host was never enrolled".to_owned());
        };
        let seen = host.seen.max(host.stored.last_seen_at);
        if let Some(at) = host.stored.revoked_at {
            return (false, format!("its key was revoked at {}", short(at)));
        }
        if let Some(at) = host.stored.cloned_at {
            return (false, format!("two hosts used its key at {}; enrol each of them anew", short(at)));
        }
        if self.clock.now().duration_since(seen) > AWAY_AFTER {
            return (false, format!("not connected; last seen at {}", short(seen)));
        }
        (true, format!("connected, version {}, last seen at {}", host.stored.version, short(seen)))
    }

    /// Puts an order where its host finds it, and rings. The same order again changes nothing.
    ///
    /// # Errors
    /// If it can't be signed, or the store fails.
    pub async fn place(&self, name: &str, id: CommandId, command: &str) -> Result<Placed, Error> {
        let (is_there, says) = self.state(name);
        if !is_there {
            return Ok(Placed::Away(says));
        }
        let sealed = self.identity().await?;
        let signature = self.protocol.sign_order(&sealed, name, &id.to_string(), command);
        let order = StoredOrder {
            command_id: id,
            responder: name.to_owned(),
            command: command.to_owned(),
            signature: signature.map_err(Error::Internal)?,
            created_at: self.clock.now(),
        };
        let mut tx = self.store.begin_system(&self.authority).await?;
        tx.insert_responder_order(&order).await?;
        tx.commit().await?;
        self.ring(name);
        Ok(Placed::Waiting)
    }

    /// Our own secret, sealed; made when it is first needed.
    ///
    /// # Errors
    /// If it can't be made or opened, or the store fails.
    pub async fn identity(&self) -> Result<String, Error> {
        let made = self.identity.get_or_try_init(async || {
            let mut tx = self.store.begin_system(&self.authority).await?;
            let sealed = if let Some(sealed) = self.store.metadata(IDENTITY).await? {
                sealed
            } else {
                let sealed = self.protocol.new_secret().map_err(Error::Internal)?;
                tx.set_metadata(IDENTITY, &sealed).await?;
                sealed
            };
            self.protocol.check_secret(&sealed).map_err(Error::Internal)?;
            tx.commit().await?;
            Ok::<_, Error>(sealed)
        });
        made.await.cloned()
    }

    /// The host that signed a request.
    ///
    /// # Errors
    /// [`Error::NotSignedIn`] whatever is wrong with it.
    pub(super) async fn believe(&self, request: &SealedRequest) -> Result<StoredResponder, Error> {
        let known = self.lock().get(&request.responder).map(|host| host.stored.clone());
        let known = match known {
            Some(known) if self.protocol.signed_request(&known.public_key, request) => known,
            // Another instance may have taken it in anew.
            _ => {
                let stored = self.store.responder(&request.responder).await?.ok_or(Error::NotSignedIn)?;
                self.keep(stored.clone());
                stored
            }
        };
        let at = request.timestamp.parse().ok().and_then(|at| Timestamp::from_second(at).ok());
        let is_fresh = at.is_some_and(|at| self.clock.now().duration_since(at).abs() <= TOLERANCE);
        let is_signed = self.protocol.signed_request(&known.public_key, request);
        if !is_fresh || !is_signed || known.revoked_at.is_some() {
            tracing::warn!(responder = request.responder, is_fresh, is_signed, "a host is not believed");
            return Err(Error::NotSignedIn);
        }
        Ok(known)
    }

    /// The orders of a host that asks, as soon as there are some.
    pub(super) async fn poll(&self, host: StoredResponder, poll: &Poll) -> Result<Orders, Error> {
        let now = self.clock.now();
        let after = seen(&host, poll, now);
        let is_clone = after.cloned_at.is_some();
        if after != host && !self.note(&after).await? {
            // Its key was revoked, or is another, since it was read here.
            self.refresh(&host.name).await?;
            return Err(Error::NotSignedIn);
        }
        if is_clone {
            tracing::error!(responder = host.name, "two hosts use the same key");
            return Err(Error::NotSignedIn);
        }
        let bell = self.keep_seen(after, now);
        let wait = Duration::from_secs(poll.wait.min(MAX_WAIT).into());
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            if !self.is_current(&host.name, &poll.instance) {
                // Another process took its place, or its key ended, while it waited.
                return Err(Error::NotSignedIn);
            }
            let orders = self.store.responder_orders(&host.name, MAX_ORDERS).await?;
            let orders: Vec<_> = orders
                .into_iter()
                .filter(|order| !poll.in_hand.contains(&order.command_id.to_string()))
                .map(|order| SignedOrder {
                    command_id: order.command_id.to_string(),
                    command: order.command,
                    signature: order.signature,
                })
                .collect();
            if !orders.is_empty() || tokio::time::Instant::now() >= deadline {
                return Ok(Orders { orders });
            }
            let look = (tokio::time::Instant::now() + LOOK_INTERVAL).min(deadline);
            let _ = tokio::time::timeout_at(look, bell.notified()).await;
        }
    }

    /// Writes that a host was seen, and has it known here.
    async fn note(&self, stored: &StoredResponder) -> Result<bool, Error> {
        let mut tx = self.store.begin_system(&self.authority).await?;
        let is_written = tx.note_responder_seen(stored).await?;
        tx.commit().await?;
        if is_written {
            self.keep(stored.clone());
        }
        Ok(is_written)
    }

    pub(super) fn keep(&self, stored: StoredResponder) {
        let mut hosts = self.lock();
        if let Some(host) = hosts.get_mut(&stored.name) {
            host.stored = stored;
        } else {
            let host = Host { seen: stored.last_seen_at, bell: Arc::default(), stored };
            hosts.insert(host.stored.name.clone(), host);
        }
    }

    fn keep_seen(&self, stored: StoredResponder, now: Timestamp) -> Arc<Notify> {
        let name = stored.name.clone();
        self.keep(stored);
        let mut hosts = self.lock();
        hosts.get_mut(&name).map_or_else(Arc::default, |host| {
            host.seen = now;
            Arc::clone(&host.bell)
        })
    }

    fn is_current(&self, name: &str, instance: &str) -> bool {
        self.lock().get(name).is_some_and(|Host { stored, .. }| {
            stored.instance == instance && stored.revoked_at.is_none() && stored.cloned_at.is_none()
        })
    }

    fn ring(&self, name: &str) {
        if let Some(host) = self.lock().get(name) {
            host.bell.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of a host after it asked. A process that asks again after another took its place is on another host.
fn seen(before: &StoredResponder, poll: &Poll, now: Timestamp) -> StoredResponder {
    let mut after = before.clone();
    let mut earlier: Vec<String> = serde_json::from_str(&before.earlier).unwrap_or_default();
    if before.instance != poll.instance {
        if earlier.contains(&poll.instance) {
            after.cloned_at = before.cloned_at.or(Some(now));
        }
        earlier.retain(|known| *known != poll.instance && !known.is_empty());
        earlier.insert(0, before.instance.clone());
        earlier.truncate(MAX_EARLIER);
        after.instance.clone_from(&poll.instance);
        after.earlier = Value::from(earlier).to_string();
    }
    let (version, pairs) = (poll.version.clone(), poll.pairs.to_string());
    if version != before.version
        || pairs != before.pairs
        || now.duration_since(before.last_seen_at) > SEEN_INTERVAL
    {
        after.version = version;
        after.pairs = pairs;
        after.last_seen_at = now;
    }
    after
}

fn short(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_comes_back_after_another_took_its_place_is_a_second_host() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let poll = |instance: &str| Poll {
            instance: instance.to_owned(),
            version: "1".to_owned(),
            pairs: serde_json::json!({}),
            in_hand: Vec::new(),
            wait: 0,
        };
        let host = StoredResponder {
            name: "web-1".into(),
            asset: "web-1".into(),
            public_key: String::new(),
            version: "1".into(),
            pairs: "{}".into(),
            enrolled_at: at(0),
            last_seen_at: at(0),
            instance: String::new(),
            earlier: "[]".into(),
            cloned_at: None,
            revoked_at: None,
        };
        let mut now = 0;
        let mut walk = |instances: &[&str]| {
            let mut host = host.clone();
            for instance in instances {
                now += 1;
                host = seen(&host, &poll(instance), at(now));
            }
            host.cloned_at.is_some()
        };
        // Starts one after the other, and one that asks often.
        assert!(!walk(&["a", "a", "a"]));
        assert!(!walk(&["a", "b", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]));
        assert!(walk(&["a", "b", "a"]));
        assert!(walk(&["a", "b", "c", "a"]));
        assert!(walk(&["a", "b", "c", "d", "b"]));
    }
}
