//! Counts: how many rows a lane has of each value of each facet. A table of them is kept in every transaction that
//! writes rows; it answers for whole lanes. What a filter leaves is counted on the spot, as far as it is not too much.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use domain::actions::query::{Counts, Facet, FacetCounts, FacetValue};
use domain::{Action, ActionQuery, Lane, LaneCounts, RowScope};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};

use super::SqlStore;
use super::scope::push_scope;
use super::select::{Access, Selection};
use super::{Connection, Db, corrupt, decided, json, tokens};
use crate::ReadCounts;
use crate::Result;
use crate::actions_fields::{Reading, StoredField, stored};
use crate::keys::KeyValue;
use crate::row_keys::Keys;
use crate::vocabulary::number;

#[async_trait]
impl ReadCounts for SqlStore {
    async fn counts(&self, scope: &RowScope, query: &ActionQuery, now: Timestamp) -> Result<Counts> {
        counts(&mut *self.reader.acquire().await?, scope, query, now).await
    }

    async fn lane_counts(&self, scope: &RowScope) -> Result<LaneCounts> {
        lane_counts(&mut *self.reader.acquire().await?, scope).await
    }
}

/// The columns of a facet's key and of its label, as the table of counts has them.
fn key_and_label(facet: Facet) -> (String, String) {
    let StoredField { column, shown, reading, .. } = stored(facet.field());
    match reading {
        Reading::Word(_) => (format!("CAST({column} AS TEXT)"), "''".to_owned()),
        _ => (column.to_owned(), format!("COALESCE(MAX({shown}), '')")),
    }
}

/// By how much the counts change: of lane and facet by key, with what to show for it.
#[derive(Default)]
pub(super) struct CountChanges {
    facets: BTreeMap<(Lane, Facet), BTreeMap<String, (String, i64)>>,
    decided: decided::DecidedChanges,
}

impl CountChanges {
    /// A row comes (1) or goes (-1), as it is then.
    pub(super) fn note(&mut self, action: &Action, keys: &Keys, by: i64) -> Result<()> {
        let lane = super::lane(action)?;
        for &facet in Facet::ALL {
            let key = keys.of_field(facet.field());
            let text = match key {
                KeyValue::Text(text) => Cow::Borrowed(text.as_str()),
                KeyValue::Number(_) | KeyValue::Id(_) => Cow::Owned(key.to_text()),
            };
            let counted = self.facets.entry((lane, facet)).or_default();
            if let Some((_, change)) = counted.get_mut(&*text) {
                *change += by;
                continue;
            }
            let label = match key {
                KeyValue::Text(_) => stored(facet.field()).label(action, key),
                // The word says it.
                KeyValue::Number(_) | KeyValue::Id(_) => String::new(),
            };
            counted.insert(text.into_owned(), (label, by));
        }
        self.decided.note(action, by);
        Ok(())
    }

    /// Those of an earlier part come to these.
    pub(super) fn join(&mut self, earlier: Self) {
        let later = std::mem::replace(self, earlier);
        for (of, keys) in later.facets {
            let counted = self.facets.entry(of).or_default();
            for (key, (label, change)) in keys {
                counted.entry(key).or_insert((label, 0)).1 += change;
            }
        }
        self.decided.join(later.decided);
    }

    /// Brings the table up to date.
    pub(super) async fn write(self, db: &mut Connection) -> Result<()> {
        let changes = self.facets.iter().flat_map(|(of, keys)| keys.iter().map(move |key| (of, key)));
        let changes: Vec<_> = changes
            .filter(|(_, (_, (_, change)))| *change != 0)
            .map(|((lane, facet), (key, (label, change)))| {
                (number(*lane), facet.as_str(), key, label, change)
            })
            .collect();
        if !changes.is_empty() {
            let sql = concat!(
                "INSERT INTO counts (lane, facet, key, label, n)
                 SELECT CAST(item.value ->> 0 AS SMALLINT), item.value ->> 1, item.value ->> 2, item.value ->> 3,
                        CAST(item.value ->> 4 AS BIGINT)
                 FROM ",
                json_rows!(),
                " WHERE TRUE ON CONFLICT (lane, facet, key) DO UPDATE SET n = counts.n + excluded.n"
            );
            sqlx::query(sql).bind(json(&changes)?).execute(&mut *db).await?;
        }
        self.decided.write(db).await
    }
}

/// The statements that count all rows anew: by lane, since most indexes hold one.
pub(super) fn recounting() -> Vec<String> {
    let count = |facet: &Facet| {
        let (key, label) = key_and_label(*facet);
        let column = stored(facet.field()).column;
        let of_lane = |lane: &Lane| {
            let lane = number(*lane);
            format!(
                "INSERT INTO counts (lane, facet, key, label, n)
                 SELECT {lane}, '{facet}', {key}, {label}, COUNT(*) FROM actions WHERE lane = {lane} GROUP BY {column}"
            )
        };
        Lane::ALL.iter().map(of_lane).collect::<Vec<_>>()
    };
    let counts = std::iter::once("DELETE FROM counts".to_owned()).chain(Facet::ALL.iter().flat_map(count));
    counts.chain(decided::recounting()).collect()
}

/// The counts of a list. A facet that narrows it is counted as if it did not: its values are choices beside each other.
pub(super) async fn counts(
    db: &mut Connection,
    scope: &RowScope,
    query: &ActionQuery,
    now: Timestamp,
) -> Result<Counts> {
    let mut counts = of_list(db, scope, query, Facet::ALL, now).await?;
    for facet in &mut counts.facets {
        if let Some(filter) = query.filter.without(facet.facet) {
            let wider = ActionQuery { filter, ..query.clone() };
            let wider = of_list(db, scope, &wider, &[facet.facet], now).await?;
            let others = wider.facets.into_iter().filter(|of| of.facet == facet.facet);
            // Of what the rows that are left have beside it, all rows are counted.
            let field = facet.facet.field();
            let chosen = query.filter.choices().into_iter().filter(|(of, _)| *of == field);
            let chosen: BTreeSet<_> =
                chosen.flat_map(|(_, values)| values).map(|value| stored(field).chosen_key(&value)).collect();
            facet.values.retain(|of| chosen.contains(&stored(field).chosen_key(&of.value)));
            // What is in use stays, counted, even where it is not among the most frequent.
            let in_use: BTreeSet<_> = facet.values.iter().map(|of| of.value.clone()).collect();
            let others = others.flat_map(|of| of.values).filter(|of| !in_use.contains(&of.value));
            facet.values.extend(others);
        }
    }
    Ok(counts)
}

/// The counts of some facets.
async fn of_list(
    db: &mut Connection,
    scope: &RowScope,
    query: &ActionQuery,
    facets: &[Facet],
    now: Timestamp,
) -> Result<Counts> {
    let mut selection = Selection::of(db, scope, query, now).await?;
    let most = i64::try_from(Counts::MAX_MATCHES).map_err(corrupt)?;
    if selection.is_everything() {
        let rows = of_lane(db, query.lane).await?;
        let matches = rows.iter().filter(|row| row.0 == Facet::Decision).map(|row| row.3).sum::<i64>();
        return counted(rows, matches, false);
    }
    let (by, matches) = selection.matches(db, most).await?;
    if matches > most {
        // The counts of the lane tell of rows outside the scope: who does not see all gets none of its values.
        let rows = if scope.is_all() { of_lane(db, query.lane).await? } else { Vec::new() };
        return counted(rows, most, true);
    }
    counted(of_matches(db, &selection, by, facets).await?, matches, false)
}

/// How many rows the two lanes have that are not over.
pub(super) async fn lane_counts(db: &mut Connection, scope: &RowScope) -> Result<LaneCounts> {
    let most = i64::try_from(Counts::MAX_MATCHES).map_err(corrupt)?;
    let mut counts = [0; 2];
    for (count, lane) in counts.iter_mut().zip([Lane::Pending, Lane::InProgress]) {
        let n: i64 = if scope.is_all() {
            let sum = "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM counts WHERE facet = $1 AND lane = $2";
            let sum = sqlx::query_scalar(sum).bind(Facet::Decision.as_str());
            sum.bind(number(lane)).fetch_one(&mut *db).await?
        } else {
            let mut sql =
                QueryBuilder::<Db>::new("SELECT COUNT(*) FROM (SELECT 1 FROM actions WHERE lane = ");
            sql.push(number(lane).to_string());
            push_scope(&mut sql, scope);
            sql.push(" LIMIT ").push_bind(most).push(") AS found");
            sql.build_query_scalar().fetch_one(&mut *db).await?
        };
        *count = u64::try_from(n).map_err(corrupt)?;
    }
    let [pending, in_progress] = counts;
    Ok(LaneCounts { pending, in_progress })
}

/// How many rows a list has; and whether there are more, where counting ended early.
pub(super) async fn matches(
    db: &mut Connection,
    scope: &RowScope,
    query: &ActionQuery,
    now: Timestamp,
) -> Result<(i64, bool)> {
    let most = i64::try_from(Counts::MAX_MATCHES).map_err(corrupt)?;
    let mut selection = Selection::of(db, scope, query, now).await?;
    let exact = selection.is_one_condition();
    let (_, matches) = selection.matches(db, most).await?;
    Ok(if exact || matches <= most { (matches, false) } else { (most, true) })
}

type Counted = (Facet, String, String, i64);

async fn of_lane(db: &mut Connection, lane: Lane) -> Result<Vec<Counted>> {
    let query = sqlx::query("SELECT facet, key, label, n FROM counts WHERE lane = $1 AND n > 0");
    let rows = query.bind(number(lane)).fetch_all(db).await?;
    rows.iter().map(read).collect()
}

/// The values of the matches, counted here: words are read from the filter bits, which stand in the index.
async fn of_matches(
    db: &mut Connection,
    selection: &Selection,
    by: Option<Access>,
    facets: &[Facet],
) -> Result<Vec<Counted>> {
    let exact = |facet: &Facet| stored(facet.field()).bits.filter(|bits| bits.is_exact());
    let words: Vec<_> = facets.iter().filter_map(|facet| Some((*facet, exact(facet)?))).collect();
    let names: Vec<_> = facets.iter().copied().filter(|facet| exact(facet).is_none()).collect();
    let mut sql = QueryBuilder::<Db>::new("SELECT filter_bits");
    for facet in &names {
        let StoredField { column, shown, .. } = stored(facet.field());
        sql.push(", ").push(column).push(", ").push(shown);
    }
    selection.push_fetch(&mut sql, by);
    let rows = sql.build().persistent(false).fetch_all(db).await?;
    let mut counted_words: BTreeMap<(Facet, i64), i64> = BTreeMap::new();
    let mut counted_names: HashMap<(Facet, &str), (&str, i64)> = HashMap::new();
    for row in &rows {
        let packed: i64 = row.try_get(0)?;
        for (facet, bits) in &words {
            *counted_words.entry((*facet, bits.get(packed))).or_default() += 1;
        }
        for (at, facet) in names.iter().enumerate() {
            let key = row.try_get(1 + 2 * at)?;
            let label = row.try_get::<Option<&str>, _>(2 + 2 * at)?.unwrap_or_default();
            let (greatest, n) = counted_names.entry((*facet, key)).or_default();
            *greatest = label.max(greatest);
            *n += 1;
        }
    }
    let words = counted_words.into_iter().map(|((facet, number), n)| {
        let field = stored(facet.field());
        let word = field.bits.and_then(|bits| bits.word(number));
        let word = word.ok_or_else(|| corrupt(format!("{facet} has no word {number}")))?;
        Ok((facet, field.chosen_key(word).to_text(), String::new(), n))
    });
    let names = counted_names
        .into_iter()
        .map(|((facet, key), (label, n))| Ok((facet, key.to_owned(), label.to_owned(), n)));
    words.chain(names).collect()
}

fn read(row: &super::rows::Row) -> Result<Counted> {
    let facet = row.try_get::<&str, _>("facet")?.parse().map_err(corrupt)?;
    Ok((facet, row.try_get("key")?, row.try_get("label")?, row.try_get("n")?))
}

fn counted(rows: Vec<Counted>, matches: i64, more: bool) -> Result<Counts> {
    let mut facets: HashMap<Facet, Vec<Counted>> = HashMap::new();
    for row in rows {
        facets.entry(row.0).or_default().push(row);
    }
    let facets = Facet::ALL.iter().map(|facet| {
        let mut rows = facets.remove(facet).unwrap_or_default();
        if stored(facet.field()).has_several() {
            let each = tokens::of_each(*facet, rows.into_iter().map(|(_, _, shown, n)| (shown, n)))?;
            rows = each.into_iter().map(|(key, name, n)| (*facet, key, name, n)).collect();
        }
        rows.sort_by(|a, b| b.3.cmp(&a.3).then_with(|| a.1.cmp(&b.1)));
        let values = rows
            .into_iter()
            // Who decided what nobody decided is no choice.
            .filter(|(facet, key, ..)| !key.is_empty() || stored(facet.field()).absent.is_some())
            .take(Counts::MAX_VALUES)
            .map(|(facet, key, label, n)| {
                let count = if more { None } else { Some(u64::try_from(n).map_err(corrupt)?) };
                Ok(FacetValue { value: choice(facet, &key, label)?, count })
            });
        Ok(FacetCounts { facet: *facet, values: values.collect::<Result<_>>()? })
    });
    let facets = facets.collect::<Result<_>>()?;
    Ok(Counts { matches: u64::try_from(matches).map_err(corrupt)?, more, facets })
}

/// What the filter takes.
fn choice(facet: Facet, key: &str, label: String) -> Result<String> {
    let field = stored(facet.field());
    if let Reading::Word(_) = field.reading {
        let word = key.parse().ok().and_then(|number| field.word(number));
        return word.map(str::to_owned).ok_or_else(|| corrupt(format!("{facet} has no word {key}")));
    }
    Ok(match (field.reading, field.absent) {
        (Reading::Actor, _) => super::rows::actor(&label)?.who().to_owned(),
        (_, Some(absent)) if label.is_empty() => absent.to_owned(),
        _ => label,
    })
}
