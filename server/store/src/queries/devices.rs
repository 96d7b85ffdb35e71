//! Statements on devices and their groups.

use std::collections::{BTreeMap, BTreeSet};

use domain::core::canonical;
use domain::investigations::PieceKind;
use domain::investigations::report::DevicePiece;
use domain::{AssetKind, Authorized, Device, DeviceGroup, DeviceGroupId};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};

use super::case_keying::key_piece;
use super::counts::CountChanges;
use super::guard::push_check;
use super::keying::push_keys;
use super::rows::{self, Row, action_columns};
use super::{Connection, Db, corrupt, json, micros};
use crate::Result;
use crate::actions_fields::device_group;
use crate::administration::Rebind;
use crate::keys::{key, natural};
use crate::row_keys::Keys;
use crate::vocabulary::number;

/// All groups by rank, each with how many known devices are in it.
pub(super) async fn groups(db: &mut Connection) -> Result<Vec<(DeviceGroup, u64)>> {
    let query = sqlx::query(
        "SELECT id, rank, name, level, rule, version,
             (SELECT COUNT(*) FROM devices d WHERE COALESCE(d.device_group, 'Ungrouped devices') = g.name) AS devices
         FROM device_groups g ORDER BY rank, id",
    );
    let rows = query.fetch_all(db).await?;
    // Ranks are places: what is stored only orders them.
    rows.iter().zip(1_u32..).map(|(row, rank)| counted(row, rank)).collect()
}

/// A group at its place, with how many known devices are in it.
pub(super) fn counted(row: &Row, rank: u32) -> Result<(DeviceGroup, u64)> {
    let group = DeviceGroup {
        id: row.try_get::<&str, _>("id")?.parse().map_err(corrupt)?,
        rank,
        name: row.try_get("name")?,
        level: row.try_get::<&str, _>("level")?.parse().map_err(corrupt)?,
        rule: serde_json::from_str(row.try_get("rule")?).map_err(corrupt)?,
        version: row.try_get("version")?,
    };
    Ok((group, u64::try_from(row.try_get::<i64, _>("devices")?).map_err(corrupt)?))
}

/// Adds a group of version 1, or replaces the one of the version before. The last group keeps its place.
pub(super) async fn put(
    db: &mut Connection,
    by: &Authorized,
    group: &DeviceGroup,
    now: Timestamp,
) -> Result<bool> {
    let rule = json(&group.rule)?;
    let now = micros(now);
    if !group.is_rest() {
        // In steps of two, so that one fits between any others.
        let others = groups(db).await?.into_iter().map(|(other, _)| other);
        let others = others.filter(|other| other.id != group.id && !other.is_rest());
        for (other, place) in others.zip(1_u32..) {
            let place = if place >= group.rank { place + 1 } else { place };
            sqlx::query("UPDATE device_groups SET rank = $2 WHERE id = $1")
                .bind(other.id.to_string())
                .bind(i64::from(place))
                .execute(&mut *db)
                .await?;
        }
    }
    let mut sql = if group.version == 1 {
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO device_groups (id, rank, name, name_key, level, rule, version) SELECT ",
        );
        let mut values = sql.separated(", ");
        values.push_bind(group.id.to_string()).push_bind(i64::from(group.rank));
        values.push_bind(&group.name).push_bind(key(&group.name));
        values.push_bind(group.level.as_str()).push_bind(rule).push_bind(group.version);
        sql.push(" WHERE 1 = 1");
        sql
    } else {
        let mut sql = QueryBuilder::<Db>::new("UPDATE device_groups SET level = ");
        sql.push_bind(group.level.as_str());
        if !group.is_rest() {
            sql.push(", name = ").push_bind(&group.name).push(", name_key = ").push_bind(key(&group.name));
            sql.push(", rank = ").push_bind(i64::from(group.rank)).push(", rule = ").push_bind(rule);
        }
        sql.push(", version = ").push_bind(group.version);
        sql.push(" WHERE id = ").push_bind(group.id.to_string());
        sql.push(" AND version = ").push_bind(group.version - 1);
        sql
    };
    push_check(&mut sql, by, now);
    if group.version == 1 {
        sql.push(" ON CONFLICT (name_key) DO NOTHING");
    }
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}

/// Deletes a group, but never the last.
pub(super) async fn delete(
    db: &mut Connection,
    by: &Authorized,
    id: DeviceGroupId,
    now: Timestamp,
) -> Result<bool> {
    let mut sql = QueryBuilder::<Db>::new("DELETE FROM device_groups WHERE rule <> '[]' AND id = ");
    sql.push_bind(id.to_string());
    push_check(&mut sql, by, micros(now));
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}

fn device(row: &Row) -> Result<(Device, Option<String>)> {
    let device = Device {
        name: row.try_get("name")?,
        domain: row.try_get("domain")?,
        os: row.try_get("os")?,
        tags: serde_json::from_str(row.try_get("tags")?).map_err(corrupt)?,
        reported_group: row.try_get("reported_group")?,
    };
    Ok((device, row.try_get("device_group")?))
}

/// Those that follow a name, by name, each with the group that its rows carry.
pub(super) async fn after(
    db: &mut Connection,
    name: &str,
    limit: u32,
) -> Result<Vec<(Device, Option<String>)>> {
    let query = sqlx::query(
        "SELECT name, domain, os, tags, reported_group, device_group FROM devices
         WHERE name_key > $1 ORDER BY name_key LIMIT $2",
    );
    let rows = query.bind(natural(name)).bind(i64::from(limit)).fetch_all(db).await?;
    rows.iter().map(device).collect()
}

/// Devices in one statement.
const ROWS: usize = 100;

/// Notes what a tool tells of devices: what it does not tell stays. Returns what is known of each.
pub(super) async fn note(
    db: &mut Connection,
    devices: &[Device],
    now: Timestamp,
) -> Result<Vec<(Device, Option<String>)>> {
    let mut told: BTreeMap<String, Device> = BTreeMap::new();
    for device in devices {
        let of = told.entry(natural(&device.name)).or_default();
        of.name.clone_from(&device.name);
        of.domain = device.domain.clone().or(of.domain.take());
        of.os = device.os.clone().or(of.os.take());
        if !device.tags.is_empty() {
            of.tags.clone_from(&device.tags);
        }
        of.reported_group = device.reported_group.clone().or(of.reported_group.take());
    }
    let told = told.iter().map(|(key, device)| Ok((key, device, json(&device.tags)?)));
    let told = told.collect::<Result<Vec<_>>>()?;
    let mut known = BTreeMap::new();
    for told in told.chunks(ROWS) {
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO devices (name_key, name, domain, os, tags, reported_group, updated_at) ",
        );
        sql.push_values(told, |mut values, (key, device, tags)| {
            values.push_bind(*key).push_bind(&device.name).push_bind(&device.domain).push_bind(&device.os);
            values.push_bind(tags).push_bind(&device.reported_group).push_bind(micros(now));
        });
        sql.push(
            " ON CONFLICT (name_key) DO UPDATE SET name = excluded.name,
                 domain = COALESCE(excluded.domain, devices.domain), os = COALESCE(excluded.os, devices.os),
                 tags = CASE WHEN excluded.tags = '[]' THEN devices.tags ELSE excluded.tags END,
                 reported_group = COALESCE(excluded.reported_group, devices.reported_group),
                 updated_at = excluded.updated_at
             RETURNING name, domain, os, tags, reported_group, device_group, name_key",
        );
        for row in sql.build().fetch_all(&mut *db).await? {
            known.insert(row.try_get::<String, _>("name_key")?, device(&row)?);
        }
    }
    let of = |device: &Device| known.get(&natural(&device.name)).cloned();
    devices.iter().map(|device| of(device).ok_or_else(|| corrupt("a device was not noted"))).collect()
}

/// Notes every device that has rows and is not known yet, with the group that its rows carry as its tool's word.
pub(super) async fn discover(db: &mut Connection, now: Timestamp) -> Result<u64> {
    let query = sqlx::query(
        "INSERT INTO devices (name_key, name, reported_group, device_group, updated_at)
         SELECT asset_key, MAX(asset_name), MAX(device_group), MAX(device_group), CAST($2 AS BIGINT)
         FROM actions WHERE asset_kind = $1 GROUP BY asset_key
         ON CONFLICT (name_key) DO NOTHING",
    );
    Ok(query.bind(number(AssetKind::Device)).bind(micros(now)).execute(db).await?.rows_affected())
}

/// Gives devices and all their rows the names of their groups, and counts them anew; how many rows changed.
pub(super) async fn place(
    db: &mut Connection,
    placed: &[(Device, Option<String>)],
    rebind: Rebind,
    mut counts: Option<&mut CountChanges>,
) -> Result<u64> {
    let mut changed = 0;
    let mut seen = BTreeSet::new();
    for (device, group) in placed {
        let name_key = natural(&device.name);
        if !seen.insert(name_key.clone()) {
            continue;
        }
        sqlx::query("UPDATE devices SET device_group = $2 WHERE name_key = $1")
            .bind(&name_key)
            .bind(group)
            .execute(&mut *db)
            .await?;
        let group_key = group.as_deref().map(device_group).unwrap_or_default();
        place_pieces(db, &canonical::name(&device.name), group.as_ref(), &group_key).await?;
        let select = concat!(
            "SELECT ",
            action_columns!(),
            // Each lane by itself: the indexes of assets hold one each.
            ", number FROM actions WHERE number IN (
                 SELECT number FROM actions WHERE lane = 0 AND asset_key = $1 AND asset_kind = $2
                 UNION ALL SELECT number FROM actions WHERE lane = 1 AND asset_key = $1 AND asset_kind = $2
                 UNION ALL SELECT number FROM actions WHERE lane = 2 AND asset_key = $1 AND asset_kind = $2
             ) AND device_group_key <> $3"
        );
        let query = sqlx::query(select).bind(&name_key).bind(number(AssetKind::Device));
        for row in query.bind(group_key).fetch_all(&mut *db).await? {
            let before = rows::action(&row)?;
            let mut after = before.clone();
            after.asset.device_group.clone_from(group);
            if let Some(digest) = rebind(&before) {
                after.digest = digest;
            }
            let keys = Keys::of(&after);
            let mut sql = QueryBuilder::<Db>::new("UPDATE actions SET device_group = ");
            sql.push_bind(group.clone()).push(", digest = ").push_bind(super::digest(&after)?);
            push_keys(&mut sql, &after, &keys);
            sql.push(" WHERE number = ").push_bind(row.try_get::<i64, _>("number")?);
            sql.build().execute(&mut *db).await?;
            if let Some(counts) = counts.as_deref_mut() {
                counts.note(&before, &Keys::of(&before), -1)?;
                counts.note(&after, &keys, 1)?;
            }
            changed += 1;
        }
    }
    Ok(changed)
}

/// Has investigations say the same of a device.
async fn place_pieces(
    db: &mut Connection,
    name: &str,
    group: Option<&String>,
    group_key: &str,
) -> Result<()> {
    let select = "SELECT investigation_id, body FROM investigation_pieces \
                  WHERE kind = 1 AND name = $1 AND COALESCE(device_group_key, '-') <> $2";
    for row in sqlx::query(select).bind(name).bind(group_key).fetch_all(&mut *db).await? {
        let id: String = row.try_get("investigation_id")?;
        let before: DevicePiece = rows::json(&row, "body")?;
        let body = json(&DevicePiece { device_group: group.cloned(), ..before })?;
        let update = "UPDATE investigation_pieces SET device_group_key = $3, body = $4 \
                      WHERE investigation_id = $1 AND kind = 1 AND name = $2";
        let query = sqlx::query(update).bind(&id).bind(name).bind(group_key).bind(&body);
        query.execute(&mut *db).await?;
        key_piece(db, &(id, number(PieceKind::Device), name.to_owned()), &body).await?;
    }
    Ok(())
}
