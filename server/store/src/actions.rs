//! Actions: what is read of them, and what is written.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::actions::query::Counts;
use domain::actions::similar::Buckets;
use domain::{
    Action, ActionId, ActionQuery, Asset, AssetKind, Authorized, LaneCounts, RowScope, Source, UserId,
};
use jiff::Timestamp;

use crate::error::Result;
use crate::listed::ListedRow;
use crate::position::Position;

/// Takes the rows of an export, one by one.
pub trait Rows: Send {
    /// One row: its id, and a cell for each of the query's columns.
    ///
    /// # Errors
    /// If it can't be written; the export ends with it.
    fn row(&mut self, id: &str, cells: &[Cell<'_>]) -> std::io::Result<()>;
}

/// One cell of an export, in the words of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'a> {
    /// A text, or a word of a vocabulary.
    Text(std::borrow::Cow<'a, str>),
    /// A time.
    Time(Timestamp),
    /// No value.
    Nothing,
}

/// What a decision, or another change of state, must find unchanged.
#[derive(Debug, Clone, Copy)]
pub struct Guard<'a> {
    /// Who writes, with the facts to repeat.
    pub by: &'a Authorized,
    /// Whether this is a decision: not by the proposer, and not after the expiry.
    pub deciding: bool,
    /// Which policies were asked; none where none has a say.
    pub policy: Option<PolicyGuard>,
    /// The time of the write.
    pub now: Timestamp,
}

/// What a write repeats of the policies that were asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyGuard {
    /// Their revision.
    pub revision: i64,
    /// Whether somebody else has to have approved first.
    pub second: bool,
}

/// A state over which another is written.
#[derive(Debug, Clone, Copy)]
pub struct StateChange<'a> {
    /// As it was read.
    pub before: &'a Action,
    /// As it is since.
    pub after: &'a Action,
}

/// Single actions; a row that the scope hides is as one that is not there.
#[async_trait]
pub trait ReadActions: Send + Sync {
    /// One action, if the scope shows it.
    async fn action(&self, scope: &RowScope, id: ActionId) -> Result<Option<Action>>;

    /// The version of an action, whoever may see it.
    async fn version(&self, id: ActionId) -> Result<Option<i64>>;

    /// The person behind the proposal of an action, if it was a person's.
    async fn proposer(&self, id: ActionId) -> Result<Option<UserId>>;

    /// Earlier and later actions on the same entity of the same asset, or of one of several targets, whatever their
    /// spelling, newest first.
    async fn on_same_entity(&self, scope: &RowScope, action: &Action, limit: u32) -> Result<Vec<Action>>;

    /// Those of these actions for which `on_same_entity` may find something, whatever a scope shows: of all at once, so that
    /// each of many does not have to ask.
    async fn that_share_entities(&self, actions: &[&Action]) -> Result<BTreeSet<ActionId>>;

    /// The assets of the latest of so many actions, each once, the latest first.
    async fn recent_assets(&self, scope: &RowScope, actions: u32) -> Result<Vec<Asset>>;

    /// An asset as the latest action on it knows it.
    async fn known_asset(&self, kind: AssetKind, name: &str) -> Result<Option<Asset>>;

    /// Pending actions whose time is over.
    async fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<ActionId>>;
}

/// Pages of lists.
#[async_trait]
pub trait ReadPages: Send + Sync {
    /// Up to `limit` rows of a list, from a position on, whatever limit and cursor the query names itself. Rows come
    /// in the list's order also for a page before the position. `now` is where rolling time periods end.
    async fn page(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        from: Option<&Position>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Action>>;

    /// The same rows, without what stands in them.
    async fn listed(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        from: Option<&Position>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<ListedRow>>;

    /// The actions of these rows, in any order, as far as each still is as it was listed: what may have become of it since
    /// nobody has asked a scope about.
    async fn as_listed(&self, rows: &[&ListedRow]) -> Result<Vec<Action>>;
}

/// How many rows lists have.
#[async_trait]
pub trait ReadCounts: Send + Sync {
    /// How many rows a list has, and of which values. Those of a whole lane are exact.
    async fn counts(&self, scope: &RowScope, query: &ActionQuery, now: Timestamp) -> Result<Counts>;

    /// How many actions wait and are being carried out. Exact for all rows; for a scope, ten thousand at most.
    async fn lane_counts(&self, scope: &RowScope) -> Result<LaneCounts>;
}

/// What is similar.
#[async_trait]
pub trait ReadSimilar: Send + Sync {
    /// The buckets of similar rows among the most urgent rows of a list, whatever order it names itself.
    async fn buckets(&self, scope: &RowScope, query: &ActionQuery, now: Timestamp) -> Result<Buckets>;

    /// On how many other assets something similar to an action waits, among so many rows at most; and whether there
    /// may be more.
    async fn waiting_elsewhere(&self, scope: &RowScope, action: &Action, most: u32) -> Result<(u64, bool)>;
}

/// Whole lists.
#[async_trait]
pub trait ReadExport: Send + Sync {
    /// Gives every row of a list to `into`, in the list's order and with its columns, all as of one moment.
    async fn export(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        now: Timestamp,
        into: &mut dyn Rows,
    ) -> Result<()>;

    /// The same with all that is known of each, whatever columns the query names.
    async fn export_actions(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        now: Timestamp,
        into: &mut (dyn FnMut(Action) -> std::io::Result<()> + Send),
    ) -> Result<()>;
}

/// Which actions a decision on many means.
#[async_trait]
pub trait ReadTargets: Send + Sync {
    /// The ids of a list, in its order, up to `most`, whatever limit and cursor the query names.
    async fn matching(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<ActionId>>;

    /// The ids of actions of History that can be undone and are similar to this one, up to `most`.
    async fn same_file(&self, scope: &RowScope, action: &Action, most: u32) -> Result<Vec<ActionId>>;

    /// Those of these actions that the scope shows, in this order, each with the person behind its proposal.
    async fn actions(&self, scope: &RowScope, ids: &[ActionId]) -> Result<Vec<(Action, Option<UserId>)>>;
}

/// Writes of actions.
#[async_trait]
pub trait WriteActions: Send {
    /// One action, if the scope shows it.
    async fn action(&mut self, scope: &RowScope, id: ActionId) -> Result<Option<Action>>;

    /// Those of these actions that the scope shows, in this order, each with the person behind its proposal.
    async fn actions(&mut self, scope: &RowScope, ids: &[ActionId]) -> Result<Vec<(Action, Option<UserId>)>>;

    /// The actions that this principal proposed under these external ids, each of a source.
    async fn actions_by_external_ids(
        &mut self,
        principal: &str,
        names: &[(Source, &str)],
    ) -> Result<Vec<Action>>;

    /// Adds actions.
    async fn insert_actions(&mut self, by: &Authorized, actions: &[Action]) -> Result<()>;

    /// Whether the caller may still take this action, which was added a moment ago: the permission and the device group are
    /// theirs, and the credential lives. If not, nothing of it may be committed.
    async fn may_still_take(&mut self, by: &Authorized, id: ActionId, now: Timestamp) -> Result<bool>;

    /// Replaces what a pending action proposes, under the version of `before`. False if that is no longer there.
    async fn revise_action(&mut self, by: &Authorized, before: &Action, after: &Action) -> Result<bool>;

    /// Writes the state, decision and links of each `after` over its `before`, if version, digest, permission, credential
    /// and (for a decision) proposer and expiry still allow it. Returns the actions of which they do, each named once.
    async fn update_states(&mut self, guard: Guard<'_>, changes: &[StateChange<'_>])
    -> Result<Vec<ActionId>>;

    /// The same for one action. False if it is not allowed.
    async fn update_state(&mut self, guard: Guard<'_>, before: &Action, after: &Action) -> Result<bool> {
        Ok(!self.update_states(guard, &[StateChange { before, after }]).await?.is_empty())
    }
}
