//! What the rows of each list show, in the order of its columns as the server names them (`Column::of_list`).

use leptos::prelude::*;

use super::case_list::{CaseLocation, table};
use super::graph::graph;
use super::records::{self, link, optional, optional_time, seconds, text, time};
use super::waiting::{CaseRequests, decision};
use crate::actions::badges::Badged;
use crate::actions::location::ListLocation;
use crate::actions::location::{email_href, incident_href, investigation_href};
use crate::actions::wrong_verdict::of_evidence;
use domain::actions::proposal::is_web_url;
use domain::cases::CaseRows;
use domain::incidents::IncidentSummary;
use domain::investigations::email::email_id;
use domain::investigations::report::{AlertPiece, EvidencePiece, LogPiece};
use domain::investigations::{EntityFigures, InvestigationSummary, Remediation, WaitingAction};
use domain::list::ListView;
use domain::{Action, Lane, Status, Verdict};
use kit::badge::Badge;

/// The rows of a list; of an investigation, if its id is given.
pub(crate) fn cells_of(
    of: CaseRows,
    view: &ListView,
    at: &CaseLocation,
    requests: CaseRequests,
    investigation: Option<&str>,
) -> AnyView {
    let listed = |label, rows, empty| table(label, at, view, rows, &[], empty);
    match of {
        CaseRows::Graph(of) => graph(of, &investigation_href(investigation.unwrap_or_default())),
        CaseRows::Investigations(rows) => {
            listed("Investigations", investigations(rows), "No tool has reported an investigation yet.")
        }
        CaseRows::Incidents(rows) => {
            listed("Incidents", incidents(rows), "No tool has reported an incident yet.")
        }
        CaseRows::Alerts(rows) => listed("Alerts", alerts(rows), "No alert is known."),
        CaseRows::Devices(rows) => {
            let row =
                |(of, level): (domain::investigations::report::DevicePiece, domain::RemediationLevel)| {
                    vec![
                        text(of.name),
                        optional(of.os),
                        text(of.device_group.unwrap_or_else(|| "Ungrouped devices".to_owned())),
                        of.criticality.map_or("–", |of| of.label()).into_any(),
                        level.label().into_any(),
                    ]
                };
            listed("Devices", rows.into_iter().map(row).collect(), "No device was looked at.")
        }
        CaseRows::Mailboxes(rows) => {
            let rows = rows.into_iter().map(|of| vec![text(of.address), optional(of.owner)]).collect();
            listed("Mailboxes", rows, "No mailbox was looked at.")
        }
        CaseRows::Users(rows) => {
            let rows = rows.into_iter().map(|of| vec![text(of.name), verdict(of.verdict)]).collect();
            listed("Users", rows, "No user was looked at.")
        }
        CaseRows::Evidence(rows) => {
            let rows = evidence(rows, investigation.map(|id| (id, requests)));
            table("Evidence", at, view, rows, &["Feedback"], "Nothing was found.")
        }
        CaseRows::Entities(rows) => {
            listed("Entities", rows.into_iter().map(figures).collect(), "No entity was analyzed.")
        }
        CaseRows::Log(rows) => listed("Log", rows.into_iter().map(step).collect(), "Nothing was logged."),
        CaseRows::Pending(rows) => {
            let rows = rows.into_iter().map(|of| pending(of, requests)).collect();
            table("Pending actions", at, view, rows, &["Decision"], "Nothing waits for a decision.")
        }
        CaseRows::History(rows) => {
            listed("Pending actions history", history(rows), "Nothing was decided yet.")
        }
    }
}

fn figures(of: EntityFigures) -> Vec<AnyView> {
    let figures = [of.total, of.remediated, of.malicious, of.suspicious, of.verified, of.clean, of.unknown];
    let figures = figures.map(|count| count.to_string().into_any());
    std::iter::once(of.kind.label().into_any()).chain(figures).collect()
}

fn step(of: LogPiece) -> Vec<AnyView> {
    let span = |of: Option<u32>| of.map_or_else(|| "–".to_owned(), |of| seconds(i64::from(of))).into_any();
    vec![
        text(of.action),
        optional(of.action_type),
        optional(of.status),
        optional(of.device),
        optional(of.description),
        time(of.created_at),
        optional_time(of.started_at),
        span(of.duration),
        span(of.pending_time),
        span(of.queue_time),
    ]
}

fn investigations(items: Vec<InvestigationSummary>) -> Vec<Vec<AnyView>> {
    let row = |of: InvestigationSummary| {
        let incident = of.incident_id.map_or_else(|| "–".into_any(), |id| link(incident_href(&id), id));
        vec![
            link(investigation_href(&of.id), of.id.clone()),
            text(of.title),
            of.state.label().into_any(),
            view! { <Badge look=of.severity.badge()/> }.into_any(),
            of.waiting.to_string().into_any(),
            optional(of.detection_source),
            incident,
            time(of.started_at),
            time(of.updated_at),
            optional(of.category),
        ]
    };
    items.into_iter().map(row).collect()
}

/// The investigations of an incident.
pub(crate) fn investigations_table(rows: Vec<InvestigationSummary>) -> AnyView {
    let heads = [
        "ID",
        "Title",
        "State",
        "Severity",
        "Actions waiting",
        "Detection source",
        "Incident",
        "Started",
        "Updated",
        "Category",
    ];
    records::table("Investigations", &heads, investigations(rows), "No investigation belongs to it.")
}

fn incidents(items: Vec<IncidentSummary>) -> Vec<Vec<AnyView>> {
    let row = |of: IncidentSummary| {
        vec![
            link(incident_href(&of.id), of.id.clone()),
            text(of.title),
            of.status.label().into_any(),
            view! { <Badge look=of.severity.badge()/> }.into_any(),
            of.classification.map_or("–", |of| of.label()).into_any(),
            optional(of.assigned_to),
            of.investigations.to_string().into_any(),
            of.waiting.to_string().into_any(),
            time(of.started_at),
            time(of.updated_at),
        ]
    };
    items.into_iter().map(row).collect()
}

/// The alerts of an incident.
pub(crate) fn alerts_table(rows: Vec<AlertPiece>) -> AnyView {
    let heads = ["Alert", "ID", "Severity", "Category", "Raised"];
    records::table("Alerts", &heads, alerts(rows), "No alert is known.")
}

/// The evidence of an incident.
pub(crate) fn evidence_table(rows: Vec<EvidencePiece>) -> AnyView {
    let heads = [
        "Entity",
        "Kind",
        "Verdict",
        "Remediation status",
        "Impacted assets",
        "Detection origin",
        "First seen",
    ];
    records::table("Evidence", &heads, evidence(rows, None), "Nothing was found.")
}

/// What was decided of an incident.
pub(crate) fn history_table(rows: Vec<Action>) -> AnyView {
    let heads = ["Action type", "Entity", "Decision", "Status", "Wait time", "Handled by", "Why", "Time"];
    records::table("Pending actions history", &heads, history(rows), "Nothing was decided yet.")
}

fn alerts(rows: Vec<AlertPiece>) -> Vec<Vec<AnyView>> {
    let row = |of: AlertPiece| {
        let title = match of.url.filter(|url| is_web_url(url)) {
            Some(url) => view! {
                <a href=url rel="noopener noreferrer external" target="_blank">{text(of.title)}</a>
            }
            .into_any(),
            None => text(of.title),
        };
        let severity = of
            .severity
            .map_or_else(|| "–".into_any(), |severity| view! { <Badge look=severity.badge()/> }.into_any());
        vec![title, text(of.id), severity, optional(of.category), optional_time(of.at)]
    };
    rows.into_iter().map(row).collect()
}

/// With the form by which a wrong verdict is reported, where the investigation is known.
fn evidence(rows: Vec<EvidencePiece>, of: Option<(&str, CaseRequests)>) -> Vec<Vec<AnyView>> {
    let row = |piece: EvidencePiece| {
        let report = of.map(|(id, requests)| of_evidence(id, &piece.id, &piece.entity, requests.feedback));
        let of = piece;
        let mut cells = vec![
            match email_id(&of.entity) {
                Some(id) => link(email_href(id), of.entity.title()),
                None => text(of.entity.title()),
            },
            of.entity.kind().label().into_any(),
            verdict(of.verdict),
            of.remediation.unwrap_or(Remediation::None).label().into_any(),
            text(if of.assets.is_empty() { "–".to_owned() } else { of.assets.join(", ") }),
            optional(of.detection_origin),
            optional_time(of.first_seen),
        ];
        cells.extend(report);
        cells
    };
    rows.into_iter().map(row).collect()
}

fn verdict(of: Option<Verdict>) -> AnyView {
    of.map_or_else(|| "–".into_any(), |verdict| view! { <Badge look=verdict.badge()/> }.into_any())
}

/// What waits, with the forms that decide on it.
fn pending(row: WaitingAction, requests: CaseRequests) -> Vec<AnyView> {
    let of = &row.action;
    let href = ListLocation::new(Lane::Pending).with_open(of.id).href();
    let mut cells = vec![
        link(href, of.action_type.label()),
        text(of.entity.title()),
        text(of.asset.name.clone()),
        view! { <Badge look=of.severity.badge()/> }.into_any(),
        text(of.proposed_by.label()),
        time(of.proposed_at),
        time(of.expires_at),
    ];
    let verdict = of.verdict.map(|verdict| view! { <p><Badge look=verdict.badge()/></p> });
    cells.push(view! { <div class="waiting-cell">{verdict} {decision(row, requests)}</div> }.into_any());
    cells
}

fn history(rows: Vec<Action>) -> Vec<Vec<AnyView>> {
    let row = |of: Action| {
        let ended = !matches!(of.status, Status::Queued | Status::InProgress | Status::Unknown);
        let lane = if ended { Lane::History } else { Lane::InProgress };
        let href = ListLocation::new(lane).with_open(of.id).href();
        let waited = of
            .decided_at
            .map_or_else(|| "–".to_owned(), |at| seconds(at.duration_since(of.proposed_at).as_secs().max(0)));
        let by = of.taken_by().map_or_else(|| "–".to_owned(), domain::Actor::label);
        vec![
            link(href, of.action_type.label()),
            text(of.entity.title()),
            view! { <Badge look=of.decision.badge()/> }.into_any(),
            view! { <Badge look=of.status.badge()/> }.into_any(),
            waited.into_any(),
            text(by),
            optional(of.reason),
            time(of.decided_at.unwrap_or(of.updated_at)),
        ]
    };
    rows.into_iter().map(row).collect()
}
