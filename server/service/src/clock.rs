//! The clock, and the ids that are made from it. Nothing else reads the machine's time.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::{NoContext, Uuid};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in whole microseconds, so that a stored time reads back the same.
    fn now(&self) -> Timestamp;
}

/// The clock, as it is handed around.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// A new `UUIDv7` (RFC 9562) of that time.
#[must_use]
pub fn new_id<T: From<Uuid>>(now: Timestamp) -> T {
    let since = std::time::Duration::try_from(now.duration_since(Timestamp::UNIX_EPOCH)).unwrap_or_default();
    let at = uuid::Timestamp::from_unix(NoContext, since.as_secs(), since.subsec_nanos());
    T::from(Uuid::new_v7(at))
}
