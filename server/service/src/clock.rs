//! The clock, and the ids that are made from it. Nothing else reads the machine's time.
//!
//! A server goes by the clock of its database ([`DatabaseClock`]), so that instances on several machines agree on what is
//! due, over and leased.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use store::{SharedStore, StoreError};
use tokio_util::sync::CancellationToken;
use uuid::{NoContext, Uuid};

/// A difference between the machine's clock and the database's that is told.
const NOTABLE: SignedDuration = SignedDuration::from_secs(2);
/// A difference beyond which nothing is done because its time has come.
const UNUSABLE: SignedDuration = SignedDuration::from_secs(30);
/// How often the database's clock is read.
const READ_INTERVAL: Duration = Duration::from_secs(30);

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in whole microseconds, so that a stored time reads back the same.
    fn now(&self) -> Timestamp;

    /// How far the machine's own clock is ahead of it.
    fn difference(&self) -> SignedDuration {
        SignedDuration::ZERO
    }
}

/// The clock, as it is handed around.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now() + SignedDuration::from_secs(crash::clock_step());
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// Whether the machine's clock differs so much from the database's that nothing may be done because its time has come:
/// which of the two is wrong nobody knows.
#[must_use]
pub fn is_unusable(clock: &SharedClock) -> bool {
    clock.difference().abs() > UNUSABLE
}

/// Whether the difference is worth telling.
#[must_use]
pub fn is_notable(clock: &SharedClock) -> bool {
    clock.difference().abs() > NOTABLE
}

/// The database's clock: read from time to time, and in between counted on by what no one sets.
pub struct DatabaseClock {
    own: SharedClock,
    read: RwLock<Reading>,
}

/// What the database's clock said, and when.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Instant,
    time: Timestamp,
}

impl DatabaseClock {
    /// Reads it now, and again and again until `stop` is cancelled.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn start(
        store: SharedStore,
        own: SharedClock,
        stop: CancellationToken,
    ) -> Result<Arc<Self>, StoreError> {
        let reading = RwLock::new(read(&store).await?);
        let clock = Arc::new(Self { own, read: reading });
        clock.tell();
        let keeper = Arc::clone(&clock);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(READ_INTERVAL) => {}
                }
                match read(&store).await {
                    Ok(reading) => {
                        *keeper.read.write().unwrap_or_else(PoisonError::into_inner) = reading;
                        keeper.tell();
                    }
                    Err(error) => tracing::debug!(%error, "the database's clock could not be read"),
                }
            }
        });
        Ok(clock)
    }

    fn reading(&self) -> Reading {
        *self.read.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        let seconds = self.difference().as_secs_f64();
        if self.difference().abs() > UNUSABLE {
            tracing::error!(
                seconds,
                "this machine's clock is too far from the database's: here nothing expires and nothing is handed to executors"
            );
        } else if self.difference().abs() > NOTABLE {
            tracing::warn!(
                seconds,
                "this machine's clock differs from the database's, by which everything goes"
            );
        }
    }
}

/// As of the middle of the time that asking takes.
async fn read(store: &SharedStore) -> Result<Reading, StoreError> {
    let asked = Instant::now();
    let time = store.clock().await?;
    Ok(Reading { at: asked + asked.elapsed() / 2, time })
}

impl Clock for DatabaseClock {
    fn now(&self) -> Timestamp {
        let Reading { at, time, .. } = self.reading();
        let now = time.saturating_add(at.elapsed()).unwrap_or(time);
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// As of now: a machine's clock may be set between two readings.
    fn difference(&self) -> SignedDuration {
        self.own.now().duration_since(self.now())
    }
}

/// A new `UUIDv7` (RFC 9562) of that time.
#[must_use]
pub fn new_id<T: From<Uuid>>(now: Timestamp) -> T {
    let since = std::time::Duration::try_from(now.duration_since(Timestamp::UNIX_EPOCH)).unwrap_or_default();
    let at = uuid::Timestamp::from_unix(NoContext, since.as_secs(), since.subsec_nanos());
    T::from(Uuid::new_v7(at))
}
