//! `GET /events`: changes as they happen, as server-sent events (HTML Standard, section 9.2).
//!
//! `hello` or `reset` say where the log ends, after which everything on the screen must be loaded; `change` is one
//! change of an action that the caller may see; `end` says that the caller may see nothing any more. Each carries the
//! record's number as its id, and whoever names one in `Last-Event-ID` or `after` goes on from there. Who is calling
//! is asked again each minute, when a session ends, and when anybody signs in or out.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::{AuditKind, Caller, Change, Error, RowScope};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use super::edge::client::Client;
use super::edge::credential::Credential;
use super::edge::problem::Problem;
use super::state::AppState;
use super::streams::{MAX_STREAMS, MAX_STREAMS_ADDRESS, MAX_STREAMS_EACH, StreamPermit};
use store::Followed;

/// How often an idle stream sends something, so that proxies do not take a silent connection for a dead one.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// How often the caller's credential is checked again.
const CHECK_INTERVAL: SignedDuration = SignedDuration::from_mins(1);
/// The pause after a failure of the database.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The query of a stream.
#[derive(Deserialize)]
pub(super) struct StreamQuery {
    /// The number of the last record that was seen.
    after: Option<String>,
}

/// The query as axum extracts it.
pub(super) type StreamQueryResult = Result<Query<StreamQuery>, axum::extract::rejection::QueryRejection>;

/// `GET /events`, for browsers.
pub(super) async fn for_people(
    State(app): State<AppState>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    query: StreamQueryResult,
) -> Result<Response, Problem> {
    let credential = Credential::session(&headers).ok_or(Error::NotSignedIn)?;
    let client = client.map(|Extension(client)| client).unwrap_or_default();
    open(app, client, credential, &headers, query).await
}

/// Opens a stream for whoever presents the credential.
pub(super) async fn open(
    app: AppState,
    client: Client,
    credential: Credential,
    headers: &HeaderMap,
    query: StreamQueryResult,
) -> Result<Response, Problem> {
    let (caller, ends) = credential.check(&app.sessions).await?;
    let scope = RowScope::of(&caller).map_err(Error::from)?;
    let last_seen = last_seen(headers, query)?;
    let permit = app.streams.acquire(&caller.actor.id, client.address).ok_or_else(|| {
        let detail = format!(
            "{MAX_STREAMS_EACH} live connections are open already, or {MAX_STREAMS_ADDRESS} of this address, or \
             {MAX_STREAMS} of everyone; close one"
        );
        Problem::edge(StatusCode::TOO_MANY_REQUESTS, detail)
    })?;
    let (greeting, at) = match last_seen {
        None => (Some("hello"), app.feed.head()),
        Some(seq) => match app.feed.resume(seq).await.map_err(Error::from)? {
            Some(seq) => (None, seq),
            None => (Some("reset"), app.feed.head()),
        },
    };
    let mut first = come_again();
    match greeting {
        Some(greeting) => {
            write_event(&mut first, greeting, at, &serde_json::json!({ "seq": at }).to_string());
        }
        None => first.push('\n'),
    }
    let check_at = next_check(&app, ends);
    let follower =
        Follower { app, credential, caller, scope, at, check_at, first: Some(first), _permit: permit };
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

/// When to come again: browsers that lost the same server do so at different times.
fn come_again() -> String {
    format!("retry: {}\n", rand::random_range(1_000..2_000))
}

/// The number of the last record that the caller saw.
fn last_seen(headers: &HeaderMap, query: StreamQueryResult) -> Result<Option<i64>, Problem> {
    let Query(StreamQuery { after }) = query.map_err(|_| Problem::malformed("the query can't be read"))?;
    let last = headers.get("last-event-id").map(|id| id.to_str().unwrap_or("not a text"));
    let text = last.filter(|id| !id.is_empty()).or(after.as_deref());
    let seq = text
        .map(|text| text.parse().ok().filter(|seq: &i64| *seq >= 0))
        .map(|seq| seq.ok_or_else(|| Problem::malformed("Last-Event-ID or after is not the id of an event")));
    seq.transpose()
}

/// When to ask again who is calling.
fn next_check(app: &AppState, ends: Timestamp) -> Instant {
    let left = ends.duration_since(app.clock.now()).min(CHECK_INTERVAL);
    Instant::now() + Duration::try_from(left).unwrap_or_default()
}

/// Whether it may have ended somebody's session. All are, that are not about actions.
fn is_about_accounts(record: &Followed) -> bool {
    record.changed.is_none() && record.kind != AuditKind::Refused
}

/// A record as a caller may see it; nothing, if it changed no action, or a hidden one.
pub(super) fn visible_change(record: &Followed, caller: &Caller, scope: &RowScope) -> Option<Change> {
    let changed = record.changed.as_ref().filter(|changed| scope.shows(&changed.row))?;
    Some(Change {
        seq: record.seq,
        subject: changed.id.into(),
        kind: record.kind,
        version: changed.version,
        lane: changed.row.lane,
        by: record.by.label(),
        mine: record.by.id == caller.actor.id,
    })
}

/// Writes one event in the form of the HTML Standard.
fn write_event(into: &mut String, name: &str, seq: i64, data: &str) {
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
    _permit: StreamPermit,
}

impl Follower {
    /// What to send next, and whether there is more to come; when the server stops, that is when to come again.
    async fn next(mut self) -> Option<(String, Option<Self>)> {
        if let Some(first) = self.first.take() {
            return Some((first, Some(self)));
        }
        let keep_alive_at = Instant::now() + KEEP_ALIVE_INTERVAL;
        let stop = self.app.feed.stop().clone();
        loop {
            let records = tokio::select! {
                biased;
                () = stop.cancelled() => return Some((come_again() + "\n", None)),
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
                    let text = self.events(&records);
                    if !text.is_empty() {
                        return Some((text, Some(self)));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a stream of events waits for the database");
                    tokio::time::sleep(RETRY_DELAY).await;
                }
            }
        }
    }

    /// The records as events, all that came together in one piece.
    fn events(&mut self, records: &[Arc<Followed>]) -> String {
        let mut text = String::new();
        let Some(last) = records.last() else {
            self.at = self.app.feed.head();
            write_event(&mut text, "reset", self.at, &serde_json::json!({ "seq": self.at }).to_string());
            return text;
        };
        for record in records {
            if let Some(change) = visible_change(record, &self.caller, &self.scope)
                && let Ok(data) = serde_json::to_string(&change)
            {
                write_event(&mut text, "change", record.seq, &data);
            }
        }
        self.at = last.seq;
        text
    }

    async fn authenticate(&self) -> Result<(Caller, RowScope, Timestamp), Error> {
        let (caller, ends) = self.credential.check(&self.app.sessions).await?;
        let scope = RowScope::of(&caller)?;
        Ok((caller, scope, ends))
    }

    /// Asks again who is calling and what they see. An error is the stream's last event.
    async fn check(&mut self) -> Result<(), String> {
        match self.authenticate().await {
            Ok((caller, scope, ends)) => {
                self.check_at = next_check(&self.app, ends);
                (self.caller, self.scope) = (caller, scope);
                Ok(())
            }
            Err(error @ (Error::NotSignedIn | Error::Forbidden(_))) => {
                let mut end = String::new();
                write_event(
                    &mut end,
                    "end",
                    self.at,
                    &serde_json::json!({ "code": error.code() }).to_string(),
                );
                Err(end)
            }
            Err(error) => {
                // Without the database there is nothing to tell either.
                tracing::warn!(%error, "who follows could not be checked; trying again");
                self.check_at = Instant::now() + RETRY_DELAY;
                Ok(())
            }
        }
    }
}
