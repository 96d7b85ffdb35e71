//! The pause of dispatch: a database that went back in time hands nothing to executors until a person says so, as it
//! may have been done already, or taken back since.

use async_trait::async_trait;
use domain::dispatch::contract::DispatchBackend;
use domain::dispatch::{COMMANDS_SHOWN, DispatchState, Pause};
use domain::{AuditKind, Authorized, Caller, Error, Permission, SystemAuthority};
use serde_json::json;

use super::{Service, detached};
use store::{AuditEntry, DISPATCH_PAUSED};

#[async_trait]
impl DispatchBackend for Service {
    async fn dispatch_state(&self, caller: &Caller) -> Result<DispatchState, Error> {
        caller.require_reading(Permission::Administer)?;
        self.dispatch_now().await
    }

    async fn resume_dispatch(&self, caller: &Caller) -> Result<DispatchState, Error> {
        let by = caller.authorize(Permission::Administer)?;
        caller.require_fresh_factor()?;
        self.resume(by).await
    }
}

impl Service {
    /// Whether commands are handed to executors, and which of them wait.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn dispatch_now(&self) -> Result<DispatchState, Error> {
        let paused = self.dispatch_pause().await?;
        let (open, commands) = self.store.open_commands(COMMANDS_SHOWN).await?;
        Ok(DispatchState { paused, open, commands })
    }

    /// Why nothing is handed to executors; none if it is.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn dispatch_pause(&self) -> Result<Option<Pause>, Error> {
        let text = self.store.metadata(DISPATCH_PAUSED).await?.filter(|text| !text.is_empty());
        let read =
            |text: String| serde_json::from_str(&text).map_err(|error| Error::Internal(error.to_string()));
        text.map(read).transpose()
    }

    /// Why what is to be carried out waits, as a sentence; none while commands are handed to executors.
    pub(super) async fn waits_for_dispatch(&self) -> Result<Option<String>, Error> {
        let pause = self.dispatch_pause().await?;
        Ok(pause.map(|Pause { since, reason }| {
            let since = since.strftime("%F %H:%M:%S UTC");
            format!("It waits until an administrator goes on: nothing is handed to executors since {since}. {reason}")
        }))
    }

    /// Hands nothing to executors from now on, unless that is so already.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn pause_dispatch(
        &self,
        authority: &SystemAuthority,
        by: Authorized,
        reason: String,
    ) -> Result<(), Error> {
        if self.dispatch_pause().await?.is_some() {
            return Ok(());
        }
        let mut tx = self.store.begin_system(authority).await?;
        let at = tx.time(self.clock.now()).await?;
        let body = json!({ "reason": reason });
        let text = serde_json::to_string(&Pause { since: at, reason });
        let text = text.map_err(|error| Error::Internal(error.to_string()))?;
        tx.set_metadata(DISPATCH_PAUSED, &text).await?;
        tx.append_audit(&by, AuditEntry { at, kind: AuditKind::DispatchPaused, subject: None, body }).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Goes on, by whoever may.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn resume(&self, by: Authorized) -> Result<DispatchState, Error> {
        let service = self.clone();
        detached(async move {
            let before = service.dispatch_pause().await?;
            let mut tx = service.store.begin().await?;
            let at = tx.time(service.clock.now()).await?;
            if tx.resume_dispatch(&by, at).await? {
                let body = json!({ "reason": before.map(|pause| pause.reason) });
                let kind = AuditKind::DispatchResumed;
                tx.append_audit(&by, AuditEntry { at, kind, subject: None, body }).await?;
                tx.commit().await?;
            }
            service.dispatch_now().await
        })
        .await
    }
}
