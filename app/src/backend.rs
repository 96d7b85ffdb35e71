//! The only door from the screens and the API into the server.
//!
//! Server functions cannot be generic, so they call this trait, which the server implements with its service and
//! provides through context. Every method asks who is calling and authorizes by itself; no caller may rely on a view.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::home::HomeView;
use crate::domain::query::Counts;
use crate::domain::similar::Buckets;
use crate::domain::time::Timestamp;
use crate::domain::zone::Zone;
use crate::domain::{
    Action, ActionId, ActionPage, ActionQuery, BulkId, BulkJob, BulkPlan, BulkRequest, Caller, Error,
    ErrorCode, ItemState, LaneCounts, Preference, Preferences, Proposal, SavedView, Seen, ViewId,
};

/// The server's service, as the server functions and the REST API hold it.
pub type SharedBackend = Arc<dyn Backend>;

/// What can be asked of the server.
#[async_trait]
pub trait Backend: Send + Sync {
    /// One page of a list.
    async fn list(&self, caller: &Caller, query: ActionQuery) -> Result<ActionPage, Error>;

    /// How many rows a list has, and of which values.
    async fn counts(&self, caller: &Caller, query: ActionQuery) -> Result<Counts, Error>;

    /// How many actions wait and how many are being carried out; cheap, whatever there is.
    async fn lane_counts(&self, caller: &Caller) -> Result<LaneCounts, Error>;

    /// What of a list is similar, in buckets; only of what waits for a decision.
    async fn buckets(&self, caller: &Caller, query: ActionQuery) -> Result<Buckets, Error>;

    /// Everything that the query matches, whatever its page, as a file.
    async fn export(
        &self,
        caller: &Caller,
        query: ActionQuery,
        format: ExportFormat,
    ) -> Result<Export, Error>;

    /// How far the caller's export is, or how it ended a moment ago; none if there is none.
    async fn export_progress(&self, caller: &Caller) -> Result<Option<ExportProgress>, Error>;

    /// One action as it is.
    async fn action(&self, caller: &Caller, id: ActionId) -> Result<Action, Error>;

    /// One action with all that a person needs to decide.
    async fn detail(&self, caller: &Caller, id: ActionId) -> Result<ActionDetail, Error>;

    /// Lets the action happen, if it is still what the caller saw.
    async fn approve(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        comment: Option<String>,
    ) -> Result<Action, Error>;

    /// Refuses the action, if it is still what the caller saw.
    async fn reject(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        reason: String,
    ) -> Result<Action, Error>;

    /// Starts the reverse of the action. Returns the original.
    async fn undo(&self, caller: &Caller, id: ActionId, seen: Seen, reason: String) -> Result<Action, Error>;

    /// Stores what would be decided, and shows it. Nothing is decided yet.
    async fn plan_bulk(&self, caller: &Caller, request: BulkRequest) -> Result<BulkPlan, Error>;

    /// A plan of the caller's.
    async fn bulk_plan(&self, caller: &Caller, id: BulkId) -> Result<BulkPlan, Error>;

    /// Starts the caller's plan, once: its items are decided from now on, whoever looks.
    async fn start_bulk(&self, caller: &Caller, id: BulkId, reason: Option<String>)
    -> Result<BulkJob, Error>;

    /// A job of the caller's, with a page of its items: those of one state, or all, after a position.
    async fn bulk_job(
        &self,
        caller: &Caller,
        id: BulkId,
        state: Option<ItemState>,
        after: i64,
    ) -> Result<BulkJob, Error>;

    /// A new plan of what the caller's job did not get done.
    async fn retry_bulk(&self, caller: &Caller, id: BulkId) -> Result<BulkPlan, Error>;

    /// Takes in proposals, all or none.
    async fn propose(&self, caller: &Caller, proposals: Vec<Proposal>) -> Result<Vec<Proposed>, Error>;

    /// What waits, what was decided, what is stuck.
    async fn home(&self, caller: &Caller) -> Result<HomeView, Error>;

    /// What the caller set for themselves.
    async fn preferences(&self, caller: &Caller) -> Result<Preferences, Error>;

    /// Sets one thing for the caller. Of two at once the later one holds.
    async fn prefer(&self, caller: &Caller, preference: Preference) -> Result<(), Error>;

    /// The views that the caller saved, by name.
    async fn views(&self, caller: &Caller) -> Result<Vec<SavedView>, Error>;

    /// Saves a view for the caller.
    async fn save_view(&self, caller: &Caller, view: NewView) -> Result<SavedView, Error>;

    /// Forgets a view of the caller's.
    async fn delete_view(&self, caller: &Caller, id: ViewId) -> Result<(), Error>;

    /// Makes a view of the caller's the default, or none.
    async fn set_default_view(&self, caller: &Caller, id: Option<ViewId>) -> Result<(), Error>;
}

/// A view to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewView {
    /// Its name, as it was typed.
    pub name: String,
    /// What it shows; a cursor is dropped.
    pub query: ActionQuery,
    /// Whether it becomes the default in place of another.
    pub is_default: bool,
}

/// The forms that an export can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// RFC 4180 with a header, as words for people; safe to open in a spreadsheet.
    Csv,
    /// One JSON object a line, as words for machines.
    JsonLines,
}

/// A finished export.
#[derive(Debug)]
pub struct Export {
    /// At its beginning; it has no name and is gone once this is closed.
    pub file: std::fs::File,
    /// Its length.
    pub bytes: u64,
    /// The time as of which it is complete and consistent.
    pub as_of: Timestamp,
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportProgress {
    /// Rows that are written.
    pub written: u64,
    /// Rows that there will be, if that is known.
    pub total: Option<u64>,
    /// Whether it goes on; that it ended is told once.
    pub running: bool,
    /// Why it ended too early, if it did.
    pub failed: Option<ErrorCode>,
}

/// What became of one proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// The action as it is now.
    pub action: Action,
    /// Whether this request made it; false for a repeat.
    pub created: bool,
}

/// Whether the caller may do a thing now, or why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Offer {
    /// The button works.
    Open,
    /// The sentence that stands in its place.
    Closed(String),
}

impl Offer {
    /// Whether the button works.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }
}

impl From<Result<(), String>> for Offer {
    fn from(result: Result<(), String>) -> Self {
        result.map_or_else(Self::Closed, |()| Self::Open)
    }
}

/// One action with all that a person needs to decide on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionDetail {
    /// The action.
    pub action: Action,
    /// May the caller approve it now?
    pub approve: Offer,
    /// May the caller reject it now?
    pub reject: Offer,
    /// May the caller undo it now?
    pub undo: Offer,
    /// What it hits, in sentences. What comes from outside is spelled out in them.
    pub reach: String,
    /// Who may decide it in place of a caller who may not, as a sentence.
    pub deciders: Option<String>,
    /// Where one hunts further; none if nothing is configured.
    pub hunt: Option<String>,
    /// How many other actions did the same to the same file and can be undone, if this one can.
    pub instances: usize,
    /// The executor that carries it out, or would; none if none is connected for it.
    pub executor: Option<ExecutorView>,
    /// Earlier actions on the same entity of the same asset, newest first, at most ten.
    pub earlier: Vec<Action>,
    /// The server's time of the answer.
    pub rendered_at: Timestamp,
}

/// An executor as the screen names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutorView {
    /// Its name.
    pub name: String,
    /// Whether it only pretends: the demo estate.
    pub simulated: bool,
}

/// Who is signed in, for the frame of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// The person's name.
    pub name: String,
    /// The labels of the person's roles.
    pub roles: Vec<String>,
}

/// What a person set that every page needs from its first byte on; an extension of the page's request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSettings {
    /// Whether the navigation pane shows icons only.
    pub pane_collapsed: bool,
    /// In which absolute times are shown.
    pub zone: Zone,
}

/// Where a page begins to follow what happens; read before anything else of the page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// What the audit log held by then. Whatever follows may be missing in the page.
    pub seq: i64,
    /// How much waited by then; none if it could not be counted.
    pub counts: Option<LaneCounts>,
}

/// What the browser runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundlePaths {
    /// Path of the JavaScript.
    pub js: String,
    /// Path of the wasm.
    pub wasm: String,
    /// The names, without `.wasm`, of the files that a part needs which is loaded later.
    #[serde(default)]
    pub splits: std::collections::HashMap<String, Vec<String>>,
}

/// What the server tells each page about itself; provided through context and the same for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteInfo {
    /// What the browser runs.
    pub app: BundlePaths,
    /// Path of the style sheet.
    pub css: String,
    /// Whether this is the demo estate: a banner, and a sign-in button a role.
    pub demo: bool,
}
