//! Bodies of which each item is taken in by itself, where `on_error=item` asks for that: what does not do is left out, and
//! named with the place at which it stood.

use std::collections::BTreeMap;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::HeaderMap;
use domain::actions::proposal::MAX_ACTIONS;
use domain::incidents::IncidentReport;
use domain::investigations::PieceKind;
use domain::investigations::report::{InvestigationReport, MAX_PIECES};
use domain::{Error, FieldError, Proposal};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::input::{below, json_of, parse_proposal, read, read_report};
use crate::edge::problem::Problem;

/// What becomes of the others when one item is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OnError {
    /// None is taken in.
    #[default]
    Request,
    /// They are taken in, and each has its own result.
    Item,
}

/// How items are taken in.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct OnErrorQuery {
    /// What becomes of the others when one item is refused; `request` where it is not named.
    #[serde(default)]
    #[param(inline)]
    on_error: OnError,
}

impl OnErrorQuery {
    /// What a URL says.
    pub(super) fn read(query: Result<Query<Self>, QueryRejection>) -> Result<OnError, Problem> {
        query
            .map(|Query(Self { on_error })| on_error)
            .map_err(|_| Problem::malformed("the query may hold on_error, which is request or item"))
    }
}

/// An action of a report: the proposer's id, as far as it is readable, and the proposal.
pub(super) type ReportedAction = (Option<String>, Result<Proposal, Vec<FieldError>>);

/// A report of an investigation, as far as it can be taken in.
pub(super) struct ReportItems {
    /// The report with the pieces that do, and without its actions.
    pub(super) report: InvestigationReport,
    /// Its actions in their order.
    pub(super) actions: Vec<ReportedAction>,
    /// What is wrong with the pieces that do not.
    pub(super) left_out: Vec<FieldError>,
    /// Where the others stood.
    pub(super) places: Places,
}

/// Of each list, where the items stood that are left of it.
#[derive(Default)]
pub(super) struct Places(BTreeMap<&'static str, Vec<usize>>);

impl Places {
    /// Places among what is left, as `alerts/0`, as those in what was sent.
    pub(super) fn as_sent(&self, places: Vec<String>) -> Vec<String> {
        let sent = |place: String| {
            let found = place.split_once('/').and_then(|(list, at)| {
                let at = self.0.get(list)?.get(at.parse::<usize>().ok()?)?;
                Some(format!("{list}/{at}"))
            });
            found.unwrap_or(place)
        };
        places.into_iter().map(sent).collect()
    }
}

/// A report of an investigation, item by item.
pub(super) fn parse_report_items(
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<ReportItems, Problem> {
    let mut value = json_of(headers, body)?;
    let items = take_list(&mut value, "actions", MAX_ACTIONS)?;
    let action = |(index, item): (usize, Value)| {
        let id = item.get("external_id").and_then(Value::as_str).map(str::to_owned);
        (id, parse_proposal(index, item, now))
    };
    let actions: Vec<_> = items.into_iter().enumerate().map(action).collect();
    let read_part = |part: Value| -> Result<_, Vec<FieldError>> {
        let part = read_report(part)?;
        Ok((part.check(), part))
    };
    let (mut parts, mut left_out, mut places) = (Vec::new(), Vec::new(), Places::default());
    for kind in PieceKind::ALL {
        let items = take_list(&mut value, kind.list(), MAX_PIECES)?;
        parts.extend(each(kind.list(), items, read_part, &mut left_out, &mut places));
    }
    let mut report = read_report(value).map_err(Error::Invalid)?;
    for part in parts {
        report.add_pieces(part);
    }
    Ok(ReportItems { report, actions, left_out, places })
}

/// A report of an incident with the alerts that do, what is wrong with the others, and where they stood.
pub(super) fn parse_incident_items(
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(IncidentReport, Vec<FieldError>, Places), Problem> {
    let mut value = json_of(headers, body)?;
    let list = PieceKind::Alert.list();
    let items = take_list(&mut value, list, MAX_PIECES)?;
    let (mut left_out, mut places) = (Vec::new(), Places::default());
    let read_part = |part: Value| -> Result<_, Vec<FieldError>> {
        let part: IncidentReport = read(part)?;
        Ok((part.check(), part))
    };
    let parts = each(list, items, read_part, &mut left_out, &mut places);
    let mut report: IncidentReport = read(value).map_err(Error::Invalid)?;
    report.alerts = parts.into_iter().flat_map(|part| part.alerts).collect();
    Ok((report, left_out, places))
}

/// The items of a list, which the document is left without.
fn take_list(document: &mut Value, name: &str, most: usize) -> Result<Vec<Value>, Error> {
    match document.as_object_mut().and_then(|fields| fields.remove(name)) {
        Some(Value::Array(items)) if items.len() > most => {
            Err(Error::invalid(format!("/{name}"), format!("has {} items; at most {most}", items.len())))
        }
        Some(Value::Array(items)) => Ok(items),
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(_) => Err(Error::invalid(format!("/{name}"), "must be an array")),
    }
}

/// Each item as a report of nothing else, which is read and checked as the whole would be.
fn each<T>(
    list: &'static str,
    items: Vec<Value>,
    read_part: impl Fn(Value) -> Result<(Vec<FieldError>, T), Vec<FieldError>>,
    left_out: &mut Vec<FieldError>,
    places: &mut Places,
) -> Vec<T> {
    let (alone, kept) = (format!("/{list}/0"), places.0.entry(list).or_default());
    let mut parts = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let errors = match read_part(json!({ "id": "part", list: [item] })) {
            Ok((errors, part)) if errors.is_empty() => {
                parts.push(part);
                kept.push(index);
                continue;
            }
            Ok((errors, _)) | Err(errors) => errors,
        };
        left_out.extend(errors.into_iter().map(|error| {
            let rest = error.pointer.strip_prefix(&alone).unwrap_or_default().to_owned();
            below(&format!("/{list}/{index}"), FieldError::new(rest, error.detail))
        }));
    }
    parts
}
