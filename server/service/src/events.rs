//! The feed: what the audit log records, to be followed by many at the price of one.
//!
//! One reader a process looks into the log, when a commit rings and once a second, and keeps the last records. Who
//! follows names the place where they are, and takes what comes after it: from those records, or, if they are further
//! behind, from the log itself. So nobody misses anything, however slow they are. Records become visible in the order
//! of their numbers, as a writer holds the database's one write lock from before it takes a number until it committed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use store::{Followed, SharedStore, StoreError};

/// Who is further behind than so many records is told to load everything anew.
pub const MAX_BEHIND: i64 = 10_000;
/// Records that are kept.
const KEPT: usize = 2_000;
/// Records in one look, and in one answer.
const BATCH: u32 = 500;
/// Looks for records whose commit did not ring: of other processes on a file, or while nothing listened.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The feed; cheap to clone.
#[derive(Clone)]
pub struct Feed {
    store: SharedStore,
    recent: Arc<Mutex<Recent>>,
    head: watch::Receiver<i64>,
    stop: CancellationToken,
}

/// The last records, without a gap.
#[derive(Debug, Default)]
struct Recent {
    /// Everything that came after this one is here.
    after: i64,
    records: VecDeque<Arc<Followed>>,
}

impl Recent {
    fn push(&mut self, record: Followed) {
        self.records.push_back(Arc::new(record));
        while self.records.len() > KEPT {
            self.after = self.records.pop_front().map_or(self.after, |first| first.seq);
        }
    }

    fn begin_at(&mut self, seq: i64) {
        *self = Self { after: seq, records: VecDeque::new() };
    }

    /// What comes after a place; none if some of it is gone already.
    fn after(&self, seq: i64) -> Option<Vec<Arc<Followed>>> {
        let first = self.records.partition_point(|record| record.seq <= seq);
        (seq >= self.after).then(|| self.records.range(first..).take(BATCH as usize).cloned().collect())
    }
}

impl Feed {
    /// Begins where the log ends now, and reads on until `stop` is cancelled.
    ///
    /// # Errors
    /// If the log can't be read.
    pub async fn start(store: SharedStore, stop: CancellationToken) -> Result<Self, StoreError> {
        // Before the first look, so that no commit after it goes unheard.
        let mut changes = store.changes();
        let (heads, head) = watch::channel(store.audit_head().await?);
        let feed = Self { store, recent: Arc::default(), head, stop };
        feed.recent().begin_at(*heads.borrow());
        let reader = feed.clone();
        tokio::spawn(async move {
            let stopped = reader.stop.clone().cancelled_owned();
            let read = async {
                loop {
                    // What rings while nobody waits is heard with the next wait; a look that comes too soon finds nothing.
                    let _ = tokio::time::timeout(POLL_INTERVAL, changes.record_appended()).await;
                    if let Err(error) = reader.read_on(&heads).await {
                        tracing::warn!(%error, "the audit log could not be followed; trying again");
                        tokio::time::sleep(POLL_INTERVAL).await;
                    }
                }
            };
            tokio::select! {
                () = stopped => {}
                () = read => {}
            }
        });
        Ok(feed)
    }

    async fn read_on(&self, heads: &watch::Sender<i64>) -> Result<(), StoreError> {
        loop {
            let at = *heads.borrow();
            let records = self.store.follow(at, BATCH).await?;
            let Some(last) = records.last().map(|record| record.seq) else { return Ok(()) };
            let more = records.len() >= BATCH as usize;
            let skip_to = if more { self.store.audit_head().await? } else { last };
            let mut recent = self.recent();
            if skip_to - at > MAX_BEHIND {
                // A load: nobody wants to hear of each row of it.
                recent.begin_at(skip_to);
                drop(recent);
                heads.send_replace(skip_to);
            } else {
                for record in records {
                    metrics::counter!("countersign_records_total", "kind" => record.kind.as_str())
                        .increment(1);
                    recent.push(record);
                }
                drop(recent);
                heads.send_replace(last);
            }
            if !more {
                return Ok(());
            }
        }
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the last record that was read.
    #[must_use]
    pub fn head(&self) -> i64 {
        *self.head.borrow()
    }

    /// Ends with the server.
    #[must_use]
    pub const fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Where someone who was at `seq` can go on; none if they are too far behind, or ahead of the log.
    ///
    /// # Errors
    /// If the log can't be read.
    pub async fn resume(&self, seq: i64) -> Result<Option<i64>, StoreError> {
        let mut head = self.head();
        if seq > head {
            // Another instance on the same database may have read on before this one.
            head = self.store.audit_head().await?;
        }
        Ok((seq <= head && head - seq <= MAX_BEHIND).then_some(seq))
    }

    /// Waits until there are records after `seq`, and returns the first of them; nothing, if they are too many to be
    /// told one by one.
    ///
    /// # Errors
    /// If the log can't be read.
    pub async fn after(&self, seq: i64) -> Result<Vec<Arc<Followed>>, StoreError> {
        let mut head = self.head.clone();
        if head.wait_for(|head| *head > seq).await.is_err() {
            // The reader ended with the server, and so will whoever follows.
            std::future::pending::<()>().await;
        }
        if self.head() - seq > MAX_BEHIND {
            return Ok(Vec::new());
        }
        let recent = self.recent().after(seq);
        match recent {
            Some(records) => Ok(records),
            None => Ok(self.store.follow(seq, BATCH).await?.into_iter().map(Arc::new).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Actor, ActorKind, AuditKind};

    fn record(seq: i64) -> Followed {
        let by = Actor::new(ActorKind::System, "test", "Test");
        Followed { seq, kind: AuditKind::SignedIn, by, changed: None }
    }

    #[test]
    fn what_is_kept_has_no_gap_and_knows_where_it_begins() {
        let mut recent = Recent::default();
        recent.begin_at(10);
        assert_eq!(recent.after(10).unwrap().len(), 0);
        assert!(recent.after(9).is_none());
        let last = 10 + i64::try_from(KEPT).unwrap() + 5;
        (11..=last).for_each(|seq| recent.push(record(seq)));
        assert!(recent.after(14).is_none(), "15 is gone: whoever has not seen it reads the log");
        let seqs = |seq| recent.after(seq).unwrap().iter().map(|record| record.seq).collect::<Vec<_>>();
        assert_eq!(seqs(15)[..3], [16, 17, 18]);
        assert_eq!(seqs(15).len(), BATCH as usize);
        assert_eq!(seqs(last - 2), [last - 1, last]);
        assert_eq!(seqs(last), [0; 0]);
    }
}
