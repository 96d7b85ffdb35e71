//! What screens, REST API and command line ask of the server about actions, and the shapes of its answers.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::actions::action::{Action, Seen};
use crate::actions::break_glass::BreakGlassUse;
use crate::actions::catalog::ActionType;
use crate::actions::change::LaneCounts;
use crate::actions::export::ExportFormat;
use crate::actions::follow_up::{FollowUp, FollowUpVerb};
use crate::actions::package::KeptPackage;
use crate::actions::proposal::Proposal;
use crate::actions::query::{ActionPage, ActionQuery, Counts};
use crate::actions::similar::Buckets;
use crate::actions::targets::TargetState;
use crate::core::error::{Error, ErrorCode};
use crate::core::executor::{ExecutorKind, Health};
use crate::core::id::{ActionId, CommandId};
use crate::core::time::{Timestamp, six_decimals};

/// Pages of actions, and how many there are.
#[async_trait]
pub trait ListActions: Send + Sync {
    /// One page of a list.
    async fn list(&self, caller: &Caller, query: ActionQuery) -> Result<ActionPage, Error>;

    /// The same page for other programs.
    async fn list_as_json(&self, caller: &Caller, query: ActionQuery) -> Result<JsonPage, Error>;

    /// How many rows a list has, and of which values.
    async fn counts(&self, caller: &Caller, query: ActionQuery) -> Result<Counts, Error>;

    /// How many actions wait and how many are being carried out; cheap, whatever there is.
    async fn lane_counts(&self, caller: &Caller) -> Result<LaneCounts, Error>;

    /// What of a list is similar, in buckets; only of what waits for a decision.
    async fn buckets(&self, caller: &Caller, query: ActionQuery) -> Result<Buckets, Error>;
}

/// One page of actions for other programs.
#[derive(Debug, Clone)]
pub struct JsonPage {
    /// Each action as JSON, as [`Action::answered_for`] has it.
    pub items: Vec<Arc<str>>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// The cursor of the page before.
    pub prev: Option<String>,
}

/// One action.
#[async_trait]
pub trait ShowAction: Send + Sync {
    /// One action as it is.
    async fn action(&self, caller: &Caller, id: ActionId) -> Result<Action, Error>;

    /// One action with all that a person needs to decide.
    async fn detail(&self, caller: &Caller, id: ActionId) -> Result<ActionDetail, Error>;

    /// What the undo of an action waits for, if it was asked for and waits, as a sentence.
    async fn undo_waits(&self, caller: &Caller, action: &Action) -> Result<Option<String>, Error>;

    /// How it stands with each of the targets of an action.
    async fn targets(&self, caller: &Caller, id: ActionId) -> Result<Vec<TargetState>, Error>;
}

/// What a person decides on one action.
#[async_trait]
pub trait DecideActions: Send + Sync {
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

    /// Starts the reverse of the action. Returns the original. Where the same effect stands by another action, too, it
    /// has to be said that it is lifted for all of them.
    async fn undo(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        undo: UndoRequest,
    ) -> Result<Action, Error>;
}

/// What became of asking for an undo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoAnswer {
    /// The action that is undone.
    pub action: Action,
    /// What the reverse waits for, as a sentence; none if it is on its way.
    pub waits: Option<String>,
}

/// What is to be undone, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoRequest {
    /// Why.
    pub reason: String,
    /// That the effect is lifted for others by which it stands, too.
    pub lift_others: bool,
    /// That it is done at once where a policy asks for somebody else (break-glass).
    pub break_glass: bool,
    /// Of several targets, on which of them, by their names; all that stand, where none is named.
    pub targets: Vec<String>,
}

impl UndoRequest {
    /// Of the whole, for a reason.
    #[must_use]
    pub fn because(reason: String) -> Self {
        Self { reason, ..Self::default() }
    }
}

/// What is asked of an action beside the decision on it.
#[async_trait]
pub trait FollowUpActions: Send + Sync {
    /// Takes it back, calls it off, tries it again or says how it ended, if it is still what the caller saw.
    async fn follow_up(
        &self,
        caller: &Caller,
        id: ActionId,
        seen: Seen,
        what: FollowUp,
    ) -> Result<Action, Error>;
}

/// What tools ask for.
#[async_trait]
pub trait ProposeActions: Send + Sync {
    /// Takes in proposals, all or none.
    async fn propose(&self, caller: &Caller, proposals: Vec<Proposal>) -> Result<Vec<Proposed>, Error>;

    /// Takes in those that can be taken in, and says of each what became of it.
    async fn propose_each(
        &self,
        caller: &Caller,
        proposals: Vec<Proposal>,
    ) -> Result<Vec<Result<Proposed, Error>>, Error>;
}

/// Whole lists as files.
#[async_trait]
pub trait ExportActions: Send + Sync {
    /// Everything that the query matches, whatever its page, as a file.
    async fn export(
        &self,
        caller: &Caller,
        query: ActionQuery,
        format: ExportFormat,
    ) -> Result<Export, Error>;

    /// How far the caller's export is, or how it ended a moment ago; none if there is none.
    async fn export_progress(&self, caller: &Caller) -> Result<Option<ExportProgress>, Error>;
}

/// What hosts made for people to look at.
#[async_trait]
pub trait DownloadPackages: Send + Sync {
    /// The package of a command of an action; of its only one, where none is named. That it was downloaded is recorded.
    async fn package(
        &self,
        caller: &Caller,
        id: ActionId,
        command: Option<CommandId>,
    ) -> Result<PackageFile, Error>;
}

/// A package that is downloaded.
#[derive(Debug)]
pub struct PackageFile {
    /// What is known of it.
    pub about: KeptPackage,
    /// At its beginning; it has no name and is gone once this is closed.
    pub file: std::fs::File,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// The action as it is now.
    pub action: Action,
    /// Whether this request made it; false for a repeat.
    pub created: bool,
    /// Which of its facts a repeat brought up to date, by their names in the API.
    pub changed: Vec<&'static str>,
    /// Which newer facts of a repeat were not taken, since the action is no longer pending.
    pub dropped: Vec<&'static str>,
    /// Other actions of which the caller may know that do the same to the same, and wait, run or stand.
    pub twins: Vec<Twin>,
}

/// Whether the caller may do a thing now, or why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Availability {
    /// The button works.
    Allowed,
    /// The sentence that stands in its place.
    Denied(String),
}

impl Availability {
    /// Whether the button works.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed)
    }
}

impl From<Result<(), String>> for Availability {
    fn from(result: Result<(), String>) -> Self {
        result.map_or_else(Self::Denied, |()| Self::Allowed)
    }
}

/// One action with all that a person needs to decide on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionDetail {
    /// The action.
    pub action: Action,
    /// May the caller approve it now?
    pub approve: Availability,
    /// May the caller reject it now?
    pub reject: Availability,
    /// May the caller undo it now?
    pub undo: Availability,
    /// May the caller say that its verdict is wrong?
    pub report_verdict: Availability,
    /// How it stands with each of its targets, where there are several.
    pub targets: Vec<TargetState>,
    /// What else the caller may ask of it now.
    pub follow_ups: Vec<FollowUpVerb>,
    /// Other actions that do the same to the same, and wait, run or stand.
    pub twins: Vec<Twin>,
    /// What people do by hand, while they have it.
    pub task: Option<HandTask>,
    /// What it waits for before its executor gets it, or why no rule decided on it, as a sentence; none if nothing holds it.
    pub held: Option<String>,
    /// What its undo waits for, once it was asked for, as a sentence; none if it is not held.
    pub undo_waits: Option<String>,
    /// Which policy protects what it is on, and what that asks for; none if it is not protected.
    pub protection: Option<Protected>,
    /// How one person let it happen alone, if one did.
    pub break_glass: Option<BreakGlassUse>,
    /// What it hits, in sentences. What comes from outside is spelled out in them.
    pub impact: String,
    /// Who may decide it in place of a caller who may not, as a sentence.
    pub deciders: Option<String>,
    /// Where one hunts further; none if nothing is configured.
    pub hunt: Option<String>,
    /// How many other actions did the same to the same file and can be undone, if this one can.
    pub instances: usize,
    /// The executor that carries it out, or would; none if none is connected for it.
    pub executor: Option<ExecutorView>,
    /// Why no executor would carry it out, while it waits for a decision, as a sentence; none if one would.
    pub unserved: Option<String>,
    /// Other actions on the same entity of the same asset that were proposed later, newest first.
    pub later: Vec<Action>,
    /// Likewise those that were proposed earlier.
    pub earlier: Vec<Action>,
    /// What of all of them stands now.
    pub standing: Vec<Standing>,
    /// What its proposer changed of it since, newest first.
    pub revisions: Vec<Revision>,
    /// What hosts made for it and can be downloaded.
    pub packages: Vec<KeptPackage>,
    /// May the caller download them?
    pub download: Availability,
    /// What becomes of it at the end that it names, as a sentence; none if it names none.
    pub end: Option<String>,
    /// Who else is looking at it, while it waits, as a sentence.
    pub looking: Option<String>,
    /// The server's time of the answer.
    #[serde(serialize_with = "six_decimals::serialize")]
    pub rendered_at: Timestamp,
}

/// What a policy asks for of a decision on an action, or of its undo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protected {
    /// Which policy, and what it asks for, as a sentence.
    pub says: String,
    /// Who approved first, where two people have to.
    pub first: Option<String>,
    /// Whether the caller may let it happen alone, with a reason that is reviewed.
    pub break_glass: Availability,
    /// Whether the caller's second factor is asked for once more.
    pub step_up: bool,
}

/// Another action that does the same to the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Twin {
    /// Which.
    pub id: ActionId,
    /// Whether its effect stands now, so that undoing one lifts both.
    pub stands: bool,
    /// What of it is to be known, as a sentence.
    pub says: String,
}

/// What is to be done by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandTask {
    /// Who took it in hand.
    pub assigned_to: Option<String>,
    /// When it should be done.
    #[serde(serialize_with = "six_decimals::optional")]
    pub due_at: Option<Timestamp>,
}

/// Whether what a type of action does to an entity stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The type.
    pub action_type: ActionType,
    /// Whether it stands: it was done last, and not its reverse.
    pub stands: bool,
    /// The action that did, or reversed it last.
    pub by: ActionId,
    /// When that ended.
    #[serde(serialize_with = "six_decimals::serialize")]
    pub at: Timestamp,
}

/// A change of an action by its proposer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// When.
    #[serde(serialize_with = "six_decimals::serialize")]
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// What, each as a sentence.
    pub changes: Vec<String>,
}

/// Who is going to carry an action out, as the details say it before anybody decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutorView {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: ExecutorKind,
    /// The rule by which it has the action, in words; none of one that comes with the server.
    pub rule: Option<String>,
    /// How it is.
    pub health: Health,
    /// How it is, in a sentence.
    pub says: String,
}
