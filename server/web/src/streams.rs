//! How many streams of events are open, and of whom.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::edge::accept::network;

/// Streams of one principal.
pub(super) const MAX_STREAMS_EACH: usize = 20;
/// Streams of one address.
pub(super) const MAX_STREAMS_ADDRESS: usize = 256;
/// Streams in all; half of the connections that the server takes.
pub(super) const MAX_STREAMS: usize = 512;

/// Whose a stream is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Owner {
    Principal(String),
    Address(IpAddr),
}

/// The number of open streams by owner, and of all.
#[derive(Debug, Clone, Default)]
pub(super) struct Streams(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by: HashMap<Owner, usize>,
}

/// Permission to keep one stream open, given back when the stream is dropped.
pub(super) struct StreamPermit {
    streams: Streams,
    owners: Vec<Owner>,
}

impl Streams {
    /// A permit for a principal at an address; none if there are too many streams already.
    pub(super) fn acquire(&self, principal: &str, address: Option<IpAddr>) -> Option<StreamPermit> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut owners = vec![(Owner::Principal(principal.to_owned()), MAX_STREAMS_EACH)];
        owners.extend(address.map(|address| (Owner::Address(network(address)), MAX_STREAMS_ADDRESS)));
        let full = |(owner, most): &(Owner, usize)| open.by.get(owner).is_some_and(|own| own >= most);
        if open.all >= MAX_STREAMS || owners.iter().any(full) {
            return None;
        }
        open.all += 1;
        let owners: Vec<_> = owners.into_iter().map(|(owner, _)| owner).collect();
        for owner in &owners {
            *open.by.entry(owner.clone()).or_default() += 1;
        }
        Some(StreamPermit { streams: self.clone(), owners })
    }
}

impl Streams {
    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        for owner in &self.owners {
            match open.by.get_mut(owner) {
                Some(own) if *own > 1 => *own -= 1,
                _ => {
                    open.by.remove(owner);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_limited_and_permits_given_back() {
        let streams = Streams::default();
        let acquire = |principal: &str| streams.acquire(principal, None);
        let own: Vec<_> = (0..MAX_STREAMS_EACH).map(|_| acquire("ana").unwrap()).collect();
        assert!(acquire("ana").is_none());
        assert!(acquire("ben").is_some());
        drop(own);
        assert!(streams.0.lock().unwrap().by.is_empty(), "what nobody holds is forgotten");
        let all: Vec<_> =
            (0..MAX_STREAMS).map(|n| acquire(&(n / MAX_STREAMS_EACH).to_string()).unwrap()).collect();
        assert!(acquire("zoe").is_none());
        drop(all);
        assert!(acquire("zoe").is_some());
    }

    #[test]
    fn t26_one_address_leaves_streams_for_others() {
        let streams = Streams::default();
        let at = |last: u8| Some(IpAddr::from([192, 0, 2, last]));
        let all: Vec<_> = (0..MAX_STREAMS_ADDRESS)
            .map(|n| streams.acquire(&(n / 20).to_string(), at(1)).unwrap())
            .collect();
        assert!(streams.acquire("zoe", at(1)).is_none());
        assert!(streams.acquire("zoe", at(2)).is_some() && streams.acquire("zoe", None).is_some());
        drop(all);
        assert!(streams.0.lock().unwrap().by.is_empty());
    }
}
