//! Roles follow groups: at each sign-in, with each change of a directory, and with each change of what groups give.

use std::collections::BTreeSet;

use domain::access::contract::Assignments;
use domain::identity::{GroupRoles, assignments_of};
use domain::{AuditKind, Authorized, Denied, Error, UserId};
use jiff::Timestamp;
use serde_json::json;

use crate::Service;
use store::{AuditEntry, Transaction};

impl Service {
    /// Gives a person what their groups give, in place of what they held; to which device groups they are limited stays.
    /// Returns what they hold now.
    pub(crate) async fn follow_groups(
        &self,
        tx: &mut dyn Transaction,
        by: &Authorized,
        person: UserId,
        groups: &BTreeSet<String>,
        table: &[GroupRoles],
        now: Timestamp,
    ) -> Result<Assignments, Error> {
        // Who was added a moment ago, by this transaction, holds nothing yet.
        let before = self.store.people(Some(person), now).await?.pop();
        let before = before.map(|person| person.assignments).unwrap_or_default();
        let after =
            Assignments { device_groups: before.device_groups.clone(), ..assignments_of(groups, table) };
        if after == before {
            return Ok(after);
        }
        if !tx.set_assignments(by, person, &after, now).await? {
            return Err(Denied::Revoked.into());
        }
        let body = json!({ "user": person, "groups": groups, "before": before, "after": after });
        let entry =
            AuditEntry { at: now, kind: AuditKind::AccessChanged, subject: Some(person.into()), body };
        tx.append_audit(by, entry).await?;
        Ok(after)
    }

    /// The same for everybody who has a group.
    pub(super) async fn follow_all_groups(
        &self,
        tx: &mut dyn Transaction,
        by: &Authorized,
        table: &[GroupRoles],
        now: Timestamp,
    ) -> Result<(), Error> {
        for (person, groups) in tx.groups_of_people(None).await? {
            self.follow_groups(tx, by, person, &groups, table, now).await?;
        }
        Ok(())
    }
}
