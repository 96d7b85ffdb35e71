//! How many streams of events are open, and of whom.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Streams of one principal.
pub(super) const MAX_STREAMS_EACH: usize = 20;
/// Streams in all; half of the connections that the server takes.
pub(super) const MAX_STREAMS: usize = 512;

/// The number of open streams by principal.
#[derive(Debug, Clone, Default)]
pub(super) struct Streams(Arc<Mutex<HashMap<String, usize>>>);

/// Permission to keep one stream open, given back when the stream is dropped.
pub(super) struct StreamPermit {
    streams: Streams,
    principal: String,
}

impl Streams {
    /// A permit for a principal; none if there are too many streams already.
    pub(super) fn acquire(&self, principal: &str) -> Option<StreamPermit> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let own = open.get(principal).copied().unwrap_or_default();
        if all >= MAX_STREAMS || own >= MAX_STREAMS_EACH {
            return None;
        }
        open.insert(principal.to_owned(), own + 1);
        Some(StreamPermit { streams: self.clone(), principal: principal.to_owned() })
    }
}

impl Streams {
    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.principal) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                open.remove(&self.principal);
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
        let own: Vec<_> = (0..MAX_STREAMS_EACH).map(|_| streams.acquire("ana").unwrap()).collect();
        assert!(streams.acquire("ana").is_none());
        assert!(streams.acquire("ben").is_some());
        drop(own);
        assert!(streams.0.lock().unwrap().is_empty(), "what nobody holds is forgotten");
        let all: Vec<_> =
            (0..MAX_STREAMS).map(|n| streams.acquire(&(n / MAX_STREAMS_EACH).to_string()).unwrap()).collect();
        assert!(streams.acquire("zoe").is_none());
        drop(all);
        assert!(streams.acquire("zoe").is_some());
    }
}
