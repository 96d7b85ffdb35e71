//! Statements on what people set for themselves. A setting is a row with its value as JSON.

use async_trait::async_trait;
use domain::settings::preference;
use domain::{Authorized, Preference, Preferences, Purpose, SavedView, UserId, ViewId};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};

use super::SqlStore;
use super::guard::push_check;
use super::rows::Row;
use super::transaction::SqlTransaction;
use super::{Connection, Db, corrupt, json, micros};
use crate::Result;
use crate::keys::key;
use crate::{ReadSettings, WriteSettings};

#[async_trait]
impl ReadSettings for SqlStore {
    async fn preferences(&self, user: UserId) -> Result<Preferences> {
        load(&mut *self.reader.acquire().await?, user).await
    }

    async fn list_columns(&self, user: UserId, list: &str) -> Result<Vec<String>> {
        let query = sqlx::query_scalar("SELECT value FROM preferences WHERE user_id = $1 AND name = $2");
        let query = query.bind(user.to_string()).bind(columns_name(list));
        let value: Option<String> = query.fetch_optional(&self.reader).await?;
        // What another version of this program understood is as nothing.
        Ok(value.and_then(|value| serde_json::from_str(&value).ok()).unwrap_or_default())
    }

    async fn saved_views(&self, user: UserId) -> Result<Vec<SavedView>> {
        views(&mut *self.reader.acquire().await?, user).await
    }
}

#[async_trait]
impl WriteSettings for SqlTransaction {
    async fn set_preference(
        &mut self,
        by: &Authorized,
        preference: &Preference,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Own)?;
        set(&mut self.tx, by, preference, now).await
    }

    async fn insert_view(&mut self, by: &Authorized, view: &SavedView, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Own)?;
        insert_view(&mut self.tx, by, view, now).await
    }

    async fn delete_view(&mut self, by: &Authorized, id: ViewId, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Own)?;
        delete_view(&mut self.tx, by, id, now).await
    }

    async fn set_default_view(
        &mut self,
        by: &Authorized,
        id: Option<ViewId>,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Own)?;
        set_default_view(&mut self.tx, by, id, now).await
    }
}

const PANE_COLLAPSED: &str = "pane_collapsed";
const TIME_ZONE: &str = "time_zone";
const COLOR_SCHEME: &str = "color_scheme";

/// The name of the setting that holds the columns of a list.
fn columns_name(list: &str) -> String {
    format!("columns:{list}")
}

pub(super) async fn load(db: &mut Connection, user: UserId) -> Result<Preferences> {
    let query = sqlx::query("SELECT name, value FROM preferences WHERE user_id = $1");
    let rows = query.bind(user.to_string()).fetch_all(db).await?;
    let mut preferences = Preferences::default();
    for row in rows {
        if let Some(preference) = read(row.try_get("name")?, row.try_get("value")?) {
            preferences.set(preference);
        }
    }
    Ok(preferences)
}

/// None for what another version of this program understood: a default in its place harms nobody.
fn read(name: &str, value: &str) -> Option<Preference> {
    let preference = match name {
        PANE_COLLAPSED => Preference::PaneCollapsed(serde_json::from_str(value).ok()?),
        TIME_ZONE => Preference::TimeZone(serde_json::from_str(value).ok()?),
        COLOR_SCHEME => Preference::ColorScheme(serde_json::from_str(value).ok()?),
        lane => Preference::Table(lane.parse().ok()?, serde_json::from_str(value).ok()?),
    };
    preference.check().is_ok().then_some(preference)
}

pub(super) async fn set(
    db: &mut Connection,
    by: &Authorized,
    preference: &Preference,
    now: Timestamp,
) -> Result<bool> {
    let Some(user) = by.person() else { return Ok(false) };
    let (name, value) = match preference {
        Preference::Columns(list, columns) if columns.is_empty() => {
            return forget(db, by, user, &columns_name(list), now).await;
        }
        Preference::Columns(list, columns) => (&*columns_name(list), json(columns)?),
        Preference::Table(lane, table) => (lane.as_str(), json(table)?),
        Preference::DefaultTable(lane) => return forget(db, by, user, lane.as_str(), now).await,
        Preference::PaneCollapsed(collapsed) => (PANE_COLLAPSED, json(collapsed)?),
        Preference::TimeZone(zone) => (TIME_ZONE, json(zone)?),
        Preference::ColorScheme(scheme) => (COLOR_SCHEME, json(scheme)?),
    };
    let now = micros(now);
    let mut sql =
        QueryBuilder::<Db>::new("INSERT INTO preferences (user_id, name, value, updated_at) SELECT ");
    sql.push_bind(user.to_string()).push(", ").push_bind(name.to_owned()).push(", ").push_bind(value);
    sql.push(", ").push_bind(now).push(" WHERE 1 = 1");
    push_check(&mut sql, by, now);
    sql.push(
        " ON CONFLICT (user_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
    );
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}

/// What was never set is forgotten as well as any.
async fn forget(
    db: &mut Connection,
    by: &Authorized,
    user: UserId,
    name: &str,
    now: Timestamp,
) -> Result<bool> {
    let mut sql = QueryBuilder::<Db>::new("DELETE FROM preferences WHERE user_id = ");
    sql.push_bind(user.to_string()).push(" AND name = ").push_bind(name);
    push_check(&mut sql, by, micros(now));
    sql.build().execute(db).await?;
    Ok(true)
}

pub(super) async fn views(db: &mut Connection, user: UserId) -> Result<Vec<SavedView>> {
    let query = sqlx::query(
        "SELECT id, name, lane, shows, is_default FROM saved_views WHERE user_id = $1 ORDER BY name_key",
    );
    let rows = query.bind(user.to_string()).fetch_all(db).await?;
    rows.iter().map(view).collect()
}

fn view(row: &Row) -> Result<SavedView> {
    Ok(SavedView {
        id: row.try_get::<&str, _>("id")?.parse().map_err(corrupt)?,
        name: row.try_get("name")?,
        lane: row.try_get::<&str, _>("lane")?.parse().map_err(corrupt)?,
        shows: row.try_get("shows")?,
        is_default: row.try_get::<i64, _>("is_default")? == 1,
    })
}

pub(super) async fn insert_view(
    db: &mut Connection,
    by: &Authorized,
    view: &SavedView,
    now: Timestamp,
) -> Result<bool> {
    let Some(user) = by.person() else { return Ok(false) };
    if view.is_default {
        no_default(db, by, user, now).await?;
    }
    let (user, now) = (user.to_string(), micros(now));
    let mut sql = QueryBuilder::<Db>::new(
        "INSERT INTO saved_views (id, user_id, name, name_key, lane, shows, is_default, created_at) SELECT ",
    );
    let mut values = sql.separated(", ");
    values.push_bind(view.id.to_string()).push_bind(user.clone());
    values.push_bind(&view.name).push_bind(key(&view.name));
    values.push_bind(view.lane.as_str()).push_bind(&view.shows);
    values.push_bind(i64::from(view.is_default)).push_bind(now);
    sql.push(" WHERE (SELECT COUNT(*) FROM saved_views WHERE user_id = ").push_bind(user);
    sql.push(format_args!(") < {}", preference::MAX_VIEWS));
    push_check(&mut sql, by, now);
    sql.push(" ON CONFLICT (user_id, name_key) DO NOTHING");
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}

pub(super) async fn delete_view(
    db: &mut Connection,
    by: &Authorized,
    id: ViewId,
    now: Timestamp,
) -> Result<bool> {
    let Some(user) = by.person() else { return Ok(false) };
    let mut sql = QueryBuilder::<Db>::new("DELETE FROM saved_views WHERE id = ");
    sql.push_bind(id.to_string()).push(" AND user_id = ").push_bind(user.to_string());
    push_check(&mut sql, by, micros(now));
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}

pub(super) async fn set_default_view(
    db: &mut Connection,
    by: &Authorized,
    id: Option<ViewId>,
    now: Timestamp,
) -> Result<bool> {
    let Some(user) = by.person() else { return Ok(false) };
    no_default(db, by, user, now).await?;
    let Some(id) = id else { return Ok(true) };
    let mut sql = QueryBuilder::<Db>::new("UPDATE saved_views SET is_default = 1 WHERE id = ");
    sql.push_bind(id.to_string()).push(" AND user_id = ").push_bind(user.to_string());
    push_check(&mut sql, by, micros(now));
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}

async fn no_default(db: &mut Connection, by: &Authorized, user: UserId, now: Timestamp) -> Result<()> {
    let mut sql = QueryBuilder::<Db>::new("UPDATE saved_views SET is_default = 0 WHERE is_default = 1");
    sql.push(" AND user_id = ").push_bind(user.to_string());
    push_check(&mut sql, by, micros(now));
    sql.build().execute(db).await?;
    Ok(())
}
