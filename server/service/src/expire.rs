//! The write path of the clock: what nobody decided in time expires.

use domain::SystemAuthority;
use domain::{ActionId, AuditKind, Authorized, Error, RowScope, Transition};
use serde_json::json;

use super::clock::is_unusable;
use super::decision::{lifecycle_of, next};
use super::ends::Look;
use super::{Service, detached, entry};
use store::Guard;

/// Actions in one look; the next look takes the rest.
const BATCH: u32 = 100;

impl Service {
    /// Expires the pending actions whose time is over. Returns how many.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn expire_overdue(&self, authority: &SystemAuthority) -> Result<usize, Error> {
        if is_unusable(&self.clock) {
            return Ok(0);
        }
        let mut look = Look::default();
        for id in self.store.expired(self.clock.now(), BATCH).await? {
            let (service, authority) = (self.clone(), authority.clone());
            if !look.note(detached(async move { service.expire(&authority, id).await }).await) {
                break;
            }
        }
        look.over()
    }

    async fn expire(&self, authority: &SystemAuthority, id: ActionId) -> Result<bool, Error> {
        let by = Authorized::system(authority, "clock", "Countersign");
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let Some(before) = tx.action(&RowScope::ALL, id).await? else { return Ok(false) };
        // Decided, or given more time, since it was found.
        let Ok(lifecycle) = lifecycle_of(&before)?.apply(Transition::Expire) else { return Ok(false) };
        if before.expires_at > now {
            return Ok(false);
        }
        let mut after = next(&before, lifecycle, now);
        after.decided_by = Some(by.actor().clone());
        after.decided_at = Some(now);
        if !tx.update_state(Guard { by: &by, deciding: false, policy: None, now }, &before, &after).await? {
            return Ok(false);
        }
        let more = json!({ "expires_at": before.expires_at });
        tx.append_audit(&by, entry(now, AuditKind::Expired, &after, more)).await?;
        self.close_undo(&mut *tx, &by, &after, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}
