//! `GET /events`: changes as they happen, as server-sent events (HTML Standard, section 9.2).
//!
//! `hello` or `reset` say where the log ends, after which everything on the screen must be loaded; `change` is one
//! change of an action that the caller may see; `end` says that the caller may see nothing any more. Each carries the
//! record's number as its id, and whoever names one in `Last-Event-ID` or `after` goes on from there. Who is calling
//! is asked again each minute, when a session ends, and when anybody signs in or out.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::{AuditKind, Caller, Change, Error, RowScope};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use super::problem::Problem;
use super::state::AppState;
use super::{cookie, rest};
use store::Followed;

/// Streams of one principal.
const MOST_EACH: usize = 20;
/// Streams in all; half of the connections that the server takes.
const MOST: usize = 512;
/// So that proxies do not take a silent connection for a dead one.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const CHECK_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// After a failure of the database.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The streams that are open, by principal.
#[derive(Debug, Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<String, usize>>>);

/// A stream's place among them, given back when the stream is dropped.
struct Place(Streams, String);

impl Streams {
    fn take(&self, principal: &str) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let mine = open.get(principal).copied().unwrap_or_default();
        if all >= MOST || mine >= MOST_EACH {
            return None;
        }
        open.insert(principal.to_owned(), mine + 1);
        Some(Place(self.clone(), principal.to_owned()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.1) {
            Some(mine) if *mine > 1 => *mine -= 1,
            _ => {
                open.remove(&self.1);
            }
        }
    }
}

/// What the caller presents; asked again while the stream runs.
enum Credential {
    Session(String),
    Token(String),
}

impl Credential {
    /// Who is calling, which rows they see, and until when that holds at most. Looking is no use of a session: a page
    /// that nobody looks at must not keep it alive.
    async fn check(&self, app: &AppState) -> Result<(Caller, RowScope, Timestamp), Error> {
        let (caller, ends) = match self {
            Self::Session(secret) => app.sessions.glance(secret).await?,
            Self::Token(secret) => app.sessions.token(secret).await?.map(|caller| (caller, Timestamp::MAX)),
        }
        .ok_or(Error::NotSignedIn)?;
        let scope = RowScope::of(&caller)?;
        Ok((caller, scope, ends))
    }
}

#[derive(Deserialize)]
pub(super) struct Begin {
    after: Option<String>,
}

type Asked = Result<Query<Begin>, axum::extract::rejection::QueryRejection>;

/// `GET /events`, for browsers.
pub(super) async fn for_people(
    State(app): State<AppState>,
    headers: HeaderMap,
    from: Asked,
) -> Result<Response, Problem> {
    let secret = cookie::read(&headers).ok_or(Error::NotSignedIn)?;
    open(app, Credential::Session(secret.to_owned()), &headers, from).await
}

/// Follow changes: server-sent events, each with the audit sequence number as its id.
///
/// `hello` and `reset` carry `{"seq": N}`: load everything, then follow. `change` carries a change. `end` closes the
/// stream for good, with the `code` of the failure. A stream that breaks is resumed by `Last-Event-ID` or `after`.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "actions", operation_id = "follow_changes",
    params(
        ("after" = Option<i64>, Query, description = "The id of the last event that was seen"),
        ("Last-Event-ID" = Option<i64>, Header, description = "The same, and goes before it"),
    ),
    responses(
        (status = 200, description = "The data of each `change`", body = Change, content_type = "text/event-stream"),
        (status = 429, description = "Too many streams", content_type = "application/problem+json", body = Problem),
        rest::Failures,
    ),
)]
pub(super) async fn for_tools(
    State(app): State<AppState>,
    headers: HeaderMap,
    from: Asked,
) -> Result<Response, Problem> {
    let secret = headers.get(AUTHORIZATION).and_then(rest::bearer).ok_or(Error::NotSignedIn)?;
    open(app, Credential::Token(secret.to_owned()), &headers, from).await
}

async fn open(
    app: AppState,
    credential: Credential,
    headers: &HeaderMap,
    from: Asked,
) -> Result<Response, Problem> {
    let (caller, scope, ends) = credential.check(&app).await?;
    let from = asked(headers, from)?;
    let place = app.streams.take(&caller.actor.id).ok_or_else(|| {
        let detail =
            format!("{MOST_EACH} live connections are open already, or {MOST} of everyone; close one");
        Problem::edge(StatusCode::TOO_MANY_REQUESTS, detail)
    })?;
    let (word, at) = match from {
        None => (Some("hello"), app.feed.head()),
        Some(seq) => match app.feed.resume(seq).await.map_err(Error::from)? {
            Some(seq) => (None, seq),
            None => (Some("reset"), app.feed.head()),
        },
    };
    // Browsers that lost the same server come back at different times.
    let mut first = format!("retry: {}\n", rand::random_range(1_000..2_000));
    match word {
        Some(word) => event(&mut first, word, at, &serde_json::json!({ "seq": at }).to_string()),
        None => first.push('\n'),
    }
    let check_at = next_check(&app, ends);
    let follower =
        Follower { app, credential, caller, scope, at, check_at, first: Some(first), _place: place };
    let chunks = futures_util::stream::unfold(Some(follower), |follower| async move {
        let (text, follower) = follower?.next().await?;
        Some((Ok::<_, Infallible>(text), follower))
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        // Proxies that collect answers before they pass them on must not.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

/// From where the caller wants to go on.
fn asked(headers: &HeaderMap, from: Asked) -> Result<Option<i64>, Problem> {
    let Query(Begin { after }) = from.map_err(|_| Problem::malformed("the query can't be read"))?;
    let last = headers.get("last-event-id").map(|id| id.to_str().unwrap_or("not a text"));
    let text = last.filter(|id| !id.is_empty()).or(after.as_deref());
    let seq = text
        .map(|text| text.parse().ok().filter(|seq: &i64| *seq >= 0))
        .map(|seq| seq.ok_or_else(|| Problem::malformed("Last-Event-ID or after is not the id of an event")));
    seq.transpose()
}

fn next_check(app: &AppState, ends: Timestamp) -> Instant {
    let left = ends.duration_since(app.clock.now()).min(CHECK_EVERY);
    Instant::now() + Duration::try_from(left).unwrap_or_default()
}

/// Whether it may have ended somebody's session. All are, that are not about actions.
fn is_about_accounts(record: &Followed) -> bool {
    record.changed.is_none() && record.kind != AuditKind::Refused
}

fn event(into: &mut String, name: &str, seq: i64, data: &str) {
    // Writing to a text can't fail.
    let _ = write!(into, "id: {seq}\nevent: {name}\ndata: {data}\n\n");
}

/// One stream.
struct Follower {
    app: AppState,
    credential: Credential,
    caller: Caller,
    scope: RowScope,
    /// Everything up to here was told, or is not the caller's to see.
    at: i64,
    check_at: Instant,
    first: Option<String>,
    _place: Place,
}

impl Follower {
    /// What to send next, and whether there is more to come. None if the server stops.
    async fn next(mut self) -> Option<(String, Option<Self>)> {
        if let Some(first) = self.first.take() {
            return Some((first, Some(self)));
        }
        let keep_alive_at = Instant::now() + KEEP_ALIVE;
        let stop = self.app.feed.stop().clone();
        loop {
            let records = tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                () = sleep_until(self.check_at) => {
                    if let Err(end) = self.check().await {
                        return Some((end, None));
                    }
                    continue;
                }
                records = self.app.feed.after(self.at) => records,
                // An id without data is no event, and yet is where a browser goes on.
                () = sleep_until(keep_alive_at) => return Some((format!(":\nid: {}\n\n", self.at), Some(self))),
            };
            match records {
                Ok(records) => {
                    // Before anything is told: it may be what ended the caller's session.
                    if records.iter().any(|record| is_about_accounts(record))
                        && let Err(end) = self.check().await
                    {
                        return Some((end, None));
                    }
                    let text = self.tell(&records);
                    if !text.is_empty() {
                        return Some((text, Some(self)));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a stream of events waits for the database");
                    tokio::time::sleep(TRY_AGAIN_AFTER).await;
                }
            }
        }
    }

    /// The records as events, all that came together in one piece.
    fn tell(&mut self, records: &[Arc<Followed>]) -> String {
        let mut text = String::new();
        let Some(last) = records.last() else {
            self.at = self.app.feed.head();
            event(&mut text, "reset", self.at, &serde_json::json!({ "seq": self.at }).to_string());
            return text;
        };
        for record in records {
            if let Some(change) = self.seen(record)
                && let Ok(data) = serde_json::to_string(&change)
            {
                event(&mut text, "change", record.seq, &data);
            }
        }
        self.at = last.seq;
        text
    }

    /// The record as the caller may see it; nothing, if it changed no action, or a hidden one.
    fn seen(&self, record: &Followed) -> Option<Change> {
        let changed = record.changed.as_ref().filter(|changed| self.scope.shows(&changed.row))?;
        Some(Change {
            seq: record.seq,
            action: changed.id,
            kind: record.kind,
            version: changed.version,
            lane: changed.row.lane,
            by: record.by.name.clone(),
            mine: record.by.id == self.caller.actor.id,
        })
    }

    /// Asks again who is calling and what they see. An error is the stream's last event.
    async fn check(&mut self) -> Result<(), String> {
        match self.credential.check(&self.app).await {
            Ok((caller, scope, ends)) => {
                self.check_at = next_check(&self.app, ends);
                (self.caller, self.scope) = (caller, scope);
                Ok(())
            }
            Err(error @ (Error::NotSignedIn | Error::Forbidden(_))) => {
                let mut end = String::new();
                event(&mut end, "end", self.at, &serde_json::json!({ "code": error.code() }).to_string());
                Err(end)
            }
            Err(error) => {
                // Without the database there is nothing to tell either.
                tracing::warn!(%error, "who follows could not be checked; trying again");
                self.check_at = Instant::now() + TRY_AGAIN_AFTER;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_and_given_back() {
        let streams = Streams::default();
        let mine: Vec<_> = (0..MOST_EACH).map(|_| streams.take("ana").unwrap()).collect();
        assert!(streams.take("ana").is_none());
        assert!(streams.take("ben").is_some());
        drop(mine);
        assert!(streams.0.lock().unwrap().is_empty(), "what nobody holds is forgotten");
        let all: Vec<_> = (0..MOST).map(|n| streams.take(&(n / MOST_EACH).to_string()).unwrap()).collect();
        assert!(streams.take("zoe").is_none());
        drop(all);
        assert!(streams.take("zoe").is_some());
    }
}
