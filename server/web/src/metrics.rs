//! `GET /metrics`, in the text format of Prometheus, on a port of its own: for whoever watches, not for who uses.
//!
//! What happens is counted where it happens; what waits is asked for when somebody reads. `docs/metrics.md` lists all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::RowScope;
use jiff::Timestamp;
use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::edge::accept::{self, Door};
use super::state::AppState;
use store::{DISPATCH_PAUSED, OpenCommands, Queue, StoreError};

/// The bounds of times, in seconds.
const BUCKETS: &[f64] = &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// How long the database may take to say what waits.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections of one address.
const CONNECTIONS_EACH: usize = 32;

/// The recorder of this process, which is installed once.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Executors that were told to have open commands: one that has none any more is told as such, not as it was last.
type Told = Arc<Mutex<BTreeSet<String>>>;

/// Begins to count what happens in this process.
///
/// # Errors
/// If the buckets are none, which a test rules out.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    if let Some(handle) = RECORDER.get() {
        return Ok(handle.clone());
    }
    let recorder = PrometheusBuilder::new().set_buckets(BUCKETS)?.build_recorder();
    let handle = recorder.handle();
    // Whoever was first has it.
    if metrics::set_global_recorder(recorder).is_ok() {
        describe();
        drop(RECORDER.set(handle.clone()));
    }
    Ok(RECORDER.get().cloned().unwrap_or(handle))
}

fn describe() {
    describe_gauge!("countersign_actions", "Actions by lane, but for history");
    describe_gauge!("countersign_oldest_pending_seconds", "How long the oldest pending action waits");
    describe_gauge!("countersign_open_commands", "Commands that are not done, by executor");
    describe_gauge!("countersign_oldest_command_seconds", "How long the oldest of them waits, by executor");
    describe_gauge!("countersign_dispatch_paused", "1 while nothing is handed to executors");
    describe_gauge!("countersign_streams", "Streams of events that are open here");
    describe_gauge!(
        "countersign_event_lag_records",
        "Records of the log that this instance has not read yet"
    );
    describe_gauge!("countersign_clock_difference_seconds", "This machine's clock less the database's");
    describe_gauge!("countersign_database_up", "1 if the database answers");
    describe_counter!(
        "countersign_records_total",
        "Records of the audit log by kind, as this instance read them"
    );
    describe_counter!(
        "countersign_csp_reports_total",
        "Violations of the pages' policy that browsers reported, by directive"
    );
    describe_counter!("countersign_rate_limited_total", "Requests that came faster than they may, by policy");
    describe_histogram!(
        "countersign_http_request_seconds",
        "Time until an answer begins, by class of status"
    );
    describe_histogram!(
        "countersign_database_seconds",
        "Time until a transaction begins, and for its commit"
    );
    describe_histogram!("countersign_attempt_seconds", "Attempts of executors, by executor and outcome");
}

/// Serves it until `stop` is cancelled.
pub async fn serve(listener: TcpListener, handle: PrometheusHandle, app: AppState, stop: CancellationToken) {
    let router = Router::new().route("/metrics", get(render)).with_state((handle, app, Told::default()));
    accept::serve(Door { listener, tls: None, router }, |_| CONNECTIONS_EACH, stop).await;
}

async fn render(State((handle, app, told)): State<(PrometheusHandle, AppState, Told)>) -> Response {
    let looked = tokio::time::timeout(READ_TIMEOUT, look(&app, &told)).await;
    let up = match looked {
        Ok(Ok(())) => 1.0,
        Ok(Err(error)) => {
            tracing::warn!(%error, "what waits is not known");
            0.0
        }
        Err(_) => 0.0,
    };
    gauge!("countersign_database_up").set(up);
    gauge!("countersign_streams").set(number(app.streams.open()));
    gauge!("countersign_clock_difference_seconds").set(app.clock.difference().as_secs_f64());
    handle.run_upkeep();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response()
}

/// Asks the database what waits.
async fn look(app: &AppState, told: &Told) -> Result<(), StoreError> {
    let now = app.clock.now();
    let asked = Instant::now();
    let counts = app.store.lane_counts(&RowScope::ALL).await?;
    metrics::histogram!("countersign_database_seconds", "operation" => "read").record(asked.elapsed());
    gauge!("countersign_actions", "lane" => "pending").set(number(counts.pending));
    gauge!("countersign_actions", "lane" => "in_progress").set(number(counts.in_progress));
    let Queue { oldest_pending, open } = app.store.queue().await?;
    gauge!("countersign_oldest_pending_seconds").set(since(oldest_pending, now));
    tell_open(open, told, now);
    let paused = app.store.metadata(DISPATCH_PAUSED).await?.is_some_and(|why| !why.is_empty());
    gauge!("countersign_dispatch_paused").set(if paused { 1.0 } else { 0.0 });
    let lag = app.store.audit_head().await? - app.feed.head();
    gauge!("countersign_event_lag_records").set(number(lag.max(0)));
    Ok(())
}

/// Tells the open commands of each executor that has some, or had some when somebody read before.
fn tell_open(open: Vec<OpenCommands>, told: &Told, now: Timestamp) {
    let open: BTreeMap<_, _> =
        open.into_iter().map(|of| (of.executor.unwrap_or_default(), (of.count, of.oldest))).collect();
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    told.extend(open.keys().cloned());
    for executor in told.iter() {
        let (count, oldest) = open.get(executor).map_or((0, None), |(count, oldest)| (*count, Some(*oldest)));
        gauge!("countersign_open_commands", "executor" => executor.clone()).set(number(count));
        gauge!("countersign_oldest_command_seconds", "executor" => executor.clone()).set(since(oldest, now));
    }
}

fn since(at: Option<Timestamp>, now: Timestamp) -> f64 {
    at.map_or(0.0, |at| now.duration_since(at).as_secs_f64())
}

/// A count as Prometheus has it.
#[expect(clippy::cast_precision_loss, reason = "all of its numbers are such")]
fn number(count: impl TryInto<i64>) -> f64 {
    count.try_into().unwrap_or(i64::MAX) as f64
}
