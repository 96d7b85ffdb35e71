//! The name to show of who is calling.

use domain::{AuditKind, Caller, Error};
use serde_json::json;

use super::{record, written};
use crate::Service;
use crate::display_name;

impl Service {
    pub(super) async fn set_own_name(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        let (person, by) = (caller.own()?, caller.authorize_own()?);
        let name = name.trim();
        let now = self.clock.now();
        let mut found: Vec<_> = display_name::check(name).into_iter().collect();
        if found.is_empty() {
            found.extend(display_name::look_alike(&self.store, name, Some(person), now).await?);
        }
        if !found.is_empty() {
            return Err(Error::Invalid(found));
        }
        let before = self.person_of(person).await?.display_name;
        if before == name {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        written(tx.rename_own(&by, name, now).await?)?;
        let body = json!({
            "user": person, "before": { "display_name": before }, "after": { "display_name": name },
        });
        tx.append_audit(&by, record(now, AuditKind::UserChanged, person, body)).await?;
        Ok(tx.commit().await?)
    }
}
