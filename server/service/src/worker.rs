//! The worker: leases commands, has executors carry them out, and reports. Also the clock's look for what expired.
//!
//! Provably not sent: tried again with growing throttle for up to three days, then timed out. Possibly sent: repeated
//! with the same command id after 1, 2, 4, 8 and 16 seconds, then unknown. A definite answer ends it.

use std::sync::Arc;
use std::time::Duration;

use domain::{Error, Outcome, SystemAuthority, Transition};
use jiff::SignedDuration;
use rand::RngExt;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Service;
use crate::dispatch::{NOT_SENT_YET, worker as worker_of};
use crate::executor::{Attempt, Connected, Order};
use crash::crash_point;

/// One attempt may take this long; less than the lease, so that its outcome is still ours to write.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Ends of attempts that are written side by side. How many attempts run is said by each executor: one that does not answer
/// holds up no other, and people who write wait behind few.
const MAX_WRITES: usize = 8;
/// Looks for leased commands that fell free, and for retries that are due: no sooner than this after the last look.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(500);
/// And at the latest: for what other processes did to a database that tells nobody.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(5);
const EXPIRY_INTERVAL: Duration = Duration::from_secs(5);
/// What History keeps no longer is looked for as often as this.
const RETENTION_INTERVAL: Duration = Duration::from_hours(1);
const MAX_PAUSE: i64 = 300;
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Carries out commands until `stop` is cancelled, then waits for the attempts under way.
pub async fn run(service: Service, authority: SystemAuthority, stop: CancellationToken) {
    let writes = Arc::new(Semaphore::new(MAX_WRITES));
    let under_way = TaskTracker::new();
    // Commits of other instances ring too, where the database can tell; the look finds what did not ring.
    let mut changes = service.store().changes();
    let freed = Arc::new(Notify::new());
    let mut poll = Box::pin(sleep(Duration::ZERO));
    let mut expire = tokio::time::interval(EXPIRY_INTERVAL);
    let mut retention = tokio::time::interval(RETENTION_INTERVAL);
    let mut asking: Option<tokio::task::JoinHandle<()>> = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = changes.command_enqueued() => {}
            () = freed.notified() => {}
            () = &mut poll => {}
            _ = retention.tick() => {
                let (service, authority, stop) = (service.clone(), authority.clone(), stop.clone());
                under_way.spawn(async move {
                    let removed = stop.run_until_cancelled(service.remove_old_history(&authority)).await;
                    if let Some(Err(error)) = removed {
                        log(&error, "removing old history");
                    }
                });
                continue;
            }
            _ = expire.tick() => {
                if let Err(error) = service.expire_overdue(&authority).await {
                    log(&error, "expiring");
                }
                if let Err(error) = service.end_due(&authority).await {
                    log(&error, "ending what has come to its end");
                }
                if let Err(error) = service.lose_track_of_overdue(&authority).await {
                    log(&error, "looking for reports that did not come");
                }
                if asking.as_ref().is_none_or(tokio::task::JoinHandle::is_finished) {
                    let (service, authority) = (service.clone(), authority.clone());
                    asking = Some(under_way.spawn(async move {
                        if let Err(error) = service.ask_about_unknown(&authority).await {
                            log(&error, "asking about unknown ends");
                        }
                    }));
                }
                if let Err(error) = service.forget_answers(&authority).await {
                    log(&error, "forgetting what is old");
                }
                continue;
            }
        }
        while !stop.is_cancelled() {
            match service.take_order(&authority).await {
                Ok(Some(order)) => {
                    let (service, authority) = (service.clone(), authority.clone());
                    let (freed, writes) = (Arc::clone(&freed), Arc::clone(&writes));
                    under_way.spawn(async move {
                        attempt(&service, &authority, order, &writes).await;
                        freed.notify_one();
                    });
                }
                Ok(None) => break,
                Err(error) => {
                    log(&error, "taking a command");
                    break;
                }
            }
        }
        poll.as_mut().reset(Instant::now() + pause(&service).await);
    }
    under_way.close();
    under_way.wait().await;
}

/// How long nothing is to be expected but what rings.
async fn pause(service: &Service) -> Duration {
    let now = service.clock().now();
    match service.store().next_command_at().await {
        Ok(Some(next)) => {
            let until = Duration::try_from(next.duration_since(now)).unwrap_or_default();
            until.clamp(MIN_POLL_INTERVAL, MAX_POLL_INTERVAL)
        }
        Ok(None) => MAX_POLL_INTERVAL,
        Err(_) => MIN_POLL_INTERVAL,
    }
}

async fn attempt(service: &Service, authority: &SystemAuthority, order: Order, writes: &Semaphore) {
    let began = Instant::now();
    let attempt = tokio::time::timeout(ATTEMPT_TIMEOUT, order.executor.execute(&order))
        .await
        .unwrap_or_else(|_| Attempt::Uncertain("no answer within 10 seconds".to_owned()));
    let executor = order.action.executor.clone().unwrap_or_default();
    let outcome = match &attempt {
        Attempt::Ended(..) => "ended",
        Attempt::Uncertain(_) => "uncertain",
        _ => "not_sent",
    };
    metrics::histogram!("countersign_attempt_seconds", "executor" => executor, "outcome" => outcome)
        .record(began.elapsed());
    crash_point!("dispatch.after_send");
    // It is never closed.
    let _permit = writes.acquire().await;
    let sent = order.sent.lock().ok().and_then(|mut sent| sent.take());
    if let Some(sent) = sent
        && let Err(error) = service.note_sent(authority, &order, sent, began.elapsed()).await
    {
        log(&error, "keeping what was sent");
    }
    order.executor.learn(&attempt, service.clock().now());
    tracing::info!(action = %order.action.id, command = %order.leased.id, ?attempt, "attempt");
    if order.executor.is_gone()
        && let Err(error) = service.pause(&worker_of(authority), order.executor.name(), true).await
    {
        log(&error, "pausing what is gone");
    }
    if let Err(error) = conclude(service, authority, order, attempt).await {
        // The lease runs out and the command is taken again, with the same id.
        log(&error, "reporting an attempt");
    }
}

async fn conclude(
    service: &Service,
    authority: &SystemAuthority,
    order: Order,
    attempt: Attempt,
) -> Result<bool, Error> {
    let Order { mut leased, executor, busy: _busy, .. } = order;
    let now = service.clock().now();
    let (seconds, why) = match attempt {
        Attempt::Ended(outcome, detail) => {
            return service.report(authority, leased, Transition::Report(outcome), detail).await;
        }
        Attempt::Handed(detail, report_within) => {
            let within = (report_within, due_within(&executor));
            return service.hand_over(authority, leased, detail, within).await;
        }
        Attempt::Working(why, within) => {
            if now.duration_since(leased.created_at) > within {
                let detail = format!("it was at it for too long; a person must look: {why}");
                return service.report(authority, leased, Transition::LoseTrack, detail).await;
            }
            leased.possibly_sent += 1;
            let doublings = u32::try_from(leased.possibly_sent - 1).unwrap_or(u32::MAX).min(6);
            (1_i64 << doublings, why)
        }
        // Provably not sent, and never will be; unless an earlier attempt was.
        Attempt::Unsendable(why) => {
            let (transition, detail) = if leased.possibly_sent == 0 {
                (Transition::Report(Outcome::Failed), why)
            } else {
                (Transition::LoseTrack, format!("possibly done; a person must look: {why}"))
            };
            return service.report(authority, leased, transition, detail).await;
        }
        Attempt::NotSent(why) if leased.possibly_sent == 0 => {
            if now.duration_since(leased.created_at) > GIVE_UP_AFTER {
                let detail = format!("could not be sent for 3 days: {why}");
                return service
                    .report(authority, leased, Transition::Report(Outcome::TimedOut), detail)
                    .await;
            }
            leased.not_sent += 1;
            let doublings = u32::try_from(leased.not_sent - 1).unwrap_or(u32::MAX).min(9);
            ((1_i64 << doublings).min(MAX_PAUSE), format!("{NOT_SENT_YET}: {why}"))
        }
        // An earlier attempt may have arrived, so this one says nothing about the whole.
        Attempt::NotSent(why) | Attempt::Uncertain(why) => {
            leased.possibly_sent += 1;
            let pauses = executor.pauses();
            let pause = usize::try_from(leased.possibly_sent - 1).ok().and_then(|index| pauses.get(index));
            let Some(pause) = pause else {
                let detail = format!("possibly done; a person must look: {why}");
                return service.report(authority, leased, Transition::LoseTrack, detail).await;
            };
            (*pause, format!("no trustworthy answer yet: {why}"))
        }
    };
    // Up to a quarter more, so that many commands do not come back at once.
    let jitter = rand::rng().random_range(0..=seconds * 250);
    let pause = SignedDuration::from_millis(seconds * 1_000 + jitter);
    service.retry(authority, leased, now.saturating_add(pause).unwrap_or(now), why).await
}

/// How long people have for what is done by hand, where that was said.
fn due_within(executor: &Connected) -> Option<SignedDuration> {
    executor.setup()?.settings.due_hours.map(|hours| SignedDuration::from_hours(hours.into()))
}

fn log(error: &Error, doing: &str) {
    match error {
        Error::Internal(text) => tracing::error!(text, "{doing} failed"),
        other => tracing::warn!(%other, "{doing} failed"),
    }
}
