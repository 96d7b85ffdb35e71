//! The write path of the clock: what History keeps no longer is removed, and a record says what.

use domain::{AuditKind, Authorized, Error, SystemAuthority};
use jiff::SignedDuration;
use serde_json::json;
use store::AuditEntry;

use super::clock::is_unusable;
use super::{Service, detached};

/// Actions in one transaction: others write between two of them.
const BATCH: u32 = 100;
/// Transactions in one look: a clock that is far ahead removes no more than these before somebody sees it.
const MAX_BATCHES: usize = 100;

impl Service {
    /// Removes the actions of History whose last update is longer ago than it is kept, if not for ever. Returns how many.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn remove_old_history(&self, authority: &SystemAuthority) -> Result<usize, Error> {
        let Some(kept) = self.keep_history else { return Ok(0) };
        if is_unusable(&self.clock) {
            return Ok(0);
        }
        let mut removed = 0;
        for _ in 0..MAX_BATCHES {
            let (service, authority) = (self.clone(), authority.clone());
            match detached(async move { service.remove_batch(&authority, kept).await }).await? {
                0 => break,
                batch => removed += batch,
            }
        }
        Ok(removed)
    }

    async fn remove_batch(&self, authority: &SystemAuthority, kept: SignedDuration) -> Result<usize, Error> {
        let by = Authorized::system(authority, "clock", "Countersign");
        let mut tx = self.store.begin_system(authority).await?;
        let at = tx.time(self.clock.now()).await?;
        let before = at - kept;
        let actions = tx.remove_history(before, BATCH).await?;
        if actions.is_empty() {
            return Ok(0);
        }
        let body = json!({ "before": before, "actions": actions });
        tx.append_audit(&by, AuditEntry { at, kind: AuditKind::HistoryRemoved, subject: None, body }).await?;
        tx.commit().await?;
        Ok(actions.len())
    }
}
