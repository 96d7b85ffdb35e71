//! The row scope of the pieces of an investigation: no device of another group, nothing that is on such devices alone, and
//! of evidence that is on others, too, only the names that the reader sees.
//!
//! Two names are of one device as `domain::core::device_name` says it; `device_names` holds both forms of each.

use std::collections::BTreeSet;

use domain::RowScope;
use domain::investigations::PieceKind;
use sqlx::QueryBuilder;

use super::super::{BY_BYTES, push_items};
use super::Db;
use crate::actions_fields::device_group;
use crate::case_fields::{ASSETS_KEY, PIECE_KEYS};
use crate::vocabulary::number;

/// Of the rows of `investigation_pieces`, which are of one investigation, only those that the scope shows.
pub(super) fn push_piece_scope(sql: &mut QueryBuilder<Db>, scope: &RowScope, id: &str) {
    let Some(groups) = &scope.device_groups else { return };
    let device = number(PieceKind::Device);
    sql.push(format_args!(" AND (kind <> {device} OR device_group_key IN (NULL"));
    for group in groups {
        sql.push(", ").push_bind(device_group(group));
    }
    sql.push(format_args!(")) AND (kind = {device} OR (NOT EXISTS ("));
    // The device itself may be what was found, or where a step was taken.
    push_named(sql, "1");
    sql.push(" AND NOT ");
    push_seen(sql, groups, id);
    sql.push(") AND (NOT EXISTS (");
    push_named(sql, "0");
    sql.push(") OR EXISTS (");
    push_named(sql, "0");
    sql.push(" AND ");
    push_seen(sql, groups, id);
    sql.push("))))");
}

/// The pieces of one kind of an investigation, as `FROM … WHERE …`. `by_assets` is whether assets are searched or sorted by:
/// then these are the assets that the scope shows.
pub(super) fn push_pieces(
    sql: &mut QueryBuilder<Db>,
    scope: &RowScope,
    id: &str,
    kind: Option<PieceKind>,
    by_assets: bool,
) {
    sql.push(" FROM ");
    match &scope.device_groups {
        Some(groups) if by_assets => push_with_seen_assets(sql, groups, id),
        _ => {
            sql.push("investigation_pieces");
        }
    }
    sql.push(" WHERE investigation_id = ").push_bind(id.to_owned());
    // A literal: a list of no pieces has none.
    sql.push(" AND kind = ").push(kind.map_or(-1, number).to_string());
}

/// Pieces whose keys and texts say nothing of assets that the scope hides.
fn push_with_seen_assets(sql: &mut QueryBuilder<Db>, groups: &BTreeSet<String>, id: &str) {
    let columns = "investigation_id, kind, at, name, entity_kind, device_group_key, device_names, body";
    sql.push("(SELECT ").push(columns);
    for key in PIECE_KEYS.into_iter().filter(|key| *key != ASSETS_KEY) {
        sql.push(", ").push(key);
    }
    sql.push(", COALESCE(");
    push_joined(sql, "key", groups, id);
    sql.push(format_args!(", ''){BY_BYTES} AS {ASSETS_KEY}, own_search || COALESCE("));
    push_joined(sql, "text", groups, id);
    sql.push(" || '\n', '') AS search_text FROM investigation_pieces WHERE investigation_id = ");
    sql.push_bind(id.to_owned());
    sql.push(format_args!(" AND kind = {}) investigation_pieces", number(PieceKind::Evidence)));
}

/// One text of all assets that the scope shows, in their order.
fn push_joined(sql: &mut QueryBuilder<Db>, field: &str, groups: &BTreeSet<String>, id: &str) {
    sql.push(format_args!("(SELECT STRING_AGG(m.value ->> '{field}', ', ' ORDER BY m.key) FROM "));
    push_items(sql, "investigation_pieces.device_names");
    sql.push(" WHERE (m.value ->> 'own') = '0' AND ");
    push_seen(sql, groups, id);
    sql.push(")");
}

/// The devices `m` that a piece names: as what it is on by itself (`1`), or among its assets (`0`).
fn push_named(sql: &mut QueryBuilder<Db>, own: &str) {
    sql.push("SELECT 1 FROM ");
    push_items(sql, "investigation_pieces.device_names");
    sql.push(format_args!(" WHERE (m.value ->> 'own') = '{own}'"));
}

/// Whether the device `m` is none of those that are hidden.
fn push_seen(sql: &mut QueryBuilder<Db>, groups: &BTreeSet<String>, id: &str) {
    sql.push("((m.value ->> 'full') NOT IN (");
    push_hidden_names(sql, "full", groups, id);
    sql.push(" UNION ALL ");
    push_hidden_names(sql, "host", groups, id);
    sql.push(") AND (m.value ->> 'host') NOT IN (");
    push_hidden_names(sql, "full", groups, id);
    sql.push("))");
}

fn push_hidden_names(sql: &mut QueryBuilder<Db>, field: &str, groups: &BTreeSet<String>, id: &str) {
    sql.push(format_args!("SELECT m.value ->> '{field}' FROM investigation_pieces h, "));
    push_items(sql, "h.device_names");
    push_hidden(sql, groups, id);
}

/// `WHERE …`: the devices `h` of an investigation that are in none of these groups.
pub(super) fn push_hidden(sql: &mut QueryBuilder<Db>, groups: &BTreeSet<String>, id: &str) {
    sql.push(format_args!(" WHERE h.kind = {} AND h.investigation_id = ", number(PieceKind::Device)));
    sql.push_bind(id.to_owned());
    if !groups.is_empty() {
        sql.push(" AND COALESCE(h.device_group_key, '') NOT IN (");
        let mut list = sql.separated(", ");
        for group in groups {
            list.push_bind(device_group(group));
        }
        sql.push(")");
    }
}
