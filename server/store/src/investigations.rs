//! Investigations and incidents, and what people say of them.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::access::device_group::RemediationLevel;
use domain::incidents::{Classification, IncidentComment, IncidentReport, IncidentStatus, IncidentSummary};
use domain::investigations::feedback::Feedback;
use domain::investigations::report::InvestigationReport;
use domain::investigations::{InvestigationState, InvestigationSummary, PieceKind, Remediation};
use domain::{Action, Authorized, EntityKind, RowScope, Verdict};
use jiff::Timestamp;

use crate::error::Result;

/// An investigation as it is stored, without its pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredInvestigation {
    /// Whose it is.
    pub principal: String,
    /// What was reported of it; its pieces and actions are empty.
    pub report: InvestigationReport,
    /// How it is shown.
    pub summary: InvestigationSummary,
}

/// An incident as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredIncident {
    /// Whose it is.
    pub principal: String,
    /// What was reported of it.
    pub report: IncidentReport,
    /// How it is shown.
    pub summary: IncidentSummary,
}

/// A piece of an investigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its kind.
    pub kind: PieceKind,
    /// What tells it from others of its kind.
    pub name: String,
    /// Its place among them.
    pub at: Timestamp,
    /// Of evidence: the kind of its entity.
    pub entity_kind: Option<EntityKind>,
    /// What was found of it.
    pub verdict: Option<Verdict>,
    /// What became of it.
    pub remediation: Option<Remediation>,
    /// Of a device: its group.
    pub device_group: Option<String>,
    /// All of it, as JSON.
    pub body: String,
}

/// How much evidence there is of a kind, a verdict and a remediation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceCount {
    /// The kind of the entity.
    pub entity_kind: EntityKind,
    /// What was found of it.
    pub verdict: Option<Verdict>,
    /// What became of it.
    pub remediation: Option<Remediation>,
    /// So much.
    pub count: u64,
}

/// The place of a row in a list: its time, and its name.
pub type Place = (Timestamp, String);

/// Reads of investigations; what the scope hides is as what is not there. Of an investigation that it shows it hides devices
/// of other groups, and what is on them alone.
#[async_trait]
pub trait ReadInvestigations: Send + Sync {
    /// One investigation.
    async fn investigation(&self, scope: &RowScope, id: &str) -> Result<Option<StoredInvestigation>>;

    /// Pieces of a kind after a place, in their order, each as JSON.
    async fn pieces(
        &self,
        scope: &RowScope,
        id: &str,
        kind: PieceKind,
        after: Option<&Place>,
        limit: u32,
    ) -> Result<Vec<(Place, String)>>;

    /// One piece, as JSON.
    async fn piece(&self, scope: &RowScope, id: &str, kind: PieceKind, name: &str) -> Result<Option<String>>;

    /// The names of devices of an investigation that the scope hides, folded as names are compared.
    async fn hidden_devices(&self, scope: &RowScope, id: &str) -> Result<BTreeSet<String>>;

    /// What investigations that the scope shows tell of a message: each with its JSON, the latest first.
    async fn emails(&self, scope: &RowScope, message_id: &str) -> Result<Vec<(String, String)>>;

    /// How many pieces of each kind there are.
    async fn piece_counts(&self, scope: &RowScope, id: &str) -> Result<Vec<(PieceKind, u64)>>;

    /// How much evidence there is, by what was found.
    async fn evidence_counts(&self, scope: &RowScope, id: &str) -> Result<Vec<EvidenceCount>>;

    /// The remediation level of a device group; that of "Ungrouped devices" where there is none of that name.
    async fn remediation_level(&self, group: Option<&str>) -> Result<RemediationLevel>;
}

/// Reads of incidents.
#[async_trait]
pub trait ReadIncidents: Send + Sync {
    /// One incident.
    async fn incident(&self, scope: &RowScope, id: &str) -> Result<Option<StoredIncident>>;

    /// The actions of an incident that the scope shows, what was proposed last first.
    async fn incident_actions(&self, scope: &RowScope, id: &str, limit: u32) -> Result<Vec<Action>>;

    /// The comments on an incident, in their order.
    async fn comments(&self, id: &str) -> Result<Vec<IncidentComment>>;

    /// Feedback after a place; of one principal's proposals, if one is named.
    async fn feedback(&self, principal: Option<&str>, after: i64, limit: u32) -> Result<Vec<Feedback>>;
}

/// What a person says of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentState {
    /// How far it is.
    pub status: IncidentStatus,
    /// What it turned out to be.
    pub classification: Option<Classification>,
    /// Who cares for it.
    pub assigned_to: Option<String>,
}

/// Writes of investigations and incidents.
#[async_trait]
pub trait WriteInvestigations: Send {
    /// One investigation, whoever's it is.
    async fn investigation(&mut self, id: &str) -> Result<Option<StoredInvestigation>>;

    /// Puts an investigation in the place of what is there of it: the first version, or the next one.
    async fn put_investigation(
        &mut self,
        by: &Authorized,
        report: &InvestigationReport,
        version: i64,
        now: Timestamp,
    ) -> Result<()>;

    /// Puts pieces in the place of those of the same kinds and names; returns the kinds of those that were not there, or
    /// were not the same.
    async fn put_pieces(
        &mut self,
        by: &Authorized,
        id: &str,
        pieces: &[Piece],
    ) -> Result<BTreeSet<PieceKind>>;

    /// Ends an investigation under its version. False if it is another since, or may no longer be ended.
    async fn end_investigation(
        &mut self,
        by: &Authorized,
        before: &StoredInvestigation,
        state: InvestigationState,
        now: Timestamp,
    ) -> Result<bool>;

    /// The remediation level of a device group, as [`ReadInvestigations::remediation_level`].
    async fn level_of(&mut self, group: Option<&str>) -> Result<RemediationLevel>;

    /// One incident, whoever's it is.
    async fn incident(&mut self, id: &str) -> Result<Option<StoredIncident>>;

    /// Puts an incident in the place of what is there of it.
    async fn put_incident(
        &mut self,
        by: &Authorized,
        report: &IncidentReport,
        version: i64,
        now: Timestamp,
    ) -> Result<()>;

    /// Writes what a person says of an incident under its version. False if it is another since, or they may not.
    async fn set_incident(
        &mut self,
        by: &Authorized,
        before: &StoredIncident,
        state: &IncidentState,
        now: Timestamp,
    ) -> Result<bool>;

    /// Adds a comment. False if they may not.
    async fn add_comment(&mut self, by: &Authorized, id: &str, text: &str, now: Timestamp) -> Result<bool>;

    /// Adds feedback to who proposed the action or reported the investigation, and counts it for the rule; its place is
    /// given. False if they may not.
    async fn add_feedback(&mut self, by: &Authorized, of: &Feedback, now: Timestamp) -> Result<bool>;
}
