//! How many requests a token, and an address, may send: so many at once, and as many again in so many seconds.
//!
//! Each answer says what is left, in the fields of draft-ietf-httpapi-ratelimit-headers (`RateLimit-Policy`, `RateLimit`). Each
//! server counts for itself.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::CredentialId;
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::accept::network;
use super::client::Client;
use super::problem::Problem;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");
/// Keys after which those that have all of their requests again are forgotten.
const MANY: usize = 1_000;

/// So many requests in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The requests, all of which may come at once.
    pub requests: NonZeroU32,
    /// The seconds.
    pub seconds: NonZeroU32,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/').and_then(|(requests, seconds)| {
            Some(Self { requests: requests.trim().parse().ok()?, seconds: seconds.trim().parse().ok()? })
        });
        // A day is as long as anybody waits for the next one.
        let known = parts.filter(|rate| rate.seconds.get() <= 86_400 && rate.each() > Duration::ZERO);
        known.ok_or_else(|| "write REQUESTS/SECONDS, for example 6000/60".to_owned())
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.requests, self.seconds)
    }
}

impl Rate {
    /// The time after which one more may come.
    fn each(self) -> Duration {
        Duration::from_secs(self.seconds.get().into()) / self.requests.get()
    }
}

/// The rates that a server keeps.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rates {
    /// Of a token; none without a limit.
    pub token: Option<Rate>,
    /// Of an address; none without a limit.
    pub address: Option<Rate>,
}

/// Counts the requests of each key.
pub(crate) struct Limiter<K: Hash + Eq + Clone> {
    name: &'static str,
    rate: Rate,
    clock: DefaultClock,
    counts: RateLimiter<K, HashMapStateStore<K>, DefaultClock, StateInformationMiddleware>,
}

/// What is left of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    name: &'static str,
    rate: Rate,
    requests: u32,
    /// How long until one more may come, if none may now.
    wait: Option<Duration>,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    pub(crate) fn new(name: &'static str, rate: Rate) -> Option<Self> {
        let quota = Quota::with_period(rate.each())?.allow_burst(rate.requests);
        let clock = DefaultClock::default();
        let counts = RateLimiter::new(quota, HashMapStateStore::default(), clock.clone());
        Some(Self { name, rate, clock, counts })
    }

    /// Counts one request.
    pub(crate) fn count(&self, key: &K) -> Left {
        if self.counts.len() >= MANY {
            self.counts.retain_recent();
        }
        let (requests, wait) = match self.counts.check_key(key) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(not_until) => (0, Some(not_until.wait_time_from(self.clock.now()))),
        };
        Left { name: self.name, rate: self.rate, requests, wait }
    }
}

impl Left {
    /// Whether the request may go on.
    pub(crate) fn allows(&self) -> bool {
        self.wait.is_none()
    }

    /// Writes it into an answer.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let (name, requests, seconds) = (self.name, self.rate.requests, self.rate.seconds);
        let full = self.rate.each() * (requests.get() - self.requests);
        let policy = format!("\"{name}\";q={requests};w={seconds}");
        let left = format!("\"{name}\";r={};t={}", self.requests, whole_seconds(full));
        for (field, value) in [(POLICY, policy), (LEFT, left)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.append(field, value);
            }
        }
    }

    /// The answer to a request that may not go on.
    pub(crate) fn refusal(&self) -> Response {
        metrics::counter!("countersign_rate_limited_total", "policy" => self.name).increment(1);
        let seconds = whole_seconds(self.wait.unwrap_or_default()).max(1);
        let detail = format!(
            "this {} may send {} requests in {} seconds; come again in {seconds} s",
            self.name, self.rate.requests, self.rate.seconds
        );
        let mut answer = Problem::rate_limited(detail).into_response();
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        self.write(answer.headers_mut());
        answer
    }
}

/// Rounded up: who comes earlier comes too early.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// The limits of the API.
#[derive(Clone, Default)]
pub(crate) struct RateLimits {
    token: Option<Arc<Limiter<CredentialId>>>,
    address: Option<Arc<Limiter<IpAddr>>>,
}

impl RateLimits {
    pub(crate) fn new(rates: Rates) -> Self {
        Self {
            token: rates.token.and_then(|rate| Limiter::new("token", rate)).map(Arc::new),
            address: rates.address.and_then(|rate| Limiter::new("address", rate)).map(Arc::new),
        }
    }

    /// Counts a request of a token; nothing if there is no limit.
    pub(crate) fn token(&self, of: CredentialId) -> Option<Left> {
        self.token.as_ref().map(|limiter| limiter.count(&of))
    }
}

/// Counts the request for its client's address before anything is asked of the database.
pub(crate) async fn limit_address(State(rates): State<RateLimits>, request: Request, next: Next) -> Response {
    let client = request.extensions().get::<Client>().copied().unwrap_or_default();
    let left = rates.address.as_ref().zip(client.address).map(|(limiter, of)| limiter.count(&network(of)));
    match left {
        Some(left) if !left.allows() => left.refusal(),
        Some(left) => {
            let mut answer = next.run(request).await;
            left.write(answer.headers_mut());
            answer
        }
        None => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_requests_in_seconds() {
        let rate: Rate = "600/60".parse().unwrap();
        assert_eq!((rate.requests.get(), rate.seconds.get(), rate.to_string().as_str()), (600, 60, "600/60"));
        for bad in ["", "600", "0/60", "600/0", "-1/60", "600/60/1", "1/86401", "x/60", "4294967296/1"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn each_has_its_own_requests_and_is_told_what_is_left() {
        let limiter = Limiter::new("token", "3/3600".parse().unwrap()).unwrap();
        let said = |left: &Left| {
            let mut headers = HeaderMap::new();
            left.write(&mut headers);
            (headers[POLICY].to_str().unwrap().to_owned(), headers[LEFT].to_str().unwrap().to_owned())
        };
        let policy = "\"token\";q=3;w=3600".to_owned();
        assert_eq!(said(&limiter.count(&1)), (policy.clone(), "\"token\";r=2;t=1200".to_owned()));
        assert_eq!(said(&limiter.count(&1)), (policy.clone(), "\"token\";r=1;t=2400".to_owned()));
        assert!(limiter.count(&1).allows());
        let over = limiter.count(&1);
        assert!(!over.allows());
        assert_eq!(said(&over), (policy, "\"token\";r=0;t=3600".to_owned()));
        let answer = over.refusal();
        assert_eq!(answer.status(), 429);
        let wait: u64 = answer.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1_190..=1_200).contains(&wait), "{wait}");
        assert!(limiter.count(&2).allows(), "another one");
    }

    #[test]
    fn those_who_come_no_more_are_forgotten() {
        let limiter = Limiter::new("address", "1000/1".parse().unwrap()).unwrap();
        for key in 0..50_000_u32 {
            limiter.count(&key);
        }
        assert!(limiter.counts.len() < 20_000, "{}", limiter.counts.len());
    }
}
