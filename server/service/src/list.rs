//! Pages of actions, their counts and what among them is similar.

use async_trait::async_trait;
use domain::actions::contract::ListActions;
use domain::actions::query::{Counts, DEFAULT_LIMIT, LIMITS, SortKey};
use domain::actions::similar::Buckets;
use domain::{Action, ActionPage, ActionQuery, Caller, Error, Lane, LaneCounts, RowScope};

use super::Service;
use super::paging::{Edges, decode, encode, page_of};
use store::Position;

#[async_trait]
impl ListActions for Service {
    async fn list(&self, caller: &Caller, query: ActionQuery) -> Result<ActionPage, Error> {
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
        let sort = query.sort.key;
        let from = query.cursor.as_deref().map(|text| parse_cursor(text, sort)).transpose()?;
        let now = self.clock.now();
        let mut items = self.store.page(&scope, &query, from.as_ref(), u32::from(limit) + 1, now).await?;
        let edge = |action: Option<&Action>, before| {
            let position = action.map(|action| Position::of(action, sort, before));
            position.or_else(|| from.clone().map(|from| Position { before, ..from })).map(|at| cursor(&at))
        };
        let before = from.as_ref().map(|from| from.before);
        let Edges { previous, next } = page_of(&mut items, u32::from(limit), before, edge);
        Ok(ActionPage { items, next, prev: previous, rendered_at: now })
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

/// A position as a cursor.
pub(crate) fn cursor(position: &Position) -> String {
    encode(position)
}

pub(crate) fn parse_cursor(text: &str, sort: SortKey) -> Result<Position, Error> {
    decode(text, |position: &Position| position.fits(sort))
}
