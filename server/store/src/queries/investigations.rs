//! Statements on investigations and their pieces.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::access::device_group::{RemediationLevel, UNGROUPED};
use domain::investigations::report::InvestigationReport;
use domain::investigations::{InvestigationState, InvestigationSummary, PieceKind, shown_state};
use domain::{Authorized, Purpose, RowScope, Severity};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};

use super::SqlStore;
use super::guard::push_check;
use super::piece_scope::{push_hidden, push_piece_scope};
use super::rows::{self, Row};
use super::{Connection, Db, corrupt, json, micros, scope};
use crate::Result;
use crate::actions_fields::device_group;
use crate::case_fields::{PIECE_KEYS, PieceKeys, optional_key, piece_keys, search_text};
use crate::investigations::{EvidenceCount, Piece, Place, ReadInvestigations, StoredInvestigation};
use crate::keys::{key, natural};
use crate::vocabulary::{self, number, severity_of_rank, severity_rank};

/// Pieces in one statement.
const ROWS: usize = 50;

#[async_trait]
impl ReadInvestigations for SqlStore {
    async fn investigation(&self, scope: &RowScope, id: &str) -> Result<Option<StoredInvestigation>> {
        find(&mut *self.reader.acquire().await?, scope, id).await
    }

    async fn pieces(
        &self,
        scope: &RowScope,
        id: &str,
        kind: PieceKind,
        after: Option<&Place>,
        limit: u32,
    ) -> Result<Vec<(Place, String)>> {
        let mut sql = QueryBuilder::<Db>::new(
            "SELECT at, name, body FROM investigation_pieces WHERE investigation_id = ",
        );
        sql.push_bind(id).push(" AND kind = ").push_bind(number(kind));
        if let Some((at, name)) = after {
            sql.push(" AND (at, name) > (").push_bind(micros(*at)).push(", ").push_bind(name).push(")");
        }
        push_piece_scope(&mut sql, scope, id);
        sql.push(" ORDER BY at, name LIMIT ").push_bind(i64::from(limit));
        let rows = sql.build().fetch_all(&self.reader).await?;
        rows.iter().map(placed).collect()
    }

    async fn piece(&self, scope: &RowScope, id: &str, kind: PieceKind, name: &str) -> Result<Option<String>> {
        let mut sql =
            QueryBuilder::<Db>::new("SELECT body FROM investigation_pieces WHERE investigation_id = ");
        sql.push_bind(id).push(" AND kind = ").push_bind(number(kind)).push(" AND name = ").push_bind(name);
        push_piece_scope(&mut sql, scope, id);
        Ok(sql.build_query_scalar().fetch_optional(&self.reader).await?)
    }

    async fn hidden_devices(&self, scope: &RowScope, id: &str) -> Result<BTreeSet<String>> {
        let Some(groups) = &scope.device_groups else { return Ok(BTreeSet::new()) };
        let mut sql = QueryBuilder::<Db>::new("SELECT h.name FROM investigation_pieces h");
        push_hidden(&mut sql, groups, id);
        let names: Vec<String> = sql.build_query_scalar().fetch_all(&self.reader).await?;
        Ok(names.into_iter().collect())
    }

    async fn emails(&self, scope: &RowScope, message_id: &str) -> Result<Vec<(String, String)>> {
        let mut sql = QueryBuilder::<Db>::new(
            "SELECT p.investigation_id, p.body FROM investigation_pieces p, investigations i \
             WHERE i.id = p.investigation_id AND p.kind = 6 AND p.name = ",
        );
        sql.push_bind(message_id.to_owned());
        push_scope(&mut sql, scope);
        sql.push(" ORDER BY i.updated_at DESC, i.id LIMIT 50");
        Ok(sql.build_query_as().fetch_all(&self.reader).await?)
    }

    async fn piece_counts(&self, scope: &RowScope, id: &str) -> Result<Vec<(PieceKind, u64)>> {
        let mut sql = QueryBuilder::<Db>::new(
            "SELECT kind, COUNT(*) AS n FROM investigation_pieces WHERE investigation_id = ",
        );
        sql.push_bind(id);
        push_piece_scope(&mut sql, scope, id);
        sql.push(" GROUP BY kind ORDER BY kind");
        let rows = sql.build().fetch_all(&self.reader).await?;
        rows.iter().map(|row| Ok((rows::numbered(row, "kind")?, count(row)?))).collect()
    }

    async fn evidence_counts(&self, scope: &RowScope, id: &str) -> Result<Vec<EvidenceCount>> {
        let mut sql = QueryBuilder::<Db>::new(
            "SELECT entity_kind, verdict, remediation, COUNT(*) AS n FROM investigation_pieces WHERE investigation_id = ",
        );
        sql.push_bind(id).push(" AND kind = ").push_bind(number(PieceKind::Evidence));
        push_piece_scope(&mut sql, scope, id);
        sql.push(" AND entity_kind IS NOT NULL GROUP BY entity_kind, verdict, remediation");
        sql.push(" ORDER BY entity_kind, verdict, remediation");
        let rows = sql.build().fetch_all(&self.reader).await?;
        rows.iter()
            .map(|row| {
                Ok(EvidenceCount {
                    entity_kind: rows::numbered(row, "entity_kind")?,
                    verdict: row.try_get::<Option<i16>, _>("verdict")?.and_then(vocabulary::word),
                    remediation: row.try_get::<Option<i16>, _>("remediation")?.and_then(vocabulary::word),
                    count: count(row)?,
                })
            })
            .collect()
    }

    async fn remediation_level(&self, group: Option<&str>) -> Result<RemediationLevel> {
        level(&mut *self.reader.acquire().await?, group).await
    }
}

fn placed(row: &Row) -> Result<(Place, String)> {
    Ok(((rows::time(row, "at")?, row.try_get("name")?), row.try_get("body")?))
}

fn count(row: &Row) -> Result<u64> {
    u64::try_from(row.try_get::<i64, _>("n")?).map_err(corrupt)
}

/// How many actions of the investigation `i` wait, of those that the scope shows.
pub(super) fn push_waiting(sql: &mut QueryBuilder<Db>, scope: &RowScope) {
    sql.push(
        "(SELECT COUNT(*) FROM actions WHERE lane = 0 AND actions.investigation_key = i.investigation_key \
         AND actions.investigation_id = i.id",
    );
    scope::push_scope(sql, scope);
    sql.push(")");
}

/// The columns of the investigation `i`, with how many of its actions wait.
pub(super) fn push_columns(sql: &mut QueryBuilder<Db>, scope: &RowScope) {
    sql.push("i.*, ");
    push_waiting(sql, scope);
    sql.push(" AS waiting");
}

/// An investigation is seen by whose it is, and with devices only by those who see one of them.
pub(super) fn push_scope(sql: &mut QueryBuilder<Db>, scope: &RowScope) {
    if let Some(proposer) = &scope.proposer {
        sql.push(" AND i.principal = ").push_bind(proposer.clone());
    }
    if let Some(groups) = &scope.device_groups {
        let device = format!(
            "SELECT 1 FROM investigation_pieces p WHERE p.investigation_id = i.id AND p.kind = {}",
            number(PieceKind::Device)
        );
        sql.push(" AND (NOT EXISTS (").push(&device).push(") OR EXISTS (").push(&device);
        sql.push(" AND p.device_group_key IN (NULL");
        for group in groups {
            sql.push(", ").push_bind(device_group(group));
        }
        sql.push(")))");
    }
}

/// How many of the investigations that the scope shows are in each state that is shown.
pub(super) async fn by_state(
    db: &mut Connection,
    scope: &RowScope,
) -> Result<Vec<(InvestigationState, u64)>> {
    let mut counts: BTreeMap<InvestigationState, u64> = BTreeMap::new();
    for waiting in [false, true] {
        let mut sql =
            QueryBuilder::<Db>::new("SELECT state, COUNT(*) AS n FROM investigations i WHERE 1 = 1");
        if waiting {
            // By what waits, which is little of all: those of its keys, and of these the ones that it is really of.
            sql.push(
                " AND i.investigation_key IN (SELECT investigation_key FROM actions WHERE lane = 0) AND ",
            );
            push_waiting(&mut sql, scope);
            sql.push(" > 0");
        }
        push_scope(&mut sql, scope);
        sql.push(" GROUP BY state");
        for row in sql.build().fetch_all(&mut *db).await? {
            let (state, found) = (rows::numbered(&row, "state")?, count(&row)?);
            if waiting {
                counts.entry(state).and_modify(|all| *all -= found.min(*all));
                *counts.entry(shown_state(state, found)).or_default() += found;
            } else {
                counts.insert(state, found);
            }
        }
    }
    Ok(counts.into_iter().filter(|(_, count)| *count > 0).collect())
}

pub(super) async fn find(
    db: &mut Connection,
    scope: &RowScope,
    id: &str,
) -> Result<Option<StoredInvestigation>> {
    let mut sql = QueryBuilder::<Db>::new("SELECT ");
    push_columns(&mut sql, scope);
    sql.push(" FROM investigations i WHERE i.id = ").push_bind(id.to_owned());
    push_scope(&mut sql, scope);
    sql.build().fetch_optional(db).await?.as_ref().map(stored).transpose()
}

/// What an investigation is called.
pub(super) fn shown_title(report: &InvestigationReport) -> String {
    report.title.clone().unwrap_or_else(|| format!("Investigation {}", report.id))
}

/// What an investigation is sorted and searched by, beside what it has anyway: the columns, and their values.
pub(super) const KEYS: [&str; 5] = ["title_key", "category_key", "source_key", "incident_key", "search_text"];

pub(super) fn keys(report: &InvestigationReport) -> [String; 5] {
    let title = shown_title(report);
    let texts = [Some(&report.id), Some(&title), report.category.as_ref(), report.detection_source.as_ref()];
    let search =
        search_text(texts.into_iter().chain([report.incident_id.as_ref()]).flatten().map(String::as_str));
    [
        key(&title),
        optional_key(report.category.as_ref()),
        optional_key(report.detection_source.as_ref()),
        report.incident_id.as_deref().map(natural).unwrap_or_default(),
        search,
    ]
}

pub(super) fn stored(row: &Row) -> Result<StoredInvestigation> {
    let report: InvestigationReport = rows::json(row, "body")?;
    let waiting = u64::try_from(row.try_get::<i64, _>("waiting")?).map_err(corrupt)?;
    let state = shown_state(rows::numbered(row, "state")?, waiting);
    let severity = severity_of_rank(row.try_get("severity")?);
    Ok(StoredInvestigation {
        principal: row.try_get("principal")?,
        summary: InvestigationSummary {
            id: report.id.clone(),
            title: shown_title(&report),
            state,
            severity: severity.ok_or_else(|| corrupt("no severity has this rank"))?,
            category: report.category.clone(),
            detection_source: report.detection_source.clone(),
            incident_id: report.incident_id.clone(),
            started_at: rows::time(row, "started_at")?,
            ended_at: report.ended_at.filter(|_| !state.is_open()),
            updated_at: rows::time(row, "updated_at")?,
            waiting,
            version: row.try_get("version")?,
        },
        report,
    })
}

pub(super) async fn put(
    db: &mut Connection,
    by: &Authorized,
    report: &InvestigationReport,
    version: i64,
    now: Timestamp,
) -> Result<()> {
    by.allow(Purpose::Propose)?;
    let mut sql = QueryBuilder::<Db>::new(
        "INSERT INTO investigations (id, principal, version, state, severity, incident_id, investigation_key, \
         started_at, updated_at, body, title_key, category_key, source_key, incident_key, search_text) VALUES (",
    );
    let mut values = sql.separated(", ");
    values.push_bind(report.id.clone()).push_bind(by.principal().to_owned()).push_bind(version);
    values.push_bind(number(report.state.unwrap_or(InvestigationState::Running)));
    values.push_bind(severity_rank(report.severity.unwrap_or(Severity::Medium)));
    values.push_bind(report.incident_id.clone()).push_bind(natural(&report.id));
    values.push_bind(micros(report.started_at.unwrap_or(now))).push_bind(micros(now));
    values.push_bind(json(report)?);
    for key in keys(report) {
        values.push_bind(key);
    }
    sql.push(
        ") ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state, \
         severity = excluded.severity, incident_id = excluded.incident_id, started_at = excluded.started_at, \
         updated_at = excluded.updated_at, body = excluded.body",
    );
    for key in KEYS {
        sql.push(format_args!(", {key} = excluded.{key}"));
    }
    sql.build().execute(db).await?;
    Ok(())
}

pub(super) async fn put_pieces(
    db: &mut Connection,
    by: &Authorized,
    id: &str,
    pieces: &[Piece],
) -> Result<BTreeSet<PieceKind>> {
    by.allow(Purpose::Propose)?;
    let mut changed = BTreeSet::new();
    for pieces in pieces.chunks(ROWS) {
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO investigation_pieces (investigation_id, kind, at, name, entity_kind, verdict, remediation, \
             device_group_key, body, search_text, own_search, device_names",
        );
        for key in PIECE_KEYS {
            sql.push(", ").push(key);
        }
        sql.push(") ");
        let keyed =
            pieces.iter().map(|piece| Ok((piece, piece_keys(piece.kind, &piece.body).map_err(corrupt)?)));
        let keyed: Vec<_> = keyed.collect::<Result<_>>()?;
        sql.push_values(keyed, |mut row, (piece, of)| {
            let PieceKeys { keys, search, own_search, device_names } = of;
            row.push_bind(id.to_owned()).push_bind(number(piece.kind)).push_bind(micros(piece.at));
            row.push_bind(piece.name.clone()).push_bind(piece.entity_kind.map(number));
            row.push_bind(piece.verdict.map(number)).push_bind(piece.remediation.map(number));
            let group = piece.device_group.as_deref().map(device_group).unwrap_or_default();
            row.push_bind((piece.kind == PieceKind::Device).then_some(group));
            row.push_bind(piece.body.clone()).push_bind(search).push_bind(own_search).push_bind(device_names);
            for key in keys {
                row.push_bind(key);
            }
        });
        sql.push(
            " ON CONFLICT (investigation_id, kind, name) DO UPDATE SET at = excluded.at, \
             entity_kind = excluded.entity_kind, verdict = excluded.verdict, remediation = excluded.remediation, \
             device_group_key = excluded.device_group_key, body = excluded.body, search_text = excluded.search_text, \
             own_search = excluded.own_search, device_names = excluded.device_names",
        );
        for key in PIECE_KEYS {
            sql.push(format_args!(", {key} = excluded.{key}"));
        }
        sql.push(" WHERE investigation_pieces.body <> excluded.body");
        sql.push(" OR COALESCE(investigation_pieces.device_group_key, '') <> COALESCE(excluded.device_group_key, '')");
        for column in ["entity_kind", "verdict", "remediation"] {
            sql.push(format_args!(
                " OR COALESCE(investigation_pieces.{column}, -1) <> COALESCE(excluded.{column}, -1)"
            ));
        }
        sql.push(" RETURNING kind");
        let kinds: Vec<i16> = sql.build_query_scalar().fetch_all(&mut *db).await?;
        changed.extend(kinds.into_iter().filter_map(vocabulary::word::<PieceKind>));
    }
    Ok(changed)
}

pub(super) async fn end(
    db: &mut Connection,
    by: &Authorized,
    before: &StoredInvestigation,
    state: InvestigationState,
    now: Timestamp,
) -> Result<bool> {
    by.allow(Purpose::Triage)?;
    let report = InvestigationReport { state: Some(state), ended_at: Some(now), ..before.report.clone() };
    let mut sql = QueryBuilder::<Db>::new("UPDATE investigations SET version = version + 1, state = ");
    sql.push_bind(number(state)).push(", updated_at = ").push_bind(micros(now));
    sql.push(", body = ").push_bind(json(&report)?);
    sql.push(" WHERE id = ").push_bind(before.report.id.clone());
    sql.push(" AND version = ").push_bind(before.summary.version);
    push_check(&mut sql, by, micros(now));
    Ok(sql.build().execute(db).await?.rows_affected() == 1)
}

pub(super) async fn level(db: &mut Connection, group: Option<&str>) -> Result<RemediationLevel> {
    let wanted = group.unwrap_or(UNGROUPED).to_lowercase();
    let rows = sqlx::query("SELECT name, level FROM device_groups").fetch_all(db).await?;
    let mut rest = RemediationLevel::SemiAll;
    for row in &rows {
        let name = row.try_get::<&str, _>("name")?.to_lowercase();
        let level = rows::word(row, "level")?;
        if name == wanted {
            return Ok(level);
        }
        if name == UNGROUPED.to_lowercase() {
            rest = level;
        }
    }
    Ok(rest)
}
