//! Which rows: the filter, the search and the scope as conditions, and the access path to the rows that meet them.
//!
//! A few matches are found by the index of the narrowest condition, and sorted. Many are met soon by walking along the
//! order's own index. Which it is, counting says, up to [`MAX_FETCHED`].

use std::collections::BTreeSet;

use domain::actions::query::{Facet, Field, Filter, SortKey};
use domain::core::canonical;
use domain::core::refang::refang_link;
use domain::list::Moment;
use domain::{ActionId, ActionQuery, Lane, RowScope};
use jiff::{SignedDuration, Timestamp};
use sqlx::QueryBuilder;

use super::super::push_index;
use super::scope::push_scope;
use super::{Connection, Db, micros};
use crate::Result;
use crate::actions_fields::{StoredField, stored};
use crate::bits::Bits;
use crate::filter_bits::BitTests;
use crate::keys::{fold, natural_beginnings};

/// As many matches are fetched and sorted. Beyond it a walk meets a page of them soon.
pub(super) const MAX_FETCHED: i64 = 10_000;

/// As many matches of a search are fetched by their ids.
const MAX_FETCHED_IDS: usize = 1_000;

/// So long a part of the time line is counted, to know whether the time is the narrowest condition.
const MAX_COUNTED_CHANGES: i64 = 20_000;

/// From how many characters on a search looks anywhere in a text: the length of what the indexes hold.
const MIN_SUBSTRING: usize = 3;

/// A column, and the index that finds rows by it.
pub(super) type Access = (&'static str, &'static str);

/// One condition of a filter: the column must hold one of the values.
struct Condition {
    column: &'static str,
    /// None for what nothing is sorted by.
    index: Option<&'static str>,
    /// Under which its values are counted.
    facet: Option<Facet>,
    /// Whether the row's filter bits decide alone.
    in_bits: bool,
    values: Vec<String>,
}

/// Those of the fields that are set.
fn conditions(filter: &Filter) -> Vec<Condition> {
    let condition = |(field, values): (Field, Vec<String>)| {
        let stored = stored(field);
        Condition {
            column: stored.column,
            index: stored.index,
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
    sql.push_bind(id.to_string());
    push_scope(&mut sql, scope);
    let key: Option<String> = sql.build_query_scalar().fetch_optional(db).await?;
    Ok(Condition {
        column: "similar_key",
        index: Some("actions_by_similarity"),
        facet: None,
        in_bits: false,
        values: vec![key.filter(|key| !key.is_empty()).unwrap_or("none".to_owned())],
    })
}

/// The way to the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessPath {
    /// Along the index of the order, until there are enough.
    IndexOrder,
    /// Few: all of them, by this column and its index (any, if none), and then sorted.
    FetchAndSort(Option<Access>),
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
    /// All ids that the search finds, if they are few.
    ids: Option<Vec<String>>,
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
        let ids = match &search {
            Some(search) => search.few(db, query.lane).await?,
            None => None,
        };
        let mut conditions = conditions(filter);
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
            ids,
        })
    }

    /// The whole lane.
    pub(super) const fn is_everything(&self) -> bool {
        let Self { scope, conditions, from, to, search, .. } = self;
        scope.is_all() && conditions.is_empty() && from.is_none() && to.is_none() && search.is_none()
    }

    /// How to come by the rows.
    pub(super) async fn access_path(&self, db: &mut Connection) -> Result<AccessPath> {
        if self.is_everything() {
            return Ok(AccessPath::IndexOrder);
        }
        if self.ids.is_some() {
            return Ok(AccessPath::FetchAndSort(None));
        }
        let (by, known) = self.narrowest(db).await?;
        let few = match known {
            Some(count) if self.is_one_condition() || count <= MAX_FETCHED => count <= MAX_FETCHED,
            // Too much is a match of the search, and each is tested by looking it up.
            _ if self.search.is_some() || by.is_none() => false,
            _ => self.count(db, by, MAX_FETCHED).await? <= MAX_FETCHED,
        };
        Ok(if few { AccessPath::FetchAndSort(by) } else { AccessPath::IndexOrder })
    }

    /// Nothing but one condition, so that its count is the whole's.
    pub(super) const fn is_one_condition(&self) -> bool {
        let Self { scope, conditions, from, to, search, .. } = self;
        scope.is_all() && conditions.len() == 1 && from.is_none() && to.is_none() && search.is_none()
    }

    /// The condition that leaves the fewest rows, and how many rows there are: of a field alone all, otherwise one more
    /// than `most` if there are more.
    pub(super) async fn matches(&self, db: &mut Connection, most: i64) -> Result<(Option<Access>, i64)> {
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
            let Some(facet) = condition.facet else {
                // Ids: hardly ever more than a few rows.
                return Ok((by, None));
            };
            let mut sql = QueryBuilder::<Db>::new("SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM counts");
            sql.push(" WHERE lane = ").push_bind(self.lane.as_str());
            sql.push(" AND facet = ").push_bind(facet.as_str());
            push_any(&mut sql, "key", &condition.values);
            let count: i64 = sql.build_query_scalar().fetch_one(&mut *db).await?;
            if best.1.is_none_or(|least| count < least) {
                best = (by, Some(count));
            }
        }
        if (self.from.is_some() || self.to.is_some()) && best.1.is_none_or(|least| least > MAX_FETCHED) {
            let by = stored(Field::Updated).access();
            if best.0.is_none() || self.count_changes(db).await? <= MAX_COUNTED_CHANGES {
                return Ok((by, None));
            }
        }
        Ok(best)
    }

    async fn count_changes(&self, db: &mut Connection) -> Result<i64> {
        let mut sql = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1 FROM actions WHERE lane = '");
        sql.push(self.lane.as_str()).push("'");
        self.push_times(&mut sql);
        sql.push(" LIMIT ").push_bind(MAX_COUNTED_CHANGES + 1).push(") AS found");
        Ok(sql.build_query_scalar().fetch_one(db).await?)
    }

    /// How many rows there are; one more than `most` if there are more.
    pub(super) async fn count(&self, db: &mut Connection, by: Option<Access>, most: i64) -> Result<i64> {
        let mut sql = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1");
        self.push_fetch(&mut sql, by);
        sql.push(" LIMIT ").push_bind(most + 1).push(") AS found");
        Ok(sql.build_query_scalar().fetch_one(db).await?)
    }

    /// `FROM actions WHERE …`, by the index of a condition.
    pub(super) fn push_fetch(&self, sql: &mut QueryBuilder<Db>, by: Option<Access>) {
        self.push_from(sql, by.map(|(_, index)| index));
        self.push_conditions(sql, |condition| by.is_some_and(|(column, _)| condition.column == column));
    }

    /// `FROM actions WHERE …`, along the index of an order.
    pub(super) fn push_index_order(&self, sql: &mut QueryBuilder<Db>, sort: SortKey) {
        let StoredField { column, index, .. } = stored(sort.field());
        self.push_from(sql, index);
        // Several values of the order's own column would be walked one by one, and then not be in order.
        self.push_conditions(sql, |condition| condition.column == column && condition.values.len() == 1);
    }

    fn push_from(&self, sql: &mut QueryBuilder<Db>, index: Option<&'static str>) {
        sql.push(" FROM actions");
        if let Some(index) = index {
            push_index(sql, index);
        }
        // A literal, so that the plan does not depend on how the statement is prepared.
        sql.push(" WHERE lane = '").push(self.lane.as_str()).push("'");
    }

    /// Filter bits first: where they decide, a condition's own column is only asked if it leads the index.
    fn push_conditions(&self, sql: &mut QueryBuilder<Db>, leads: impl Fn(&Condition) -> bool) {
        if let Some((mask, value)) = self.bits.all {
            sql.push(format_args!(" AND (filter_bits & {mask}) = {value}"));
        }
        for (shift, mask, values) in &self.bits.any {
            let values: Vec<_> = values.iter().map(ToString::to_string).collect();
            sql.push(format_args!(" AND ((filter_bits >> {shift}) & {mask}) IN ({})", values.join(", ")));
        }
        self.push_times(sql);
        for condition in self.conditions.iter().filter(|condition| !condition.in_bits || leads(condition)) {
            push_any(sql, condition.column, &condition.values);
        }
        push_scope(sql, &self.scope);
        match (&self.ids, &self.search) {
            (Some(ids), _) => push_any(sql, "id", ids),
            (None, Some(search)) => search.push_test(sql),
            (None, None) => {}
        }
    }

    fn push_times(&self, sql: &mut QueryBuilder<Db>) {
        if let Some(from) = self.from {
            sql.push(" AND updated_at >= ").push_bind(from);
        }
        if let Some(to) = self.to {
            sql.push(" AND updated_at < ").push_bind(to);
        }
    }
}

/// ` AND column IN (…)`.
fn push_any(sql: &mut QueryBuilder<Db>, column: &str, values: &[String]) {
    sql.push(" AND ").push(column).push(" IN (");
    let mut list = sql.separated(", ");
    for value in values {
        list.push_bind(value.clone());
    }
    sql.push(")");
}

/// What is searched for, folded as the keys are.
struct Search {
    /// Any of these stands in the text of a match.
    texts: Vec<String>,
    /// A match has one of the beginnings in one of these columns.
    beginnings: Vec<(&'static str, Vec<String>)>,
}

impl Search {
    fn of(search: &str) -> Self {
        let text = fold(search);
        let anywhere = text.chars().count() >= MIN_SUBSTRING;
        // A short text is a whole line at least: a pid.
        let texts = if anywhere { spellings(search, text.clone()) } else { vec![format!("\n{text}\n")] };
        let natural = natural_beginnings(search);
        let mut beginnings = vec![
            ("id", vec![text.clone()]),
            ("approval_key", vec![text.clone()]),
            ("investigation_key", natural.clone()),
            ("incident_key", natural.clone()),
        ];
        if !anywhere {
            beginnings.push(("asset_key", natural.clone()));
            // As addresses of IPv6 begin.
            beginnings.push(("entity_key", natural.into_iter().chain([format!(":{text}")]).collect()));
        }
        Self { texts, beginnings }
    }

    /// A condition on the row at hand.
    fn push_test(&self, sql: &mut QueryBuilder<Db>) {
        sql.push(" AND (");
        for (at, text) in self.texts.iter().enumerate() {
            sql.push(if at == 0 { "" } else { " OR " });
            super::super::push_contains(sql, text);
        }
        for (column, texts) in &self.beginnings {
            sql.push(" OR ");
            push_begins(sql, column, texts);
        }
        sql.push(")");
    }

    /// The ids of all matches in a lane, if they are few. Each way to match is asked for by itself, so that each has
    /// an index to answer from.
    async fn few(&self, db: &mut Connection, lane: Lane) -> Result<Option<Vec<String>>> {
        let mut ids = BTreeSet::new();
        let limit = i64::try_from(MAX_FETCHED_IDS + 1).unwrap_or(i64::MAX);
        let mut ways = Vec::new();
        for (column, texts) in &self.beginnings {
            let mut sql = QueryBuilder::<Db>::new("SELECT id FROM actions WHERE lane = '");
            sql.push(lane.as_str()).push("' AND ");
            push_begins(&mut sql, column, texts);
            ways.push(sql);
        }
        for text in &self.texts {
            let mut sql = QueryBuilder::<Db>::new("");
            super::super::push_matches(&mut sql, text, lane);
            ways.push(sql);
        }
        for mut sql in ways {
            sql.push(" LIMIT ").push_bind(limit);
            let found = sql.build_query_scalar::<String>().fetch_all(&mut *db).await?;
            ids.extend(found);
            if ids.len() > MAX_FETCHED_IDS {
                return Ok(None);
            }
        }
        // No id at all is a list of one that there is not.
        if ids.is_empty() {
            ids.insert(String::new());
        }
        Ok(Some(ids.into_iter().collect()))
    }
}

/// What is searched for as it was typed, and in the one spelling of what it may be: an address, a URL, a path, a host.
fn spellings(search: &str, folded: String) -> Vec<String> {
    let given = search.trim();
    let plain = refang_link(given).unwrap_or_else(|| given.to_owned());
    let mut others = vec![plain.clone()];
    others.extend(canonical::address(&plain));
    if plain.contains("://") {
        others.extend(canonical::url(&plain));
    }
    if plain.contains(['\\', '/']) {
        others.extend([canonical::path(&plain), canonical::registry_key(&plain)]);
    }
    if !plain.is_ascii() {
        others.push(canonical::name(&plain));
    }
    let mut texts = vec![folded];
    texts.extend(others.iter().map(|text| fold(text)));
    let mut seen = BTreeSet::new();
    texts.retain(|text| text.chars().count() >= MIN_SUBSTRING && seen.insert(text.clone()));
    texts
}

/// A condition that a column begins with one of these. No continuation of a text reaches its end.
fn push_begins(sql: &mut QueryBuilder<Db>, column: &str, texts: &[String]) {
    for (at, text) in texts.iter().enumerate() {
        sql.push(if at == 0 { "(" } else { " OR " });
        sql.push("(").push(column).push(" >= ").push_bind(text.clone());
        sql.push(" AND ").push(column).push(" < ").push_bind(format!("{text}\u{10FFFF}")).push(")");
    }
    sql.push(")");
}
