//! Groups of a directory, whose people hold what their groups give.

use std::collections::BTreeSet;

use domain::directory::{DirectoryGroup, DirectoryQuery, GroupRecord};
use domain::{AuditKind, Authorized, Current, Denied, DirectoryGroupId, Error, FieldError, UserId};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::Service;
use crate::access::Administered;
use crate::clock::new_id;
use store::{AuditEntry, Transaction};

impl Service {
    async fn directory_group(&self, id: DirectoryGroupId) -> Result<DirectoryGroup, Error> {
        let found = self.store.directory_groups(&DirectoryQuery::one(id)).await?.items.pop();
        found.ok_or_else(|| Error::NotFound(id.into()))
    }

    pub(super) async fn bring_in_group(
        &self,
        by: &Authorized,
        record: GroupRecord,
    ) -> Result<DirectoryGroup, Error> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        check(&mut *tx, &record).await?;
        let id = new_id(now);
        let group = DirectoryGroup { id, record, created_at: now, updated_at: now, version: 1 };
        self.write_directory_group(&mut *tx, by, None, &group, now).await?;
        tx.commit().await?;
        self.directory_group(id).await
    }

    pub(super) async fn replace_group(
        &self,
        by: &Authorized,
        id: DirectoryGroupId,
        record: GroupRecord,
        seen: Option<i64>,
    ) -> Result<DirectoryGroup, Error> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let before = self.directory_group(id).await?;
        if seen.is_some_and(|seen| seen != before.version) {
            return Err(Error::Busy);
        }
        if record == before.record {
            return Ok(before);
        }
        check(&mut *tx, &record).await?;
        let after = DirectoryGroup { record, version: before.version + 1, ..before.clone() };
        self.write_directory_group(&mut *tx, by, Some(&before.record), &after, now).await?;
        tx.commit().await?;
        self.directory_group(id).await
    }

    pub(super) async fn take_out_group(&self, by: &Authorized, id: DirectoryGroupId) -> Result<(), Error> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let before = self.directory_group(id).await?;
        if !tx.forget_directory_group(by, id, now).await? {
            return Err(Denied::Revoked.into());
        }
        tx.append_audit(by, entry(now, id, change(Some(&before.record), None))).await?;
        self.follow(&mut *tx, by, Some(&before.record), None, now).await?;
        Ok(tx.commit().await?)
    }

    async fn write_directory_group(
        &self,
        tx: &mut dyn Transaction,
        by: &Authorized,
        before: Option<&GroupRecord>,
        group: &DirectoryGroup,
        now: Timestamp,
    ) -> Result<(), Error> {
        if !tx.put_directory_group(by, group, now).await? {
            let name = group.record.display_name.clone();
            let query = DirectoryQuery {
                filter: Some((domain::directory::DirectoryKey::DisplayName, name)),
                skip: 0,
                count: 1,
            };
            let other = self.store.directory_groups(&query).await?.items.pop();
            return Err(match other.filter(|other| other.id != group.id) {
                Some(other) => {
                    let detail = "is the displayName of another group, and roles go by it".to_owned();
                    Error::Conflict { detail, current: Box::new(Current::named(other.id)) }
                }
                None => Denied::Revoked.into(),
            });
        }
        tx.append_audit(by, entry(now, group.id, change(before, Some(&group.record)))).await?;
        self.follow(tx, by, before, Some(&group.record), now).await
    }

    /// Who came or went holds what their groups give now, if this one gives anything.
    async fn follow(
        &self,
        tx: &mut dyn Transaction,
        by: &Authorized,
        before: Option<&GroupRecord>,
        after: Option<&GroupRecord>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let table = self.store.group_roles().await?;
        let gives = |group: Option<&GroupRecord>| {
            group.is_some_and(|group| table.iter().any(|of| of.group == group.display_name))
        };
        if !gives(before) && !gives(after) {
            return Ok(());
        }
        let administered = Administered::now(tx).await?;
        let of = |group: Option<&GroupRecord>| group.map(|group| group.members.clone()).unwrap_or_default();
        let (old, new) = (of(before), of(after));
        let renamed = before.map(|of| &of.display_name) != after.map(|of| &of.display_name);
        let affected: BTreeSet<UserId> = if renamed { &old | &new } else { &old ^ &new };
        for person in affected {
            let groups = tx.groups_of_people(Some(person)).await?.pop();
            let groups = groups.map(|(_, groups)| groups).unwrap_or_default();
            self.follow_groups(tx, by, person, &groups, &table, now).await?;
        }
        administered.keep(tx).await
    }
}

async fn check(tx: &mut dyn Transaction, record: &GroupRecord) -> Result<(), Error> {
    let mut found = record.check();
    let known = tx.known_to_directory(&record.members).await?;
    if let Some(stranger) = record.members.iter().find(|member| !known.contains(member)) {
        found
            .push(FieldError::new("/members", format!("{stranger} is nobody whom the directory brought in")));
    }
    if found.is_empty() { Ok(()) } else { Err(Error::Invalid(found)) }
}

/// Before and after, but of the members only who came and who went: there may be thousands.
fn change(before: Option<&GroupRecord>, after: Option<&GroupRecord>) -> Value {
    let shown = |of: Option<&GroupRecord>| {
        of.map(|of| json!({ "display_name": of.display_name, "external_id": of.external_id }))
    };
    let none = BTreeSet::new();
    let members = |of: Option<&GroupRecord>| of.map_or(none.clone(), |of| of.members.clone());
    let (old, new) = (members(before), members(after));
    json!({
        "before": shown(before), "after": shown(after),
        "came": new.difference(&old).collect::<Vec<_>>(), "went": old.difference(&new).collect::<Vec<_>>(),
    })
}

fn entry(at: Timestamp, id: DirectoryGroupId, body: Value) -> AuditEntry {
    AuditEntry { at, kind: AuditKind::DirectoryGroupChanged, subject: Some(id.into()), body }
}
