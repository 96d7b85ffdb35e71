//! Statements on people and groups that a directory brings in.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::directory::{
    DirectoryGroup, DirectoryKey, DirectoryPage, DirectoryPerson, DirectoryQuery, GroupRecord, PersonRecord,
};
use domain::{Authorized, DirectoryGroupId, Purpose, UserId};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};

use super::guard::push_check;
use super::rows::{Row, time};
use super::transaction::SqlTransaction;
use super::{Connection, Db, SqlStore, corrupt, json, micros, people};
use crate::Result;
use crate::directory::{ReadDirectory, WriteDirectory};

/// Ids that one statement names.
const CHUNK: usize = 500;

#[async_trait]
impl ReadDirectory for SqlStore {
    async fn directory_people(&self, query: &DirectoryQuery) -> Result<DirectoryPage<DirectoryPerson>> {
        people(&mut *self.reader.acquire().await?, query).await
    }

    async fn directory_groups(&self, query: &DirectoryQuery) -> Result<DirectoryPage<DirectoryGroup>> {
        groups(&mut *self.reader.acquire().await?, query).await
    }

    async fn person_of_name(&self, name: &str) -> Result<Option<UserId>> {
        if name.contains('\0') {
            return Ok(None);
        }
        let query = sqlx::query_scalar::<_, String>("SELECT id FROM users WHERE LOWER(name) = $1 LIMIT 1");
        let id = query.bind(name.to_ascii_lowercase()).fetch_optional(&self.reader).await?;
        id.map(|id| id.parse().map_err(corrupt)).transpose()
    }
}

async fn people(db: &mut Connection, query: &DirectoryQuery) -> Result<DirectoryPage<DirectoryPerson>> {
    let from = |select: &str| {
        let mut sql = QueryBuilder::<Db>::new(select);
        sql.push(" FROM directory_people d JOIN users u ON u.id = d.user_id");
        if let Some((key, value)) = &query.filter {
            let column = match key {
                DirectoryKey::Id => "d.user_id",
                DirectoryKey::UserName => "LOWER(u.name)",
                DirectoryKey::DisplayName => "d.display_name",
                DirectoryKey::ExternalId => "d.external_id",
            };
            let value =
                if *key == DirectoryKey::UserName { value.to_ascii_lowercase() } else { value.clone() };
            sql.push(" WHERE ").push(column).push(" = ").push_bind(value.replace('\0', "\u{fffd}"));
        }
        sql
    };
    let total = total(from("SELECT COUNT(*)"), &mut *db).await?;
    let columns = "SELECT d.user_id, u.name, u.enabled, d.record, d.version, d.created_at, d.updated_at";
    let mut sql = from(columns);
    sql.push(" ORDER BY d.created_at, d.user_id");
    push_page(&mut sql, query);
    let rows = sql.build().fetch_all(&mut *db).await?;
    let mut items: Vec<_> = rows.iter().map(person).collect::<Result<_>>()?;
    let ids: Vec<_> = items.iter().map(|person| person.id.to_string()).collect();
    let mut held: BTreeMap<String, Vec<(DirectoryGroupId, String)>> = BTreeMap::new();
    if !ids.is_empty() {
        let mut sql = QueryBuilder::<Db>::new(
            "SELECT m.user_id, g.id, g.display_name FROM directory_members m
             JOIN directory_groups g ON g.id = m.group_id WHERE m.user_id IN (",
        );
        push_all(&mut sql, &ids);
        sql.push(" ORDER BY g.display_name");
        for row in sql.build().fetch_all(db).await? {
            let group = row.try_get::<&str, _>("id")?.parse().map_err(corrupt)?;
            let of = held.entry(row.try_get("user_id")?).or_default();
            of.push((group, row.try_get("display_name")?));
        }
    }
    for person in &mut items {
        person.groups = held.remove(&person.id.to_string()).unwrap_or_default();
    }
    Ok(DirectoryPage { items, total })
}

fn person(row: &Row) -> Result<DirectoryPerson> {
    let record: PersonRecord = serde_json::from_str(row.try_get("record")?).map_err(corrupt)?;
    Ok(DirectoryPerson {
        id: row.try_get::<&str, _>("user_id")?.parse().map_err(corrupt)?,
        record: PersonRecord { user_name: row.try_get("name")?, ..record },
        enabled: row.try_get::<i64, _>("enabled")? == 1,
        groups: Vec::new(),
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        version: row.try_get("version")?,
    })
}

async fn groups(db: &mut Connection, query: &DirectoryQuery) -> Result<DirectoryPage<DirectoryGroup>> {
    let from = |select: &str| {
        let mut sql = QueryBuilder::<Db>::new(select);
        sql.push(" FROM directory_groups");
        if let Some((key, value)) = &query.filter {
            let column = match key {
                DirectoryKey::Id => "id",
                // No group signs in.
                DirectoryKey::UserName => "NULL",
                DirectoryKey::DisplayName => "display_name",
                DirectoryKey::ExternalId => "external_id",
            };
            sql.push(" WHERE ").push(column).push(" = ").push_bind(value.replace('\0', "\u{fffd}"));
        }
        sql
    };
    let total = total(from("SELECT COUNT(*)"), &mut *db).await?;
    let mut sql = from("SELECT id, display_name, external_id, version, created_at, updated_at");
    sql.push(" ORDER BY created_at, id");
    push_page(&mut sql, query);
    let mut items = Vec::new();
    for row in sql.build().fetch_all(&mut *db).await? {
        let id: String = row.try_get("id")?;
        items.push(DirectoryGroup {
            record: GroupRecord {
                display_name: row.try_get("display_name")?,
                external_id: row.try_get("external_id")?,
                members: members(&mut *db, &id).await?,
            },
            id: id.parse().map_err(corrupt)?,
            created_at: time(&row, "created_at")?,
            updated_at: time(&row, "updated_at")?,
            version: row.try_get("version")?,
        });
    }
    Ok(DirectoryPage { items, total })
}

async fn members(db: &mut Connection, group: &str) -> Result<BTreeSet<UserId>> {
    let query = sqlx::query_scalar::<_, String>("SELECT user_id FROM directory_members WHERE group_id = $1");
    let members = query.bind(group).fetch_all(db).await?;
    members.iter().map(|id| id.parse().map_err(corrupt)).collect()
}

async fn total(mut sql: QueryBuilder<Db>, db: &mut Connection) -> Result<u64> {
    let count: i64 = sql.build_query_scalar().fetch_one(db).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

fn push_page(sql: &mut QueryBuilder<Db>, query: &DirectoryQuery) {
    sql.push(" LIMIT ").push_bind(i64::from(query.count));
    sql.push(" OFFSET ").push_bind(i64::from(query.skip));
}

fn push_all(sql: &mut QueryBuilder<Db>, ids: &[String]) {
    let mut values = sql.separated(", ");
    for id in ids {
        values.push_bind(id.clone());
    }
    values.push_unseparated(")");
}

#[async_trait]
impl WriteDirectory for SqlTransaction {
    async fn put_directory_person(
        &mut self,
        by: &Authorized,
        person: &DirectoryPerson,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Provision)?;
        let (record, now) = (&person.record, micros(now));
        let mut sql = if person.version == 1 {
            let mut sql = QueryBuilder::<Db>::new(
                "INSERT INTO directory_people
                     (user_id, external_id, display_name, record, version, created_at, updated_at) SELECT ",
            );
            let mut values = sql.separated(", ");
            values.push_bind(person.id.to_string()).push_bind(&record.external_id);
            values.push_bind(&record.display_name).push_bind(json(record)?);
            values.push_bind(person.version).push_bind(now).push_bind(now);
            sql.push(" WHERE 1 = 1");
            sql
        } else {
            let mut sql = QueryBuilder::<Db>::new("UPDATE directory_people SET external_id = ");
            sql.push_bind(&record.external_id).push(", display_name = ").push_bind(&record.display_name);
            sql.push(", record = ").push_bind(json(record)?).push(", version = ").push_bind(person.version);
            sql.push(", updated_at = ").push_bind(now);
            sql.push(" WHERE user_id = ").push_bind(person.id.to_string());
            sql.push(" AND version = ").push_bind(person.version - 1);
            sql
        };
        push_check(&mut sql, by, now);
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn rename_person(
        &mut self,
        by: &Authorized,
        id: UserId,
        name: &str,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Provision)?;
        let mut sql = QueryBuilder::<Db>::new("UPDATE users SET name = ");
        sql.push_bind(name).push(" WHERE id = ").push_bind(id.to_string());
        sql.push(" AND NOT EXISTS (SELECT 1 FROM users o WHERE LOWER(o.name) = ");
        sql.push_bind(name.to_ascii_lowercase()).push(" AND o.id <> ").push_bind(id.to_string()).push(")");
        push_check(&mut sql, by, micros(now));
        if sql.build().execute(&mut *self.tx).await?.rows_affected() != 1 {
            return Ok(false);
        }
        people::key_person(&mut self.tx, id).await?;
        Ok(true)
    }

    async fn forget_directory_person(&mut self, by: &Authorized, id: UserId, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Provision)?;
        let id = id.to_string();
        let mut sql = QueryBuilder::<Db>::new("DELETE FROM directory_people WHERE user_id = ");
        sql.push_bind(&id);
        push_check(&mut sql, by, micros(now));
        if sql.build().execute(&mut *self.tx).await?.rows_affected() != 1 {
            return Ok(false);
        }
        for sql in [
            "DELETE FROM directory_members WHERE user_id = $1",
            "DELETE FROM claimed_groups WHERE user_id = $1",
            "DELETE FROM identities WHERE user_id = $1",
        ] {
            sqlx::query(sql).bind(&id).execute(&mut *self.tx).await?;
        }
        Ok(true)
    }

    async fn person_of_directory(&mut self, external_id: &str) -> Result<Option<UserId>> {
        let query = sqlx::query_scalar::<_, String>(
            "SELECT user_id FROM directory_people WHERE external_id = $1 ORDER BY created_at LIMIT 2",
        );
        let found = query.bind(external_id).fetch_all(&mut *self.tx).await?;
        // Of two with one key nobody knows which is meant.
        let [one] = found.as_slice() else { return Ok(None) };
        Ok(Some(one.parse().map_err(corrupt)?))
    }

    async fn put_directory_group(
        &mut self,
        by: &Authorized,
        group: &DirectoryGroup,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Provision)?;
        let (id, record, now) = (group.id.to_string(), &group.record, micros(now));
        let mut sql = if group.version == 1 {
            let mut sql = QueryBuilder::<Db>::new(
                "INSERT INTO directory_groups
                     (id, display_name, external_id, version, created_at, updated_at) SELECT ",
            );
            let mut values = sql.separated(", ");
            values.push_bind(&id).push_bind(&record.display_name).push_bind(&record.external_id);
            values.push_bind(group.version).push_bind(now).push_bind(now);
            sql.push(" WHERE 1 = 1");
            sql
        } else {
            let mut sql = QueryBuilder::<Db>::new("UPDATE directory_groups SET display_name = ");
            sql.push_bind(&record.display_name).push(", external_id = ").push_bind(&record.external_id);
            sql.push(", version = ").push_bind(group.version).push(", updated_at = ").push_bind(now);
            sql.push(" WHERE id = ").push_bind(&id).push(" AND version = ").push_bind(group.version - 1);
            sql
        };
        sql.push(" AND NOT EXISTS (SELECT 1 FROM directory_groups o WHERE o.display_name = ");
        sql.push_bind(&record.display_name).push(" AND o.id <> ").push_bind(&id).push(")");
        push_check(&mut sql, by, now);
        if sql.build().execute(&mut *self.tx).await?.rows_affected() != 1 {
            return Ok(false);
        }
        let before = members(&mut self.tx, &id).await?;
        let gone: Vec<_> = before.difference(&record.members).map(ToString::to_string).collect();
        for chunk in gone.chunks(CHUNK) {
            let mut sql = QueryBuilder::<Db>::new("DELETE FROM directory_members WHERE group_id = ");
            sql.push_bind(&id).push(" AND user_id IN (");
            push_all(&mut sql, chunk);
            sql.build().execute(&mut *self.tx).await?;
        }
        for member in record.members.difference(&before) {
            let add = sqlx::query("INSERT INTO directory_members (group_id, user_id) VALUES ($1, $2)");
            add.bind(&id).bind(member.to_string()).execute(&mut *self.tx).await?;
        }
        Ok(true)
    }

    async fn forget_directory_group(
        &mut self,
        by: &Authorized,
        id: DirectoryGroupId,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Provision)?;
        let id = id.to_string();
        let members = sqlx::query("DELETE FROM directory_members WHERE group_id = $1");
        members.bind(&id).execute(&mut *self.tx).await?;
        let mut sql = QueryBuilder::<Db>::new("DELETE FROM directory_groups WHERE id = ");
        sql.push_bind(&id);
        push_check(&mut sql, by, micros(now));
        Ok(sql.build().execute(&mut *self.tx).await?.rows_affected() == 1)
    }

    async fn known_to_directory(&mut self, people: &BTreeSet<UserId>) -> Result<BTreeSet<UserId>> {
        let ids: Vec<_> = people.iter().map(ToString::to_string).collect();
        let mut known = BTreeSet::new();
        for chunk in ids.chunks(CHUNK) {
            let mut sql = QueryBuilder::<Db>::new("SELECT user_id FROM directory_people WHERE user_id IN (");
            push_all(&mut sql, chunk);
            for row in sql.build().fetch_all(&mut *self.tx).await? {
                known.insert(row.try_get::<&str, _>("user_id")?.parse().map_err(corrupt)?);
            }
        }
        Ok(known)
    }
}
