//! What each tab of an investigation shows.

use leptos::prelude::*;

use super::graph::graph;
use super::records::{Sorting, link, optional, optional_time, seconds, sorted_table, text, time};
use super::waiting::{CaseRequests, waiting};
use crate::actions::badges::Badged;
use crate::actions::location::ListLocation;
use crate::actions::location::{email_href, investigation_href};
use crate::actions::wrong_verdict::of_evidence;
use domain::actions::proposal::is_web_url;
use domain::investigations::cells::columns;
use domain::investigations::email::email_id;
use domain::investigations::report::{AlertPiece, EvidencePiece};
use domain::investigations::{Remediation, Tab, TabRows};
use domain::{Action, Lane, Status, Verdict};
use kit::badge::Badge;

/// The content of a tab.
pub(crate) fn rows(of: TabRows, requests: CaseRequests, id: &str, sorting: &Sorting) -> AnyView {
    let sorting = Some(sorting);
    match of {
        TabRows::Graph(of) => graph(of, &investigation_href(id)),
        TabRows::Alerts(rows) => alerts(rows, sorting),
        TabRows::Evidence(rows) => evidence(rows, Some((id, requests)), sorting),
        TabRows::Pending(rows) => waiting(rows, requests),
        TabRows::History(rows) => history(rows, sorting),
        TabRows::Devices(rows) => sorted_table(
            "Devices",
            columns(Tab::Devices),
            rows.into_iter()
                .map(|(of, level)| {
                    vec![
                        text(of.name),
                        optional(of.os),
                        text(of.device_group.unwrap_or_else(|| "Ungrouped devices".to_owned())),
                        of.criticality.map_or("–", |of| of.label()).into_any(),
                        level.label().into_any(),
                    ]
                })
                .collect(),
            "No device was looked at.",
            sorting,
        ),
        TabRows::Mailboxes(rows) => sorted_table(
            "Mailboxes",
            columns(Tab::Mailboxes),
            rows.into_iter().map(|of| vec![text(of.address), optional(of.owner)]).collect(),
            "No mailbox was looked at.",
            sorting,
        ),
        TabRows::Users(rows) => sorted_table(
            "Users",
            columns(Tab::Users),
            rows.into_iter().map(|of| vec![text(of.name), verdict(of.verdict)]).collect(),
            "No user was looked at.",
            sorting,
        ),
        TabRows::Entities(rows) => sorted_table(
            "Entities",
            columns(Tab::Entities),
            rows.into_iter()
                .map(|of| {
                    let figures = [
                        of.total,
                        of.remediated,
                        of.malicious,
                        of.suspicious,
                        of.verified,
                        of.clean,
                        of.unknown,
                    ];
                    let figures = figures.map(|count| count.to_string().into_any());
                    std::iter::once(of.kind.label().into_any()).chain(figures).collect()
                })
                .collect(),
            "No entity was analyzed.",
            sorting,
        ),
        TabRows::Log(rows) => sorted_table(
            "Log",
            columns(Tab::Log),
            rows.into_iter()
                .map(|of| {
                    let span = |of: Option<u32>| {
                        of.map_or_else(|| "–".to_owned(), |of| seconds(i64::from(of))).into_any()
                    };
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
                })
                .collect(),
            "Nothing was logged.",
            sorting,
        ),
    }
}

/// Alerts, also those of an incident.
pub(crate) fn alerts(rows: Vec<AlertPiece>, sorting: Option<&Sorting>) -> AnyView {
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
    let rows = rows.into_iter().map(row).collect();
    sorted_table("Alerts", columns(Tab::Alerts), rows, "No alert is known.", sorting)
}

/// Evidence, also that of an incident.
pub(crate) fn evidence(
    rows: Vec<EvidencePiece>,
    of: Option<(&str, CaseRequests)>,
    sorting: Option<&Sorting>,
) -> AnyView {
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
    let mut heads = columns(Tab::Evidence).to_vec();
    heads.extend(of.map(|_| "Feedback"));
    let rows = rows.into_iter().map(row).collect();
    sorted_table("Evidence", &heads, rows, "Nothing was found.", sorting)
}

fn verdict(of: Option<Verdict>) -> AnyView {
    of.map_or_else(|| "–".into_any(), |verdict| view! { <Badge look=verdict.badge()/> }.into_any())
}

/// What was decided, also of an incident.
pub(crate) fn history(rows: Vec<Action>, sorting: Option<&Sorting>) -> AnyView {
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
    let rows = rows.into_iter().map(row).collect();
    sorted_table("Pending actions history", columns(Tab::History), rows, "Nothing was decided yet.", sorting)
}
