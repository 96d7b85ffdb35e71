//! Statements of the lists of people, tokens, sessions, role groups and device groups. A page is found by what it is sorted
//! by, and goes on from the key and the id of a row.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::access::lists::fields::{AdminQuery, Field};
use domain::access::lists::{AdminList, PersonState, PersonSummary};
use domain::{Authorized, Permission};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};

use super::super::push_contains;
use super::guard::push_check;
use super::list::push_key;
use super::rows::{self, Row};
use super::{Connection, Db, SqlStore, corrupt, devices, micros, people, roles};
use crate::Result;
use crate::admin_lists::{AdminPosition, AdminRow, ReadAdminLists, sorted_by};
use crate::case_fields::SortField;
use crate::keys::{KeyValue, fold};

#[async_trait]
impl ReadAdminLists for SqlStore {
    async fn admin_page(
        &self,
        by: &Authorized,
        query: &AdminQuery,
        from: Option<&AdminPosition>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<(AdminPosition, AdminRow)>> {
        let Some(field) = sorted_by(query.lane, query.sort.key) else { return Ok(Vec::new()) };
        let mut sql = QueryBuilder::<Db>::new("SELECT ");
        push_columns(&mut sql, query.lane, now);
        push_edge(&mut sql, field);
        push_source(&mut sql, query.lane, now);
        push_page(&mut sql, (by, now), query, (field, from), limit);
        let mut db = self.reader.acquire().await?;
        let rows = sql.build().fetch_all(&mut *db).await?;
        let placed = |row: &Row| Ok((place(row, query, field)?, read(query.lane, row)?));
        let mut page: Vec<_> = rows.iter().map(placed).collect::<Result<_>>()?;
        // A page before a place is read backwards.
        if from.is_some_and(|from| from.before) {
            page.reverse();
        }
        if query.lane == AdminList::People {
            add_permissions(&mut db, &mut page).await?;
        }
        Ok(page)
    }
}

/// What is read of each row of a list.
fn push_columns(sql: &mut QueryBuilder<Db>, list: AdminList, now: Timestamp) {
    match list {
        AdminList::People => {
            sql.push(
                "id, name, display_name, enabled, created_at, last_sign_in_at, \
                 (SELECT COUNT(*) FROM credentials c WHERE c.user_id = users.id AND c.kind = 'session' \
                     AND c.revoked_at IS NULL AND c.expires_at > ",
            );
            sql.push_bind(micros(now));
            sql.push(
                ") AS sessions, (SELECT COUNT(*) FROM credentials c WHERE c.user_id = users.id \
                 AND c.kind = 'token' AND c.revoked_at IS NULL AND c.expires_at > ",
            );
            sql.push_bind(micros(now)).push(") AS tokens");
        }
        AdminList::Tokens | AdminList::Sessions => {
            sql.push(
                "id, kind, user_id, name, scopes, device_groups, created_at, last_seen_at, expires_at, \
                 display_name",
            );
        }
        AdminList::Roles => {
            sql.push("id, name, model, permissions, built_in, version, members");
        }
        AdminList::DeviceGroups => {
            sql.push("id, place, name, level, rule, version, devices");
        }
    }
}

/// `FROM … WHERE …`: all rows of a list.
fn push_source(sql: &mut QueryBuilder<Db>, list: AdminList, now: Timestamp) {
    match list {
        AdminList::People => {
            sql.push(" FROM users WHERE 1 = 1");
        }
        AdminList::Tokens | AdminList::Sessions => {
            sql.push(
                " FROM (SELECT t.id, t.kind, t.user_id, t.name, t.scopes, t.device_groups, t.created_at, \
                 t.last_seen_at, t.expires_at, o.display_name, t.name_key, \
                 COALESCE(o.shown_key, '') AS owner_key, \
                 t.search_text || COALESCE(o.search_text, '') AS search_text \
                 FROM credentials t LEFT JOIN users o ON o.id = t.user_id \
                 WHERE t.revoked_at IS NULL AND t.kind = ",
            );
            sql.push_bind(if list == AdminList::Tokens { "token" } else { "session" });
            sql.push(" AND t.expires_at > ").push_bind(micros(now)).push(") AS listed WHERE 1 = 1");
        }
        AdminList::Roles => {
            sql.push(
                " FROM (SELECT g.id, g.name, g.name_key, g.name_key AS search_text, g.model, g.permissions, \
                 g.built_in, g.version, (SELECT COUNT(*) FROM role_group_members m WHERE m.role_group_id = g.id) \
                 AS members FROM role_groups g) AS listed WHERE 1 = 1",
            );
        }
        AdminList::DeviceGroups => {
            // The group of all others has no key of its name, so that no other takes it.
            sql.push(
                " FROM (SELECT l.*, l.name_key AS search_text FROM (SELECT g.id, g.name, g.level, g.rule, g.version, \
                 COALESCE(NULLIF(g.name_key, ''), 'ungrouped devices') AS name_key, \
                 (SELECT COUNT(*) FROM device_groups o WHERE (o.rank, o.id) <= (g.rank, g.id)) AS place, \
                 (SELECT COUNT(*) FROM devices d WHERE COALESCE(d.device_group, 'Ungrouped devices') = g.name) \
                 AS devices FROM device_groups g) AS l) AS listed WHERE 1 = 1",
            );
        }
    }
}

/// A row of a list; a person without what they can do.
fn read(list: AdminList, row: &Row) -> Result<AdminRow> {
    Ok(match list {
        AdminList::People => AdminRow::Person(Box::new(person(row)?)),
        AdminList::Tokens | AdminList::Sessions => AdminRow::Credential(Box::new(people::credential(row)?)),
        AdminList::Roles => {
            let (group, members) = roles::counted(row)?;
            AdminRow::Role(Box::new(group), members)
        }
        AdminList::DeviceGroups => {
            let place = u32::try_from(row.try_get::<i64, _>("place")?).map_err(corrupt)?;
            let (group, devices) = devices::counted(row, place)?;
            AdminRow::DeviceGroup(Box::new(group), devices)
        }
    })
}

/// What a cursor is made of.
fn push_edge(sql: &mut QueryBuilder<Db>, field: SortField) {
    let sort = field.expression;
    let edge = if field.is_number { format!("CAST({sort} AS BIGINT)") } else { sort.to_owned() };
    sql.push(format_args!(", {edge} AS edge_key"));
}

/// The rest of the statement: who may read it, which rows, from which on, and in which order.
fn push_page(
    sql: &mut QueryBuilder<Db>,
    (by, now): (&Authorized, Timestamp),
    query: &AdminQuery,
    (field, from): (SortField, Option<&AdminPosition>),
    limit: u32,
) {
    push_check(sql, by, micros(now));
    for (field, values) in query.filter.choices().into_iter().filter(|(_, values)| !values.is_empty()) {
        push_choice(sql, field, &values);
    }
    if let Some(search) = query.filter.search.as_deref() {
        sql.push(" AND ");
        push_contains(sql, &fold(search));
    }
    let sort = field.expression;
    let backwards = from.is_some_and(|from| from.before);
    let ascending = query.sort.descending == backwards;
    if let Some(from) = from {
        let comparison = if ascending { ">" } else { "<" };
        sql.push(format_args!(" AND ({sort}, id) {comparison} ("));
        push_key(sql, &from.key);
        sql.push(", ").push_bind(from.id.clone()).push(")");
    }
    let direction = if ascending { "ASC" } else { "DESC" };
    sql.push(format_args!(" ORDER BY {sort} {direction}, id {direction} LIMIT "));
    sql.push_bind(i64::from(limit));
}

/// Only rows with one of these values.
fn push_choice(sql: &mut QueryBuilder<Db>, field: Field, values: &[String]) {
    match field {
        Field::State => {
            let enabled = PersonState::Enabled.as_str();
            let numbers: Vec<_> =
                values.iter().map(|value| if value == enabled { "1" } else { "0" }).collect();
            sql.push(format_args!(" AND enabled IN ({})", numbers.join(", ")));
        }
        Field::Can => {
            sql.push(
                " AND EXISTS (SELECT 1 FROM user_permissions p WHERE p.user_id = users.id AND p.permission IN (",
            );
            let mut list = sql.separated(", ");
            for value in values {
                list.push_bind(value.clone());
            }
            sql.push("))");
        }
        Field::Model | Field::Level => {
            sql.push(format_args!(" AND {field} IN ("));
            let mut list = sql.separated(", ");
            for value in values {
                list.push_bind(value.clone());
            }
            sql.push(")");
        }
        Field::Holds => {
            sql.push(" AND (1 = 0");
            for value in values {
                sql.push(" OR permissions LIKE ").push_bind(format!("%\"{value}\"%"));
            }
            sql.push(")");
        }
        Field::Whose if values.len() == 1 => {
            let is_tool = values.first().is_some_and(|value| value == "tool");
            sql.push(if is_tool { " AND user_id IS NULL" } else { " AND user_id IS NOT NULL" });
        }
        _ => {}
    }
}

/// The place of a row in the query's order.
fn place(row: &Row, query: &AdminQuery, field: SortField) -> Result<AdminPosition> {
    let key = if field.is_number {
        KeyValue::Number(row.try_get("edge_key")?)
    } else {
        KeyValue::Text(row.try_get("edge_key")?)
    };
    Ok(AdminPosition { sort: query.sort.key, key, id: row.try_get("id")?, before: false })
}

/// A person, but for what they can do.
fn person(row: &Row) -> Result<PersonSummary> {
    let count = |column: &str| u32::try_from(row.try_get::<i64, _>(column)?).map_err(corrupt);
    let enabled = row.try_get::<i64, _>("enabled")? == 1;
    Ok(PersonSummary {
        id: row.try_get::<&str, _>("id")?.parse().map_err(corrupt)?,
        name: row.try_get("name")?,
        display_name: row.try_get("display_name")?,
        state: if enabled { PersonState::Enabled } else { PersonState::Disabled },
        can: Vec::new(),
        created_at: rows::time(row, "created_at")?,
        last_sign_in_at: rows::optional_time(row, "last_sign_in_at")?,
        sessions: count("sessions")?,
        tokens: count("tokens")?,
    })
}

/// Adds to the people of a page what they can do.
async fn add_permissions(db: &mut Connection, page: &mut [(AdminPosition, AdminRow)]) -> Result<()> {
    if page.is_empty() {
        return Ok(());
    }
    let mut sql =
        QueryBuilder::<Db>::new("SELECT user_id, permission FROM user_permissions WHERE user_id IN (");
    let mut list = sql.separated(", ");
    for (at, _) in page.iter() {
        list.push_bind(at.id.clone());
    }
    sql.push(")");
    let mut all: BTreeMap<String, Vec<Permission>> = BTreeMap::new();
    for row in sql.build().fetch_all(db).await? {
        // A permission that only another version knows is none here.
        let Ok(permission) = row.try_get::<&str, _>("permission")?.parse() else { continue };
        all.entry(row.try_get("user_id")?).or_default().push(permission);
    }
    for (at, row) in page {
        if let AdminRow::Person(person) = row {
            person.can = all.remove(&at.id).unwrap_or_default();
            person.can.sort_unstable();
        }
    }
    Ok(())
}
