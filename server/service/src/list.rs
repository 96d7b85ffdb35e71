//! Pages of actions, their counts and what among them is similar.

use async_trait::async_trait;
use domain::actions::contract::{JsonPage, ListActions};
use domain::actions::query::{Counts, DEFAULT_LIMIT, LIMITS, SortKey};
use domain::actions::similar::Buckets;
use domain::{ActionPage, ActionQuery, Caller, Error, Lane, LaneCounts, RowScope};
use jiff::Timestamp;

use super::Service;
use super::json_rows;
use super::paging::{Edges, decode, encode, page_of};
use store::Position;

#[async_trait]
impl ListActions for Service {
    async fn list(&self, caller: &Caller, query: ActionQuery) -> Result<ActionPage, Error> {
        let asked = self.asked_page(caller, query).await?;
        let AskedPage { scope, query, from, now, .. } = &asked;
        let mut items = self.store.page(scope, query, from.as_ref(), asked.fetched(), *now).await?;
        let sort = query.sort.key;
        let Edges { previous, next } =
            asked.cut(&mut items, |action, before| Position::of(action, sort, before));
        let items = items.into_iter().map(|action| self.with_hold(action)).collect();
        Ok(ActionPage { items, next, prev: previous, rendered_at: *now })
    }

    async fn list_as_json(&self, caller: &Caller, query: ActionQuery) -> Result<JsonPage, Error> {
        // What is held now is in no row that is kept as JSON.
        if self.executors.has_paused() {
            return written(self.list(caller, query).await?);
        }
        let asked = self.asked_page(caller, query.clone()).await?;
        let AskedPage { scope, query: in_zone, from, now, .. } = &asked;
        let mut rows = self.store.listed(scope, in_zone, from.as_ref(), asked.fetched(), *now).await?;
        let sort = query.sort.key;
        let Edges { previous, next } = asked.cut(&mut rows, |row, before| row.position(sort, before));
        if let Some(items) = self.json_rows.of(&self.store, &rows).await? {
            return Ok(JsonPage { items, next, prev: previous });
        }
        // Something changed between the two looks: all of it in one.
        written(self.list(caller, query).await?)
    }

    async fn counts(&self, caller: &Caller, query: ActionQuery) -> Result<Counts, Error> {
        let scope = RowScope::of(caller)?;
        let query = self.in_zone(caller, query).await?;
        Ok(self.store.counts(&scope, &query, self.clock.now()).await?)
    }

    async fn lane_counts(&self, caller: &Caller) -> Result<LaneCounts, Error> {
        Ok(self.store.lane_counts(&RowScope::of(caller)?).await?)
    }

    async fn buckets(&self, caller: &Caller, query: ActionQuery) -> Result<Buckets, Error> {
        let scope = RowScope::of(caller)?;
        if query.lane != Lane::Pending {
            return Err(Error::invalid(
                "/lane",
                "must be pending: only what waits for a decision is grouped",
            ));
        }
        let query = self.in_zone(caller, query).await?;
        Ok(self.store.buckets(&scope, &query, self.clock.now()).await?)
    }
}

/// A page as JSON.
fn written(ActionPage { items, next, prev, .. }: ActionPage) -> Result<JsonPage, Error> {
    let items = items.into_iter().map(|action| Ok(json_rows::write(action)?.into()));
    Ok(JsonPage { items: items.collect::<Result<_, Error>>()?, next, prev })
}

/// A page as it was asked for.
struct AskedPage {
    scope: RowScope,
    query: ActionQuery,
    limit: u32,
    from: Option<Position>,
    now: Timestamp,
}

impl Service {
    async fn asked_page(&self, caller: &Caller, query: ActionQuery) -> Result<AskedPage, Error> {
        let scope = RowScope::of(caller)?;
        let query = self.in_zone(caller, query).await?;
        let limit = match (query.limit, caller.own()) {
            (Some(limit), _) => limit,
            (None, Ok(person)) => self.store.preferences(person).await?.table(query.lane).limit,
            (None, Err(_)) => DEFAULT_LIMIT,
        };
        if !LIMITS.contains(&limit) {
            return Err(Error::invalid("/limit", "must be 25, 50, 100 or 200"));
        }
        let from = query.cursor.as_deref().map(|text| parse_cursor(text, query.sort.key)).transpose()?;
        Ok(AskedPage { scope, query, limit: u32::from(limit), from, now: self.clock.now() })
    }
}

impl AskedPage {
    /// How many rows are fetched: one more tells whether another page follows.
    const fn fetched(&self) -> u32 {
        self.limit + 1
    }

    /// Leaves the rows of the page, with the cursors of those beside it.
    fn cut<T>(&self, rows: &mut Vec<T>, position: impl Fn(&T, bool) -> Position) -> Edges {
        let edge = |row: Option<&T>, before| {
            let at = row.map(|row| position(row, before));
            at.or_else(|| self.from.clone().map(|from| Position { before, ..from })).map(|at| cursor(&at))
        };
        page_of(rows, self.limit, self.from.as_ref().map(|from| from.before), edge)
    }
}

/// A position as a cursor.
pub(crate) fn cursor(position: &Position) -> String {
    encode(position)
}

pub(crate) fn parse_cursor(text: &str, sort: SortKey) -> Result<Position, Error> {
    decode(text, |position: &Position| position.fits(sort))
}
