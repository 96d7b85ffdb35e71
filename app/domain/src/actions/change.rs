//! What those hear who watch: that an action changed, and how much waits.

use serde::{Deserialize, Serialize};

use crate::actions::lifecycle::Lane;
use crate::audit::AuditKind;
use crate::core::subject::Subject;

/// Something changed. Only what a list needs to know whether it is concerned; the rest is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Change {
    /// The place of its record in the audit log. Grows from change to change, with gaps.
    pub seq: i64,
    /// What changed.
    pub subject: Subject,
    /// What happened.
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub kind: AuditKind,
    /// Its version since.
    pub version: i64,
    /// Where it is since.
    pub lane: Lane,
    /// The name of who did it.
    pub by: String,
    /// Whether that is who listens.
    pub mine: bool,
}

/// How many actions are not over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneCounts {
    /// They wait for a decision.
    pub pending: u64,
    /// They are being carried out.
    pub in_progress: u64,
}
