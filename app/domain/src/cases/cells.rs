//! The rows of lists as cells: what is exported and searched of them, and by what they are sorted. In the order of
//! [`Column::of_list`](super::fields::Column::of_list).

use super::CaseRows;
use super::fields::Facet;
use crate::access::device_group::{RemediationLevel, UNGROUPED};
use crate::actions::action::{Action, Verdict};
use crate::actions::entity::Entity;
use crate::core::time::{Timestamp, six_decimals};
use crate::incidents::IncidentSummary;
use crate::investigations::report::{
    AlertPiece, DevicePiece, EvidencePiece, LogPiece, MailboxPiece, UserPiece,
};
use crate::investigations::{EntityFigures, InvestigationSummary, PieceKind, Remediation, WaitingAction};
use crate::list::ListFacet as _;

/// One cell: what it says, and what it is sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableCell {
    /// As it is exported and searched.
    pub text: String,
    /// As it is sorted, where that is not as text: digits of one length, so that they compare as texts.
    pub rank: Option<String>,
}

impl TableCell {
    fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), rank: None }
    }

    fn optional(text: Option<&String>) -> Self {
        Self::text(text.cloned().unwrap_or_default())
    }

    fn number(number: Option<u64>) -> Self {
        let text = number.map(|number| number.to_string()).unwrap_or_default();
        let rank = number.map(|number| format!("{number:0>20}")).unwrap_or_default();
        Self { rank: Some(rank), text }
    }

    fn time(at: Option<Timestamp>) -> Self {
        // Times before 1970 are as early as that.
        let rank = at.map(|at| format!("{:0>20}", at.as_microsecond().max(0))).unwrap_or_default();
        Self { rank: Some(rank), text: at.map(six_decimals::text).unwrap_or_default() }
    }

    /// A word of ours, in the order of its vocabulary.
    fn word(place: Option<usize>, label: &'static str) -> Self {
        Self { rank: Some(place.map(word_rank).unwrap_or_default()), text: label.to_owned() }
    }

    fn verdict(of: Option<Verdict>) -> Self {
        Self::word(of.map(|of| of as usize), of.map_or("", Verdict::label))
    }

    fn severity(of: Option<crate::Severity>) -> Self {
        // The most severe is the greatest.
        let place = of.map(|of| crate::Severity::ALL.len() - of as usize);
        Self::word(place, of.map_or("", |of| of.label()))
    }
}

fn word_rank(place: usize) -> String {
    format!("{place:0>4}")
}

/// What rows with this value of a filter are sorted by under the filter's column; none if it has no such value.
#[must_use]
pub fn choice_rank(facet: Facet, value: &str) -> Option<String> {
    let place = facet.choices().iter().position(|(known, _)| *known == value)?;
    Some(word_rank(if facet == Facet::Severity { crate::Severity::ALL.len() - place } else { place }))
}

/// The cells of all rows; none of the graph.
#[must_use]
pub fn cells(rows: &CaseRows) -> Vec<Vec<TableCell>> {
    fn all<T>(rows: &[T], cells: impl Fn(&T) -> Vec<TableCell>) -> Vec<Vec<TableCell>> {
        rows.iter().map(cells).collect()
    }
    match rows {
        CaseRows::Graph(_) => Vec::new(),
        CaseRows::Investigations(rows) => all(rows, investigation),
        CaseRows::Incidents(rows) => all(rows, incident),
        CaseRows::Alerts(rows) => all(rows, alert),
        CaseRows::Devices(rows) => all(rows, |(of, level)| device(of, Some(*level))),
        CaseRows::Mailboxes(rows) => all(rows, mailbox),
        CaseRows::Users(rows) => all(rows, user),
        CaseRows::Evidence(rows) => all(rows, evidence),
        CaseRows::Entities(rows) => all(rows, figures),
        CaseRows::Log(rows) => all(rows, log),
        CaseRows::Pending(rows) => all(rows, waiting),
        CaseRows::History(rows) => all(rows, history),
    }
}

/// The columns of a piece's row that are derived from its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PieceParts {
    /// Its cells; none if no list shows its kind.
    pub cells: Vec<TableCell>,
    /// The device that it is, or is on.
    pub device: Option<String>,
    /// The assets on which it was found.
    pub assets: Vec<String>,
}

/// The cells of a piece as it is stored, and what it names.
///
/// # Errors
/// A body that is no piece of the kind.
pub fn piece_parts(kind: PieceKind, body: &str) -> Result<PieceParts, serde_json::Error> {
    let of_cells = |cells| PieceParts { cells, device: None, assets: Vec::new() };
    Ok(match kind {
        PieceKind::Alert => of_cells(alert(&serde_json::from_str(body)?)),
        PieceKind::Device => {
            let of: DevicePiece = serde_json::from_str(body)?;
            PieceParts { device: Some(of.name.clone()), ..of_cells(device(&of, None)) }
        }
        PieceKind::Mailbox => of_cells(mailbox(&serde_json::from_str(body)?)),
        PieceKind::User => of_cells(user(&serde_json::from_str(body)?)),
        PieceKind::Evidence => {
            let of: EvidencePiece = serde_json::from_str(body)?;
            let device = match &of.entity {
                Entity::Device { name } => Some(name.clone()),
                _ => None,
            };
            PieceParts { cells: evidence(&of), device, assets: of.assets }
        }
        PieceKind::Log => {
            let of: LogPiece = serde_json::from_str(body)?;
            PieceParts { device: of.device.clone(), ..of_cells(log(&of)) }
        }
        PieceKind::Email => of_cells(Vec::new()),
    })
}

fn investigation(of: &InvestigationSummary) -> Vec<TableCell> {
    vec![
        TableCell::text(&of.id),
        TableCell::text(&of.title),
        TableCell::text(of.state.label()),
        TableCell::severity(Some(of.severity)),
        TableCell::number(Some(of.waiting)),
        TableCell::optional(of.detection_source.as_ref()),
        TableCell::optional(of.incident_id.as_ref()),
        TableCell::time(Some(of.started_at)),
        TableCell::time(Some(of.updated_at)),
        TableCell::optional(of.category.as_ref()),
    ]
}

fn incident(of: &IncidentSummary) -> Vec<TableCell> {
    vec![
        TableCell::text(&of.id),
        TableCell::text(&of.title),
        TableCell::text(of.status.label()),
        TableCell::severity(Some(of.severity)),
        TableCell::text(of.classification.map_or("", |of| of.label())),
        TableCell::optional(of.assigned_to.as_ref()),
        TableCell::number(Some(of.investigations)),
        TableCell::number(Some(of.waiting)),
        TableCell::time(Some(of.started_at)),
        TableCell::time(Some(of.updated_at)),
    ]
}

fn alert(of: &AlertPiece) -> Vec<TableCell> {
    vec![
        TableCell::text(&of.title),
        TableCell::text(&of.id),
        TableCell::severity(of.severity),
        TableCell::optional(of.category.as_ref()),
        TableCell::time(of.at),
    ]
}

fn device(of: &DevicePiece, level: Option<RemediationLevel>) -> Vec<TableCell> {
    vec![
        TableCell::text(&of.name),
        TableCell::optional(of.os.as_ref()),
        TableCell::text(of.device_group.as_deref().unwrap_or(UNGROUPED)),
        TableCell::word(of.criticality.map(|of| of as usize), of.criticality.map_or("", |of| of.label())),
        TableCell::text(level.map_or("", RemediationLevel::label)),
    ]
}

fn mailbox(of: &MailboxPiece) -> Vec<TableCell> {
    vec![TableCell::text(&of.address), TableCell::optional(of.owner.as_ref())]
}

fn user(of: &UserPiece) -> Vec<TableCell> {
    vec![TableCell::text(&of.name), TableCell::verdict(of.verdict)]
}

fn evidence(of: &EvidencePiece) -> Vec<TableCell> {
    let remediation = of.remediation.unwrap_or(Remediation::None);
    vec![
        TableCell::text(of.entity.title()),
        TableCell::word(Some(of.entity.kind() as usize), of.entity.kind().label()),
        TableCell::verdict(of.verdict),
        TableCell::word(Some(remediation as usize), remediation.label()),
        TableCell::text(of.assets.join(", ")),
        TableCell::optional(of.detection_origin.as_ref()),
        TableCell::time(of.first_seen),
    ]
}

fn figures(of: &EntityFigures) -> Vec<TableCell> {
    let numbers = [of.total, of.remediated, of.malicious, of.suspicious, of.verified, of.clean, of.unknown];
    let numbers = numbers.map(|number| TableCell::number(Some(number)));
    std::iter::once(TableCell::word(Some(of.kind as usize), of.kind.label())).chain(numbers).collect()
}

fn log(of: &LogPiece) -> Vec<TableCell> {
    let span = |of: Option<u32>| TableCell::number(of.map(u64::from));
    vec![
        TableCell::text(&of.action),
        TableCell::optional(of.action_type.as_ref()),
        TableCell::optional(of.status.as_ref()),
        TableCell::optional(of.device.as_ref()),
        TableCell::optional(of.description.as_ref()),
        TableCell::time(Some(of.created_at)),
        TableCell::time(of.started_at),
        span(of.duration),
        span(of.pending_time),
        span(of.queue_time),
    ]
}

fn waiting(of: &WaitingAction) -> Vec<TableCell> {
    let of = &of.action;
    vec![
        TableCell::text(of.action_type.label()),
        TableCell::text(of.entity.title()),
        TableCell::text(&of.asset.name),
        TableCell::severity(Some(of.severity)),
        TableCell::text(of.proposed_by.label()),
        TableCell::time(Some(of.proposed_at)),
        TableCell::time(Some(of.expires_at)),
    ]
}

fn history(of: &Action) -> Vec<TableCell> {
    let waited = of.decided_at.map(|at| at.duration_since(of.proposed_at).as_secs().max(0).unsigned_abs());
    vec![
        TableCell::text(of.action_type.label()),
        TableCell::text(of.entity.title()),
        TableCell::text(of.decision.label()),
        TableCell::text(of.status.label()),
        TableCell::number(waited),
        TableCell::text(of.taken_by().map(crate::Actor::label).unwrap_or_default()),
        TableCell::optional(of.reason.as_ref()),
        TableCell::time(Some(of.decided_at.unwrap_or(of.updated_at))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_compare_as_what_they_stand_for() {
        let rank = |cell: TableCell| cell.rank.unwrap();
        assert!(rank(TableCell::number(Some(9))) < rank(TableCell::number(Some(10))));
        assert!(rank(TableCell::number(None)) < rank(TableCell::number(Some(0))));
        let severity = |of| rank(TableCell::severity(of));
        assert!(severity(Some(crate::Severity::Critical)) > severity(Some(crate::Severity::High)));
        assert!(severity(None) < severity(Some(crate::Severity::Informational)));
        let at = |second| Timestamp::from_second(second).ok();
        assert!(rank(TableCell::time(at(5))) < rank(TableCell::time(at(1_000_000_000))));
    }

    #[test]
    fn a_stored_piece_has_the_cells_of_its_row() {
        use crate::cases::CaseList;
        use crate::cases::fields::Column;
        let body = r#"{"id":"1","entity":{"kind":"file","path":"/a"},"verdict":"malicious","assets":["x"]}"#;
        let PieceParts { cells, device, assets } = piece_parts(PieceKind::Evidence, body).unwrap();
        let texts: Vec<_> = cells.iter().map(|cell| cell.text.as_str()).collect();
        assert_eq!(texts, ["/a", "File", "Malicious", "None", "x", "", ""]);
        assert_eq!(cells.len(), Column::of_list(CaseList::Evidence).len());
        assert_eq!((device, assets), (None, vec!["x".to_owned()]));
        let of_device = r#"{"id":"1","entity":{"kind":"device","name":"dc-9"}}"#;
        assert_eq!(piece_parts(PieceKind::Evidence, of_device).unwrap().device.as_deref(), Some("dc-9"));
        assert!(piece_parts(PieceKind::Log, "{}").is_err());
        assert!(piece_parts(PieceKind::Email, "{}").unwrap().cells.is_empty());
    }
}
