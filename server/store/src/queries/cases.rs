//! Statements of the lists of incidents, investigations and what an investigation consists of.
//!
//! A page is found by what it is sorted by alone, and only its rows are read whole: an order that no index has sorts
//! narrow rows.

use async_trait::async_trait;
use domain::cases::CaseList;
use domain::cases::fields::{CaseQuery, Facet, Field, SortKey};
use domain::investigations::InvestigationState;
use domain::list::{FacetValue, ListFacet as _};
use domain::{Lane, RowScope};
use sqlx::{QueryBuilder, Row as _};

use super::super::push_contains;
use super::list::push_key;
use super::piece_scope::{push_piece_scope, push_pieces};
use super::rows::{self, Row};
use super::{Connection, Db, SqlStore, corrupt, incidents, investigations, scope};
use crate::Result;
use crate::case_fields::{SortField, filtered_by, id_column, id_is_number, sorted_by, state_number};
use crate::cases::{CasePosition, CaseRow, ReadCases};
use crate::keys::{KeyValue, natural, searched};
use crate::vocabulary::number;

#[async_trait]
impl ReadCases for SqlStore {
    async fn case_page(
        &self,
        scope: &RowScope,
        investigation: Option<&str>,
        query: &CaseQuery,
        from: Option<&CasePosition>,
        limit: u32,
    ) -> Result<Vec<(CasePosition, CaseRow)>> {
        let source = Source { scope, list: query.lane, investigation };
        let Some(field) = sorted_by(query.lane, query.sort.key) else { return Ok(Vec::new()) };
        let mut sql = source.statement(query, field, from, limit);
        let rows = sql.build().fetch_all(&self.reader).await?;
        let mut page: Vec<_> =
            rows.iter().map(|row| source.row(row, query.sort.key, field)).collect::<Result<_>>()?;
        if from.is_some_and(|from| from.before) {
            page.reverse();
        }
        Ok(page)
    }

    async fn case_facet(
        &self,
        scope: &RowScope,
        investigation: Option<&str>,
        list: CaseList,
        facet: Facet,
    ) -> Result<Vec<FacetValue>> {
        let source = Source { scope, list, investigation };
        source.facet(&mut *self.reader.acquire().await?, facet).await
    }
}

/// Where the rows of a list come from.
struct Source<'a> {
    scope: &'a RowScope,
    list: CaseList,
    investigation: Option<&'a str>,
}

impl Source<'_> {
    /// `FROM … WHERE …`: all rows of the list; `by_assets` is whether assets are searched or sorted by.
    fn push_from(&self, sql: &mut QueryBuilder<Db>, by_assets: bool) {
        match self.list {
            CaseList::Investigations => {
                sql.push(" FROM investigations i WHERE 1 = 1");
                investigations::push_scope(sql, self.scope);
            }
            CaseList::Incidents => {
                sql.push(" FROM incidents n WHERE 1 = 1");
                incidents::push_scope(sql, self.scope);
            }
            CaseList::Pending => self.push_actions(sql, &[Lane::Pending]),
            CaseList::History => self.push_actions(sql, &[Lane::InProgress, Lane::History]),
            list => {
                let id = self.investigation.unwrap_or_default();
                push_pieces(sql, self.scope, id, list.pieces(), by_assets);
                push_piece_scope(sql, self.scope, id);
            }
        }
    }

    fn push_actions(&self, sql: &mut QueryBuilder<Db>, lanes: &[Lane]) {
        let id = self.investigation.unwrap_or_default();
        sql.push(" FROM actions WHERE number IN (");
        for (at, lane) in lanes.iter().enumerate() {
            // Each lane has an index of its own.
            sql.push(if at == 0 { "" } else { " UNION ALL " });
            sql.push(format_args!("SELECT number FROM actions WHERE lane = {}", number(*lane)));
            sql.push(" AND investigation_key = ").push_bind(natural(id));
        }
        // Keys are the same of ids that differ in case.
        sql.push(") AND investigation_id = ").push_bind(id.to_owned());
        scope::push_scope(sql, self.scope);
    }

    fn push_filter(&self, sql: &mut QueryBuilder<Db>, query: &CaseQuery) {
        for (field, values) in query.filter.choices().into_iter().filter(|(_, values)| !values.is_empty()) {
            match (field, field.facet()) {
                (Field::State, _) => push_states(sql, self.scope, &values),
                (Field::Incident, _) => {
                    sql.push(" AND incident_id IN (");
                    let mut list = sql.separated(", ");
                    for value in values {
                        list.push_bind(value);
                    }
                    sql.push(")");
                }
                (_, Some(facet)) => {
                    let keys = values.iter().filter_map(|value| filtered_by(self.list, facet, value));
                    let keys: Vec<_> = keys.collect();
                    let Some((column, _)) = keys.first() else { continue };
                    sql.push(" AND ").push(*column).push(" IN (");
                    for (at, (_, key)) in keys.iter().enumerate() {
                        sql.push(if at == 0 { "" } else { ", " });
                        push_key(sql, key);
                    }
                    sql.push(")");
                }
                _ => {}
            }
        }
        if let Some(search) = query.filter.search.as_deref() {
            sql.push(" AND ");
            push_contains(sql, &searched(search));
        }
    }

    fn statement(
        &self,
        query: &CaseQuery,
        field: SortField,
        from: Option<&CasePosition>,
        limit: u32,
    ) -> QueryBuilder<Db> {
        let (sort, id) = (field.expression, id_column(self.list));
        let backwards = from.is_some_and(|from| from.before);
        let ascending = query.sort.descending == backwards;
        let direction = if ascending { "ASC" } else { "DESC" };
        let order = format!(" ORDER BY {sort} {direction}, {id} {direction}");
        let mut sql = QueryBuilder::<Db>::new("SELECT ");
        match self.list {
            CaseList::Investigations => investigations::push_columns(&mut sql, self.scope),
            CaseList::Incidents => incidents::push_columns(&mut sql, self.scope),
            CaseList::Pending | CaseList::History => {
                sql.push(rows::action_columns!());
            }
            _ => {
                sql.push("body");
            }
        }
        let by_assets = self.list == CaseList::Evidence
            && (query.filter.search.is_some() || query.sort.key == SortKey::Assets);
        let edge = if field.is_number { format!("CAST({sort} AS BIGINT)") } else { sort.to_owned() };
        sql.push(format_args!(", {edge} AS edge_key, {id} AS edge_id"));
        match self.list {
            CaseList::Investigations => {
                sql.push(" FROM investigations i WHERE id IN (SELECT id");
            }
            CaseList::Incidents => {
                sql.push(" FROM incidents n WHERE id IN (SELECT id");
            }
            CaseList::Pending | CaseList::History => {
                sql.push(" FROM actions WHERE number IN (SELECT number");
            }
            list => {
                let id = self.investigation.unwrap_or_default();
                push_pieces(&mut sql, self.scope, id, list.pieces(), by_assets);
                sql.push(" AND name IN (SELECT name");
            }
        }
        self.push_from(&mut sql, by_assets);
        self.push_filter(&mut sql, query);
        if let Some(from) = from {
            let comparison = if ascending { ">" } else { "<" };
            sql.push(format_args!(" AND ({sort}, {id}) {comparison} ("));
            push_key(&mut sql, &from.key);
            sql.push(", ");
            push_key(&mut sql, &from.id);
            sql.push(")");
        }
        sql.push(&order).push(" LIMIT ").push_bind(i64::from(limit)).push(")").push(&order);
        sql
    }

    fn row(&self, row: &Row, sort: SortKey, field: SortField) -> Result<(CasePosition, CaseRow)> {
        let value = |column: &str, is_number: bool| -> Result<KeyValue> {
            Ok(if is_number {
                KeyValue::Number(row.try_get(column)?)
            } else {
                KeyValue::Text(row.try_get(column)?)
            })
        };
        let position = CasePosition {
            sort,
            key: value("edge_key", field.is_number)?,
            id: value("edge_id", id_is_number(self.list))?,
            before: false,
        };
        let row = match self.list {
            CaseList::Investigations => CaseRow::Investigation(Box::new(investigations::stored(row)?)),
            CaseList::Incidents => CaseRow::Incident(Box::new(incidents::stored(row)?)),
            CaseList::Pending | CaseList::History => CaseRow::Action(Box::new(rows::action(row)?)),
            _ => CaseRow::Piece(row.try_get("body")?),
        };
        Ok((position, row))
    }

    async fn facet(&self, db: &mut Connection, facet: Facet) -> Result<Vec<FacetValue>> {
        let keys: Vec<_> = facet
            .choices()
            .into_iter()
            .filter_map(|(value, _)| Some((value, filtered_by(self.list, facet, value)?)))
            .collect();
        let Some((_, (column, first))) = keys.first() else { return Ok(Vec::new()) };
        let is_number = matches!(first, KeyValue::Number(_));
        let mut sql = QueryBuilder::<Db>::new("SELECT ");
        let choice = if is_number { format!("CAST({column} AS BIGINT)") } else { (*column).to_owned() };
        sql.push(format_args!("{choice} AS choice, COUNT(*) AS n"));
        self.push_from(&mut sql, false);
        sql.push(" GROUP BY ").push(*column);
        let mut values = Vec::new();
        for row in sql.build().fetch_all(db).await? {
            let key = if is_number {
                KeyValue::Number(row.try_get("choice")?)
            } else {
                KeyValue::Text(row.try_get("choice")?)
            };
            let count = u64::try_from(row.try_get::<i64, _>("n")?).map_err(corrupt)?;
            let known = keys.iter().find(|(_, (_, of))| *of == key);
            values.extend(
                known.map(|(value, _)| FacetValue { value: (*value).to_owned(), count: Some(count) }),
            );
        }
        Ok(values)
    }
}

/// Those that are shown in one of these states: what waits for a decision is, whatever else was reported.
fn push_states(sql: &mut QueryBuilder<Db>, scope: &RowScope, values: &[String]) {
    let waits = InvestigationState::PendingApproval.as_str();
    let others: Vec<_> =
        values.iter().filter(|value| *value != waits).map(|value| state_number(value).to_string()).collect();
    sql.push(" AND (1 = 0");
    if others.len() < values.len() {
        sql.push(" OR ");
        investigations::push_waiting(sql, scope);
        sql.push(" > 0");
    }
    if !others.is_empty() {
        sql.push(" OR (state IN (").push(others.join(", ")).push(") AND ");
        investigations::push_waiting(sql, scope);
        sql.push(" = 0)");
    }
    sql.push(")");
}
