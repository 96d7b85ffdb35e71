//! Questions: pages, single actions, what the caller may do with them. And the door: `Backend`.

use app::backend::{
    ActionDetail, Backend, ExecutorView, Export, ExportFormat, ExportProgress, NewView, Offer, Proposed,
};
use app::domain::home::HomeView;
use app::domain::query::{Counts, DEFAULT_LIMIT, LIMITS, SortKey};
use app::domain::similar::Buckets;
use app::domain::{
    Action, ActionId, ActionPage, ActionQuery, BulkId, BulkJob, BulkPlan, BulkRequest, Caller, Command,
    Error, ErrorCode, ItemState, Lane, LaneCounts, Preference, Preferences, Proposal, SavedView, Seen,
    ViewId,
};
use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::decide::Verb;
use super::{Service, detached};
use crate::store::Position;

/// Earlier actions on the same entity that the flyout shows.
const MOST_EARLIER: u32 = 10;

#[async_trait]
impl Backend for Service {
    async fn list(&self, caller: &Caller, query: ActionQuery) -> Result<ActionPage, Error> {
        let scope = caller.row_scope()?;
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
        // One row more tells whether there is another page.
        let mut items = self.store.page(&scope, &query, from.as_ref(), u32::from(limit) + 1, now).await?;
        let limit = usize::from(limit);
        let more = items.len() > limit;
        let before = from.as_ref().is_some_and(|from| from.before);
        if more && before {
            items.remove(0);
        }
        items.truncate(limit);
        let edge = |action: Option<&Action>, before| {
            let position = action.map(|action| Position::of(action, sort, before));
            position.or_else(|| from.clone().map(|from| Position { before, ..from })).map(|at| cursor(&at))
        };
        let next = if before || more { edge(items.last(), false) } else { None };
        let prev = if before && more || !before && from.is_some() { edge(items.first(), true) } else { None };
        Ok(ActionPage { items, next, prev, rendered_at: now })
    }

    async fn counts(&self, caller: &Caller, query: ActionQuery) -> Result<Counts, Error> {
        Ok(self.store.counts(&caller.row_scope()?, &query, self.clock.now()).await?)
    }

    async fn lane_counts(&self, caller: &Caller) -> Result<LaneCounts, Error> {
        Ok(self.store.lane_counts(&caller.row_scope()?).await?)
    }

    async fn buckets(&self, caller: &Caller, query: ActionQuery) -> Result<Buckets, Error> {
        let scope = caller.row_scope()?;
        if query.lane != Lane::Pending {
            return Err(Error::invalid(
                "/lane",
                "must be pending: only what waits for a decision is grouped",
            ));
        }
        Ok(self.store.buckets(&scope, &query, self.clock.now()).await?)
    }

    async fn export(
        &self,
        caller: &Caller,
        query: ActionQuery,
        format: ExportFormat,
    ) -> Result<Export, Error> {
        self.write_export(caller, query, format).await
    }

    async fn export_progress(&self, caller: &Caller) -> Result<Option<ExportProgress>, Error> {
        caller.row_scope()?;
        Ok(self.exporting.progress(&caller.actor.id))
    }

    async fn action(&self, caller: &Caller, id: ActionId) -> Result<Action, Error> {
        self.store.action(&caller.row_scope()?, id).await?.ok_or(Error::NotFound)
    }

    async fn detail(&self, caller: &Caller, id: ActionId) -> Result<ActionDetail, Error> {
        let scope = caller.row_scope()?;
        let now = self.clock.now();
        let action = self.store.action(&scope, id).await?.ok_or(Error::NotFound)?;
        let proposer = self.store.proposer(id).await?;
        let offer = |result: Result<(), Error>| Offer::from(result.map_err(|error| sentence(&error)));
        let decision = |command| self.check_decision(caller, &action, proposer, command, now).map(drop);
        let approve = decision(Command::Approve);
        let undo = offer(self.check_undo(caller, &action).map(drop));
        Ok(ActionDetail {
            instances: if undo.is_open() { self.instances(&scope, &action).await? } else { 0 },
            reach: self.reach(&scope, &action).await?,
            deciders: self.deciders(&action, proposer, &approve, now).await?,
            hunt: self.hunt.as_ref().map(|link| link.of(&action)),
            approve: offer(approve),
            reject: offer(decision(Command::Reject)),
            undo,
            executor: self.executors.find(&action).map(|executor| ExecutorView {
                name: executor.name().to_owned(),
                simulated: executor.is_simulated(),
            }),
            earlier: self.store.on_same_entity(&scope, &action, MOST_EARLIER).await?,
            action,
            rendered_at: now,
        })
    }

    async fn approve(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        comment: Option<String>,
    ) -> Result<Action, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.decide(&caller, id, seen, Verb::Approve { comment }).await }).await
    }

    async fn reject(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        reason: String,
    ) -> Result<Action, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.decide(&caller, id, seen, Verb::Reject { reason }).await }).await
    }

    async fn undo(&self, caller: &Caller, id: ActionId, seen: Seen, reason: String) -> Result<Action, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.decide(&caller, id, seen, Verb::Undo { reason }).await }).await
    }

    async fn plan_bulk(&self, caller: &Caller, request: BulkRequest) -> Result<BulkPlan, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.plan(&caller, request).await }).await
    }

    async fn bulk_plan(&self, caller: &Caller, id: BulkId) -> Result<BulkPlan, Error> {
        self.load_plan(caller, id).await
    }

    async fn start_bulk(
        &self,
        caller: &Caller,
        id: BulkId,
        reason: Option<String>,
    ) -> Result<BulkJob, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.start_job(&caller, id, reason).await }).await
    }

    async fn bulk_job(
        &self,
        caller: &Caller,
        id: BulkId,
        state: Option<ItemState>,
        after: i64,
    ) -> Result<BulkJob, Error> {
        self.load_job(caller, id, state, after).await
    }

    async fn retry_bulk(&self, caller: &Caller, id: BulkId) -> Result<BulkPlan, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.plan_again(&caller, id).await }).await
    }

    async fn propose(&self, caller: &Caller, proposals: Vec<Proposal>) -> Result<Vec<Proposed>, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.take_in(&caller, proposals).await }).await
    }

    async fn home(&self, caller: &Caller) -> Result<HomeView, Error> {
        Ok(self.store.home(&caller.row_scope()?, self.clock.now()).await?)
    }

    async fn preferences(&self, caller: &Caller) -> Result<Preferences, Error> {
        self.load_preferences(caller).await
    }

    async fn prefer(&self, caller: &Caller, preference: Preference) -> Result<(), Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.set_preference(&caller, &preference).await }).await
    }

    async fn views(&self, caller: &Caller) -> Result<Vec<SavedView>, Error> {
        self.load_views(caller).await
    }

    async fn save_view(&self, caller: &Caller, view: NewView) -> Result<SavedView, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.add_view(&caller, view).await }).await
    }

    async fn delete_view(&self, caller: &Caller, id: ViewId) -> Result<(), Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.remove_view(&caller, id).await }).await
    }

    async fn set_default_view(&self, caller: &Caller, id: Option<ViewId>) -> Result<(), Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.make_default(&caller, id).await }).await
    }
}

/// Why a button is missing, as a sentence.
pub(super) fn sentence(error: &Error) -> String {
    let text = match error.code() {
        ErrorCode::Expired | ErrorCode::NoExecutor | ErrorCode::Forbidden | ErrorCode::Conflict => {
            error.to_string()
        }
        code => code.label().to_owned(),
    };
    let mut chars = text.chars();
    let mut text: String =
        chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default();
    if !text.ends_with('.') {
        text.push('.');
    }
    text
}

/// Opaque to clients: base64url of the position's JSON.
fn cursor(position: &Position) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).unwrap_or_default())
}

fn parse_cursor(text: &str, sort: SortKey) -> Result<Position, Error> {
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .filter(|position: &Position| position.fits(sort))
        .ok_or_else(|| Error::invalid("/cursor", "is not a cursor that an answer gave out"))
}
