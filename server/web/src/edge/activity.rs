//! What goes on in one connection: requests that are answered, and answers that nobody takes.
//!
//! HTTP/1.1 has limits of its own for a header and for what is written. In HTTP/2 a client can keep a connection by pings
//! alone, and can leave one answer unread while it takes others.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

/// How long a client may take until its first request.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// How long a connection may have no request.
const QUIET: Duration = Duration::from_mins(1);
/// How long a client may take none of an answer. A stream of events has something to send more often.
const UNREAD: Duration = Duration::from_secs(40);

/// The requests of one connection.
#[derive(Debug, Clone)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Since when there is no request; before the first one, since the connection came.
    quiet_since: Instant,
    /// How many requests there were.
    requests: u64,
    /// Those under way: when something of the answer was last taken, once there is one.
    under_way: HashMap<u64, Option<Instant>>,
}

/// What to do with a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on.
    Goes,
    /// Nothing is asked for: it may be ended in order.
    Quiet,
    /// An answer is not taken: it is cut.
    Unread,
}

/// A request under way, until its answer was taken or dropped.
#[derive(Debug)]
pub(super) struct Exchange {
    activity: Activity,
    number: u64,
}

impl Activity {
    /// A connection that came now.
    pub(super) fn new() -> Self {
        let (quiet_since, requests, under_way) = (Instant::now(), 0, HashMap::new());
        Self(Arc::new(Mutex::new(State { quiet_since, requests, under_way })))
    }

    /// A request begins.
    pub(super) fn begin(&self) -> Exchange {
        let mut state = self.state();
        state.requests += 1;
        let number = state.requests;
        state.under_way.insert(number, None);
        drop(state);
        Exchange { activity: self.clone(), number }
    }

    /// What to do with the connection now.
    pub(super) fn verdict(&self, now: Instant) -> Verdict {
        let state = self.state();
        if state.under_way.is_empty() {
            let most = if state.requests == 0 { FIRST_REQUEST } else { QUIET };
            return if now.duration_since(state.quiet_since) >= most {
                Verdict::Quiet
            } else {
                Verdict::Goes
            };
        }
        let unread = |at: &Option<Instant>| at.is_some_and(|at| now.duration_since(at) >= UNREAD);
        if state.under_way.values().any(unread) { Verdict::Unread } else { Verdict::Goes }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange {
    /// The body of the answer, which from now on has to be taken.
    pub(super) fn watch(self, body: Body) -> Body {
        self.taken();
        Body::new(Watched { body, exchange: self })
    }

    fn taken(&self) {
        self.activity.state().under_way.insert(self.number, Some(Instant::now()));
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut state = self.activity.state();
        state.under_way.remove(&self.number);
        state.quiet_since = Instant::now();
    }
}

/// A body of which is known when something of it was taken.
struct Watched {
    body: Body,
    exchange: Exchange,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.exchange.taken();
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    #[tokio::test]
    async fn a_connection_needs_a_request_and_an_answer_a_reader() {
        let activity = Activity::new();
        let after = |seconds| activity.verdict(Instant::now() + Duration::from_secs(seconds));
        assert_eq!(after(9), Verdict::Goes);
        assert_eq!(after(10), Verdict::Quiet, "it never asked");

        let first = activity.begin();
        assert_eq!(after(900), Verdict::Goes, "an answer may take its time to begin");
        let body = first.watch(Body::from("an answer"));
        assert_eq!((after(39), after(41)), (Verdict::Goes, Verdict::Unread));
        let second = activity.begin();
        assert_eq!(after(41), Verdict::Unread, "another one does not make up for it");
        drop(second);
        assert_eq!(body.collect().await.unwrap().to_bytes(), "an answer");
        assert_eq!((after(59), after(61)), (Verdict::Goes, Verdict::Quiet));
    }
}
