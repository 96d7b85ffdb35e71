//! Statements on assets, as the actions on them know them.

use std::collections::HashSet;

use domain::{Asset, AssetKind, Lane, RowScope};
use sqlx::{QueryBuilder, Row as _};

use super::rows::{self, Row};
use super::scope::push_scope;
use super::{Connection, Db};
use crate::Result;
use crate::keys;
use crate::vocabulary::number;

const COLUMNS: &str = "SELECT asset_kind, asset_name, asset_criticality, device_group FROM actions";

pub(super) async fn recent(db: &mut Connection, scope: &RowScope, actions: u32) -> Result<Vec<Asset>> {
    let mut sql = QueryBuilder::<Db>::new(COLUMNS);
    sql.push(" WHERE 1 = 1");
    push_scope(&mut sql, scope);
    sql.push(" ORDER BY number DESC LIMIT ").push_bind(i64::from(actions));
    let mut seen = HashSet::new();
    let mut assets = Vec::new();
    for row in sql.build().fetch_all(db).await? {
        let asset = asset(&row)?;
        if seen.insert((asset.kind, keys::asset(&asset.name))) {
            assets.push(asset);
        }
    }
    Ok(assets)
}

pub(super) async fn known(db: &mut Connection, kind: AssetKind, name: &str) -> Result<Option<Asset>> {
    let mut sql = QueryBuilder::<Db>::new(COLUMNS);
    sql.push(" WHERE number IN (");
    for lane in Lane::ALL {
        // Each lane has an index of its own.
        let begin = if *lane == Lane::Pending { "" } else { " UNION ALL " };
        sql.push(format!("{begin}SELECT number FROM actions WHERE lane = {}", number(*lane)));
        sql.push(" AND asset_kind = ").push_bind(number(kind));
        sql.push(" AND asset_key = ").push_bind(keys::asset(name));
    }
    sql.push(")");
    sql.push(" ORDER BY number DESC LIMIT 1");
    sql.build().fetch_optional(db).await?.as_ref().map(asset).transpose()
}

fn asset(row: &Row) -> Result<Asset> {
    let criticality = row.try_get::<Option<i16>, _>("asset_criticality")?;
    Ok(Asset {
        kind: rows::numbered(row, "asset_kind")?,
        name: row.try_get("asset_name")?,
        criticality: criticality.and_then(crate::vocabulary::word),
        device_group: row.try_get("device_group")?,
    })
}
