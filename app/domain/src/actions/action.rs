//! The action itself, and who, why and how urgent.

use serde::{Deserialize, Serialize};

use crate::actions::catalog::{ActionType, NOT_NEEDED, Undo};
use crate::actions::entity::{Asset, Entity};
use crate::actions::lifecycle::{Decision, IllegalPair, Lifecycle, Status, Transition, UndoState};
use crate::actions::parameter::Parameters;
use crate::core::actor::{Actor, ActorKind};
use crate::core::id::{ActionId, ApprovalId, Identified};
use crate::core::string_enum::string_enum;
use crate::core::time::{Timestamp, six_decimals};
use crate::{Permission, Refusal};

string_enum! {
    /// How bad the finding is that led to the action.
    Severity {
        Critical = "critical" "Critical",
        High = "high" "High",
        Medium = "medium" "Medium",
        Low = "low" "Low",
        Informational = "informational" "Informational",
    }
}

string_enum! {
    /// What the proposer thinks of the entity.
    Verdict {
        Malicious = "malicious" "Malicious",
        Suspicious = "suspicious" "Suspicious",
        NoThreatsFound = "no_threats_found" "No threats found",
        Unknown = "unknown" "Unknown",
        Compromised = "compromised" "Compromised",
    }
}

string_enum! {
    /// Where the action came from: the column Action source.
    Source {
        ManualDevice = "manual_device_action" "Manual device action",
        ManualEmail = "manual_email_action" "Manual email action",
        AutomatedDevice = "automated_device_action" "Automated device action",
        AutomatedEmail = "automated_email_action" "Automated email action",
        AdvancedHunting = "advanced_hunting_action" "Advanced hunting action",
        Explorer = "explorer_action" "Explorer action",
        ManualLiveResponse = "manual_live_response_action" "Manual live response action",
        LiveResponse = "live_response_action" "Live response action",
        ManualUser = "manual_user_action" "Manual user action",
        AutomatedUser = "automated_user_action" "Automated user action",
        Antivirus = "antivirus_action" "Antivirus action",
    }
}

/// The alert that led to the action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Alert {
    /// The proposer's id of it.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Where the proposer shows it: http or https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
    pub url: Option<String>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// What it is, in a few words.
    pub title: String,
    /// What was seen.
    pub detail: String,
    /// What the proposer thinks of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
    pub verdict: Option<Verdict>,
    /// A MITRE ATT&CK technique id, for example `T1059.001`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", serde(deserialize_with = "crate::core::given::or_nothing"))]
    pub technique: Option<String>,
}

/// What the decider looked at: the decision is bound to it and refused if it is no longer so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// [`Action::version`] as it was shown.
    pub expected_version: i64,
    /// [`Action::digest`] as it was shown.
    pub digest: String,
}

/// One proposed or executed remediation of one type on one entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Action {
    /// Its id.
    pub id: ActionId,
    /// Grows with each change of the row.
    pub version: i64,
    /// SHA-256 over the RFC 8785 JSON of type, entity, asset, further targets and parameters: what a decision is bound to.
    pub digest: String,
    /// The proposer's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What would be done.
    #[serde(rename = "type")]
    pub action_type: ActionType,
    /// On what.
    #[cfg_attr(feature = "ssr", serde(serialize_with = "crate::actions::wire::entity"))]
    pub entity: Entity,
    /// Where it lives.
    pub asset: Asset,
    /// Further devices on which the same is done. Lists leave them out, and say how many there are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Asset>,
    /// On how many devices it is done, the asset being one of them; none where that is the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_count: Option<u32>,
    /// With which parameters.
    #[cfg_attr(feature = "ssr", serde(serialize_with = "crate::actions::wire::parameters"))]
    #[cfg_attr(feature = "ssr", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub parameters: Parameters,
    /// Why, in the proposer's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// How bad the finding is.
    pub severity: Severity,
    /// Where it came from.
    pub source: Source,
    /// What the proposer thinks of the entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// What was found.
    pub evidence: Vec<Evidence>,
    /// The alert that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<Alert>,
    /// The attack campaign it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// The investigation that proposed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub investigation_id: Option<String>,
    /// The incident it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident_id: Option<String>,
    /// Who asked for it.
    pub proposed_by: Actor,
    /// When.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub proposed_at: Timestamp,
    /// Until when it can be decided.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub expires_at: Timestamp,
    /// When the row last changed: Action update time.
    #[serde(serialize_with = "six_decimals::serialize")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    pub updated_at: Timestamp,
    /// Who let it happen, or why it will not.
    pub decision: Decision,
    /// What the executor did.
    pub status: Status,
    /// The executor's words about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_detail: Option<String>,
    /// What became of undoing it.
    pub undo: UndoState,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Actor>,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "six_decimals::optional")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    pub decided_at: Option<Timestamp>,
    /// The decider's comment or reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether one person let it happen alone where a policy asks for somebody else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub break_glass: bool,
    /// Shared by what was decided together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<ApprovalId>,
    /// The action that this one reverses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo_of: Option<ActionId>,
    /// The action that reverses, or last tried to reverse, this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<ActionId>,
    /// The executor that had it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executor: Option<String>,
}

impl Identified for Action {
    type Id = ActionId;

    fn id(&self) -> ActionId {
        self.id
    }
}

impl Action {
    /// Who answers for it: who decided, or, where nobody else had to, who took it.
    #[must_use]
    pub fn taken_by(&self) -> Option<&Actor> {
        let taken = (self.decision == Decision::NotRequired).then_some(&self.proposed_by);
        self.decided_by.as_ref().or(taken)
    }

    /// When it was decided, or, where nobody else had to, taken.
    #[must_use]
    pub fn taken_at(&self) -> Option<Timestamp> {
        let taken = (self.decision == Decision::NotRequired).then_some(self.proposed_at);
        self.decided_at.or(taken)
    }

    /// Why, in the words of who decided, or, where nobody else had to, of who took it.
    #[must_use]
    pub fn taken_for(&self) -> Option<&String> {
        let taken = self.comment.as_ref().filter(|_| self.decision == Decision::NotRequired);
        self.reason.as_ref().or(taken)
    }

    /// For others than this program: with who answers for it, when and why, also where nobody else had to decide.
    #[must_use]
    pub fn answered_for(mut self) -> Self {
        self.reason = self.taken_for().cloned();
        self.decided_at = self.taken_at();
        self.decided_by = self.taken_by().cloned();
        self
    }

    /// The API tokens by which it was proposed, and decided. An undo is an action of its own.
    pub fn tokens(&self) -> impl Iterator<Item = &Actor> {
        let actors = std::iter::once(&self.proposed_by).chain(&self.decided_by);
        actors.filter(|actor| actor.kind == ActorKind::Token)
    }

    /// Where it stands.
    ///
    /// # Errors
    /// [`IllegalPair`] if the columns contradict each other.
    pub fn lifecycle(&self) -> Result<Lifecycle, IllegalPair> {
        Lifecycle::from_columns(self.decision, self.status, self.undo)
    }

    /// The permission that deciding on it, or undoing it, needs.
    #[must_use]
    pub const fn permission(&self) -> Permission {
        self.action_type.permission(self.entity.kind())
    }

    /// As a list has it: without what only the details show, which is most of what travels.
    #[must_use]
    pub fn brief(mut self) -> Self {
        // The technique is a column.
        let technique = self.evidence.into_iter().find(|piece| piece.technique.is_some());
        self.evidence = technique
            .map(|piece| Evidence { title: String::new(), detail: String::new(), verdict: None, ..piece })
            .into_iter()
            .collect();
        (self.alert, self.executor, self.targets) = (None, None, Vec::new());
        self
    }

    /// Why it can't be undone now, in words; `Ok` with the reverse type if it can.
    ///
    /// # Errors
    /// The sentence for the screen.
    pub fn undoable(&self) -> Result<ActionType, String> {
        let reverse = match self.action_type.info().undo {
            Undo::By(reverse) => reverse,
            Undo::Never(why) => return Err(format!("This can't be undone: {why}.")),
            Undo::NotNeeded => return Err(NOT_NEEDED.to_owned()),
        };
        if self.source == Source::ManualLiveResponse {
            return Err("This can't be undone here: it was done in a live response session.".to_owned());
        }
        let lifecycle = self.lifecycle().map_err(|pair| pair.to_string())?;
        lifecycle.apply(Transition::RequestUndo).map_err(|refusal: Refusal| match refusal.undo {
            UndoState::Requested => "Undo was already requested.".to_owned(),
            UndoState::Undone => "This was already undone.".to_owned(),
            UndoState::None | UndoState::Failed => refusal.to_string(),
        })?;
        Ok(reverse)
    }
}
