//! Which rows: the filter, the search and the scope as conditions, and the access path to the rows that meet them.
//!
//! Many matches are met soon by walking along the order's own index: the figures of the table of counts say when, and a
//! walk that meets too few within its [`stages`] ends there. A few matches are found by the index of the narrowest
//! condition, and sorted; whether they are few, counting says, up to [`MAX_FETCHED`]. So are all rows of a lane that the
//! order's index does not hold.

use domain::actions::query::{Facet, Field, Filter, SortKey};
use domain::list::Moment;
use domain::{ActionId, ActionQuery, Lane, RowScope};
use jiff::{SignedDuration, Timestamp};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::super::push_index;
use super::scope::push_scope;
use super::search::Search;
use super::stages;
use super::tokens::keys_with_any;
use super::{Connection, Db, micros};
use crate::Result;
use crate::actions_fields::stored;
use crate::bits::Bits;
use crate::filter_bits::{self, BitTests};
use crate::keys::KeyValue;
use crate::vocabulary::number;

/// As many matches are fetched and sorted. Beyond it a walk meets a page of them soon.
pub(super) const MAX_FETCHED: i64 = 10_000;

/// As many matches of a search are fetched by their numbers.
const MAX_FETCHED_NUMBERS: usize = 1_000;

/// So many entries of an index are passed at most by a walk that looks up each entry's row.
const MAX_LOOKUPS: i64 = 2_000;

/// So long a part of the time line is counted, to know whether the time is the narrowest condition.
const MAX_COUNTED_CHANGES: i64 = 100_000;

/// A column, and the index that finds rows by it.
pub(super) type Access = (&'static str, &'static str);

/// Finds all rows of any lane.
const BY_UPDATE: Access = ("updated_at", "actions_by_update");

/// One condition of a filter: the column must hold one of the values.
struct Condition {
    column: &'static str,
    /// None for what nothing is sorted by.
    index: Option<&'static str>,
    /// Under which its values are counted.
    facet: Option<Facet>,
    /// Whether the row's filter bits decide alone.
    in_bits: bool,
    values: Vec<KeyValue>,
}

/// Those of the fields that are set.
fn conditions(filter: &Filter, lane: Lane) -> Vec<Condition> {
    let condition = |(field, values): (Field, Vec<String>)| {
        let stored = stored(field);
        Condition {
            column: stored.column,
            index: stored.index_in(lane),
            facet: field.facet(),
            in_bits: stored.bits.is_some_and(Bits::is_exact),
            values: values.iter().map(|value| stored.chosen_key(value)).collect(),
        }
    };
    filter.choices().into_iter().filter(|(_, values)| !values.is_empty()).map(condition).collect()
}

/// The field that an action shares with those that are similar to it. One that the scope hides, that is not there, or
/// that has nothing to share, is similar to none.
async fn similar(db: &mut Connection, scope: &RowScope, id: ActionId) -> Result<Condition> {
    let mut sql = QueryBuilder::<Db>::new("SELECT similar_key FROM actions WHERE id = ");
    sql.push_bind(Uuid::from(id));
    push_scope(&mut sql, scope);
    let key: Option<Option<i64>> = sql.build_query_scalar().fetch_optional(db).await?;
    Ok(Condition {
        column: "similar_key",
        index: Some("actions_by_similarity"),
        facet: None,
        in_bits: false,
        values: key.flatten().map(KeyValue::Number).into_iter().collect(),
    })
}

/// The way to the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessPath {
    /// Along the index of the order, until there are enough.
    IndexOrder,
    /// Few: all of them, by this column and its index (any, if none), and then sorted.
    FetchAndSort(Option<Access>),
    /// Along the index of the order, past what is not among all matches of the search: they are many, and come late.
    OrderAmongMatches,
}

/// Which rows of a lane.
pub(super) struct Selection {
    lane: Lane,
    scope: RowScope,
    conditions: Vec<Condition>,
    bits: BitTests,
    from: Option<i64>,
    to: Option<i64>,
    search: Option<Search>,
    /// The numbers of all rows that the search finds, if they are few.
    numbers: Option<Vec<i64>>,
}

impl Selection {
    /// What the query asks for. Looks up the matches of a search, as far as they are few.
    pub(super) async fn of(
        db: &mut Connection,
        scope: &RowScope,
        query: &ActionQuery,
        now: Timestamp,
    ) -> Result<Self> {
        let filter = &query.filter;
        let since =
            filter.period.and_then(|period| now.checked_sub(SignedDuration::from_hours(period.hours())).ok());
        let search = filter.search.as_deref().map(Search::of);
        let numbers = match &search {
            Some(search) => search.few(db, query.lane, MAX_FETCHED_NUMBERS).await?,
            None => None,
        };
        let mut conditions = conditions(filter, query.lane);
        for condition in &mut conditions {
            if let Some(facet) = condition.facet.filter(|facet| stored(facet.field()).has_several()) {
                condition.values = keys_with_any(db, facet, query.lane, &condition.values).await?;
            }
        }
        if let Some(id) = filter.similar {
            conditions.push(similar(db, scope, id).await?);
        }
        Ok(Self {
            lane: query.lane,
            scope: scope.clone(),
            conditions,
            bits: BitTests::of(filter),
            from: since.or(filter.from.as_ref().and_then(Moment::begin)).map(micros),
            to: filter.to.as_ref().and_then(Moment::end).map(micros),
            search,
            numbers,
        })
    }

    /// The whole lane.
    pub(super) const fn is_everything(&self) -> bool {
        let Self { scope, conditions, from, to, search, .. } = self;
        scope.is_all() && conditions.is_empty() && from.is_none() && to.is_none() && search.is_none()
    }

    /// How many entries of the index of an order a walk may pass that hopes to meet so many rows, by stages that
    /// go on from each other; none, if there is no hope, or no need.
    pub(super) async fn hopeful_steps(
        &self,
        db: &mut Connection,
        sort: SortKey,
        limit: u32,
    ) -> Result<Option<[i64; 3]>> {
        if self.is_everything() || self.numbers.is_some() || !self.can_walk(sort) {
            return Ok(None);
        }
        if self.search.is_some() {
            return Ok(Some([MAX_LOOKUPS, 0, 0]));
        }
        let is_scope_alone = self.conditions.is_empty() && self.from.is_none() && self.to.is_none();
        let all = if is_scope_alone { 0 } else { self.rows_of_lane(db).await? };
        let mut share = 1.0;
        for condition in &self.conditions {
            let leads = stored(sort.field()).column == condition.column && condition.values.len() == 1;
            match self.known_rows(db, condition).await? {
                // Ids, of which there are hardly ever more than a few.
                None if !leads => return Ok(None),
                Some(rows) if !leads => share *= fraction(rows, all),
                _ => {}
            }
        }
        if (self.from.is_some() || self.to.is_some()) && sort.field() != Field::Updated {
            share *= fraction(self.count_changes(db).await?, all);
        }
        let expected = f64::from(limit) / share.max(f64::MIN_POSITIVE);
        Ok(stages::of(expected))
    }

    async fn rows_of_lane(&self, db: &mut Connection) -> Result<i64> {
        let sum = "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM counts WHERE facet = $1 AND lane = $2";
        let sum = sqlx::query_scalar(sum).bind(Facet::Decision.as_str()).bind(number(self.lane));
        Ok(sum.fetch_one(db).await?)
    }

    /// How many rows of the lane meet a condition, if that is kept.
    async fn known_rows(&self, db: &mut Connection, condition: &Condition) -> Result<Option<i64>> {
        let Some(facet) = condition.facet else { return Ok(None) };
        let mut sql = QueryBuilder::<Db>::new("SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM counts");
        sql.push(" WHERE lane = ").push_bind(number(self.lane));
        sql.push(" AND facet = ").push_bind(facet.as_str());
        let keys = condition.values.iter().map(|value| KeyValue::Text(value.to_text()));
        push_any(&mut sql, "key", &keys.collect::<Vec<_>>());
        Ok(Some(sql.build_query_scalar().fetch_one(db).await?))
    }

    /// Whether the index of an order holds the lane.
    fn can_walk(&self, sort: SortKey) -> bool {
        stored(sort.field()).index_in(self.lane).is_some()
    }

    /// How to come by the rows.
    pub(super) async fn access_path(&self, db: &mut Connection, sort: SortKey) -> Result<AccessPath> {
        let walks = self.can_walk(sort);
        if self.is_everything() && walks {
            return Ok(AccessPath::IndexOrder);
        }
        if self.numbers.is_some() {
            return Ok(AccessPath::FetchAndSort(None));
        }
        let (by, known) = self.narrowest(db).await?;
        if !walks {
            return Ok(AccessPath::FetchAndSort(by.or(Some(BY_UPDATE))));
        }
        let few = match known {
            Some(count) if self.is_one_condition() || count <= MAX_FETCHED => count <= MAX_FETCHED,
            // Counting would look up each, and the index of trigrams knows them all.
            _ if self.search.is_some() => return Ok(AccessPath::OrderAmongMatches),
            _ if by.is_none() => false,
            _ => self.count(db, by, MAX_FETCHED).await? <= MAX_FETCHED,
        };
        Ok(if few { AccessPath::FetchAndSort(by) } else { AccessPath::IndexOrder })
    }

    /// Nothing but one condition, so that its count is the whole's.
    pub(super) const fn is_one_condition(&self) -> bool {
        let Self { scope, conditions, from, to, search, .. } = self;
        scope.is_all() && conditions.len() == 1 && from.is_none() && to.is_none() && search.is_none()
    }

    /// Nothing but a search.
    const fn is_search_alone(&self) -> bool {
        let Self { scope, conditions, from, to, search, .. } = self;
        scope.is_all() && conditions.is_empty() && from.is_none() && to.is_none() && search.is_some()
    }

    /// The condition that leaves the fewest rows, and how many rows there are: of a field alone all, otherwise one more
    /// than `most` if there are more.
    pub(super) async fn matches(&mut self, db: &mut Connection, most: i64) -> Result<(Option<Access>, i64)> {
        if let (Some(search), None) = (&self.search, &self.numbers) {
            self.numbers = search.few(db, self.lane, usize::try_from(most).unwrap_or_default()).await?;
            if self.numbers.is_none() && self.is_search_alone() {
                return Ok((None, most + 1));
            }
        }
        if self.numbers.is_some() {
            return Ok((None, self.count(db, None, most).await?));
        }
        let (by, known) = self.narrowest(db).await?;
        let matches = match known {
            Some(count) if self.is_one_condition() => count,
            _ => self.count(db, by, most).await?,
        };
        Ok((by, matches))
    }

    /// The condition that leaves the fewest rows, and how many, as far as that is counted.
    pub(super) async fn narrowest(&self, db: &mut Connection) -> Result<(Option<Access>, Option<i64>)> {
        let mut best = (None, None);
        for condition in &self.conditions {
            let Some(index) = condition.index else { continue };
            let by = Some((condition.column, index));
            let Some(count) = self.known_rows(&mut *db, condition).await? else {
                // Ids: hardly ever more than a few rows.
                return Ok((by, None));
            };
            if best.1.is_none_or(|least| count < least) {
                best = (by, Some(count));
            }
        }
        if (self.from.is_some() || self.to.is_some()) && best.1.is_none_or(|least| least > MAX_FETCHED) {
            let by = Some(BY_UPDATE);
            let changes = self.count_changes(db).await?;
            let fewer = best.1.is_none_or(|least| changes < least);
            if best.0.is_none() || (fewer && changes <= MAX_COUNTED_CHANGES) {
                return Ok((by, None));
            }
        }
        Ok(best)
    }

    async fn count_changes(&self, db: &mut Connection) -> Result<i64> {
        let mut sql = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1 FROM actions WHERE lane = ");
        sql.push(number(self.lane).to_string());
        self.push_times(&mut sql, true);
        sql.push(" LIMIT ").push_bind(MAX_COUNTED_CHANGES + 1).push(") AS found");
        Ok(sql.build_query_scalar().fetch_one(db).await?)
    }

    /// How many rows there are; one more than `most` if there are more.
    pub(super) async fn count(&self, db: &mut Connection, by: Option<Access>, most: i64) -> Result<i64> {
        let mut sql = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1");
        self.push_fetch(&mut sql, by);
        sql.push(" LIMIT ").push_bind(most + 1).push(") AS found");
        // Thousands of numbers make a text that is not asked for again.
        Ok(sql.build_query_scalar().persistent(self.numbers.is_none()).fetch_one(db).await?)
    }

    /// `FROM actions WHERE …`, by the index of a condition.
    pub(super) fn push_fetch(&self, sql: &mut QueryBuilder<Db>, by: Option<Access>) {
        self.push_from(sql, by.map(|(_, index)| index));
        let column = by.map(|(column, _)| column);
        self.push_conditions(sql, column, |condition| column == Some(condition.column));
        self.push_search(sql);
    }

    /// `FROM actions WHERE …`, along the index of an order.
    pub(super) fn push_index_order(&self, sql: &mut QueryBuilder<Db>, sort: SortKey) {
        self.push_walk(sql, sort);
        self.push_search(sql);
    }

    /// The same, past what is not among the matches of the search.
    pub(super) fn push_order_among_matches(&self, sql: &mut QueryBuilder<Db>, sort: SortKey) {
        self.push_walk(sql, sort);
        if let Some(search) = &self.search {
            sql.push(" AND number IN (");
            for (at, way) in search.statements().iter().enumerate() {
                sql.push(if at == 0 { "" } else { " UNION ALL " });
                way.push_all(sql, self.lane);
            }
            sql.push(")");
        }
    }

    fn push_walk(&self, sql: &mut QueryBuilder<Db>, sort: SortKey) {
        let field = stored(sort.field());
        let column = field.column;
        self.push_from(sql, field.index_in(self.lane));
        // Several values of the order's own column would be walked one by one, and then not be in order.
        let leads = |condition: &Condition| condition.column == column && condition.values.len() == 1;
        self.push_conditions(sql, Some(column), leads);
    }

    /// `FROM actions WHERE …`: the entries of the index of an order that a walk may meet, whatever else is asked for.
    pub(super) fn push_entries(&self, sql: &mut QueryBuilder<Db>, sort: SortKey) {
        let field = stored(sort.field());
        let column = field.column;
        self.push_from(sql, field.index_in(self.lane));
        for condition in &self.conditions {
            if condition.column == column && condition.values.len() == 1 {
                push_any(sql, condition.column, &condition.values);
            }
        }
        if sort.field() == Field::Updated {
            self.push_times(sql, true);
        }
    }

    fn push_from(&self, sql: &mut QueryBuilder<Db>, index: Option<&'static str>) {
        sql.push(" FROM actions");
        if let Some(index) = index {
            push_index(sql, index);
        }
        // A literal, so that the plan does not depend on how the statement is prepared.
        sql.push(" WHERE lane = ").push(number(self.lane).to_string());
    }

    /// Filter bits first: where they decide, a condition's own column is only asked if it leads the index.
    fn push_conditions(
        &self,
        sql: &mut QueryBuilder<Db>,
        leading: Option<&str>,
        leads: impl Fn(&Condition) -> bool,
    ) {
        if let Some((mask, value)) = self.bits.all {
            sql.push(format_args!(" AND (filter_bits & {mask}) = {value}"));
        }
        for (shift, mask, values) in &self.bits.any {
            let values: Vec<_> = values.iter().map(ToString::to_string).collect();
            sql.push(format_args!(" AND ((filter_bits >> {shift}) & {mask}) IN ({})", values.join(", ")));
        }
        self.push_times(sql, leading == Some(BY_UPDATE.0));
        for condition in self.conditions.iter().filter(|condition| !condition.in_bits || leads(condition)) {
            push_any(sql, condition.column, &condition.values);
        }
        push_scope(sql, &self.scope);
    }

    fn push_search(&self, sql: &mut QueryBuilder<Db>) {
        match (&self.numbers, &self.search) {
            (Some(numbers), _) => {
                push_any(sql, "number", &numbers.iter().copied().map(KeyValue::Number).collect::<Vec<_>>());
            }
            (None, Some(search)) => search.push_test(sql),
            (None, None) => {}
        }
    }

    /// The time `leads` the index, or the day stands in the filter bits; the time itself is then asked for only of the rows
    /// of the first and the last day.
    fn push_times(&self, sql: &mut QueryBuilder<Db>, leads: bool) {
        let edges =
            [(self.from, filter_bits::since as fn(i64) -> _, ">="), (self.to, filter_bits::until, "<")];
        for (time, days, comparison) in edges {
            let Some(time) = time else { continue };
            if leads {
                sql.push(format_args!(" AND updated_at {comparison} ")).push_bind(time);
                continue;
            }
            let (possibly, surely) = days(time);
            sql.push(format_args!(" AND {possibly} AND ({surely} OR updated_at {comparison} "));
            sql.push_bind(time).push(")");
        }
    }
}

/// What part some rows are of all; all, if there is none.
fn fraction(rows: i64, all: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    if all > 0 { rows as f64 / all as f64 } else { 1.0 }
}

/// ` AND column IN (…)`; of nothing, no row.
fn push_any(sql: &mut QueryBuilder<Db>, column: &str, values: &[KeyValue]) {
    sql.push(" AND ").push(column).push(" IN (");
    let mut list = sql.separated(", ");
    if values.is_empty() {
        list.push("NULL");
    }
    for value in values {
        match value {
            KeyValue::Text(text) => list.push_bind(text.clone()),
            // No value that a stranger wrote, and planned for.
            KeyValue::Number(number) => list.push(number.to_string()),
            KeyValue::Id(id) => list.push_bind(*id),
        };
    }
    sql.push(")");
}
