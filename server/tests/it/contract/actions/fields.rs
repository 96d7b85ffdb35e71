//! What each field of a list means, in plain Rust: what the store's answers are compared with. To add a filter, add what
//! it chooses to [`choices`], and what it counts to [`values`].

use std::collections::BTreeSet;

use domain::actions::query::{Facet, Filter, Period, Undoable};
use domain::list::Moment;
use domain::{Action, ActionType, Decision, EntityKind, Severity, Source, Status};
use jiff::SignedDuration;

use super::lists::now;

/// The values of a row that a facet counts.
pub(super) fn values(action: &Action, facet: Facet) -> BTreeSet<String> {
    let undoable = if action.undoable().is_ok() { Undoable::Yes } else { Undoable::No };
    let value = match facet {
        Facet::ActionType => action.action_type.to_string(),
        Facet::EntityKind => action.entity.kind().to_string(),
        Facet::Asset => action.asset.name.clone(),
        Facet::Decision => action.decision.to_string(),
        Facet::DecidedBy => return action.taken_by().map(|by| by.who().to_owned()).into_iter().collect(),
        Facet::Token => return action.tokens().map(|token| token.name.clone()).collect(),
        Facet::Source => action.source.to_string(),
        Facet::Status => action.status.to_string(),
        Facet::Severity => action.severity.to_string(),
        Facet::DeviceGroup => action.asset.device_group.clone().unwrap_or(Filter::UNGROUPED.to_owned()),
        Facet::Undoable => undoable.to_string(),
    };
    [value].into()
}

/// A filter, and which rows it means.
pub(super) type Choice = (&'static str, Filter, Box<dyn Fn(&Action) -> bool>);

fn choice(name: &'static str, filter: Filter, holds: impl Fn(&Action) -> bool + 'static) -> Choice {
    (name, filter, Box::new(holds))
}

pub(super) fn choices(sample: &Action, rows: &[Action]) -> Vec<Choice> {
    let none = Filter::default;
    let (asset, kind, of_type) = (sample.asset.name.clone(), sample.entity.kind(), sample.action_type);
    let decider = sample.decided_by.as_ref().unwrap().name.clone();
    let group = sample.asset.device_group.clone().unwrap();
    let (same_asset, same_decider, same_group) = (asset.clone(), decider.clone(), group.clone());
    let other_group = group.clone();
    let types = ActionType::ALL.iter().copied().filter(|other| *other != of_type).collect();
    let sources = Source::ALL.iter().copied().filter(|other| *other != sample.source).collect();
    let groups = rows.iter().map(|row| row.asset.device_group.clone());
    let groups = groups.filter(|other| other.as_ref() != Some(&group));
    let groups = groups.map(|other| other.unwrap_or(Filter::UNGROUPED.to_owned())).collect();
    let week = now() - SignedDuration::from_hours(7 * 24);
    let month = now() - SignedDuration::from_hours(30 * 24);
    vec![
        choice("all", none(), |_| true),
        choice("type", Filter { action_type: [of_type].into(), ..none() }, move |a| a.action_type == of_type),
        choice("kind", Filter { entity_kind: [kind, EntityKind::User].into(), ..none() }, move |a| {
            a.entity.kind() == kind || a.entity.kind() == EntityKind::User
        }),
        choice("asset", Filter { asset: [asset.to_uppercase()].into(), ..none() }, move |a| {
            a.asset.name.to_lowercase() == same_asset.to_lowercase()
        }),
        choice("decision", Filter { decision: [Decision::Rejected].into(), ..none() }, |a| {
            a.decision == Decision::Rejected
        }),
        choice("decider", Filter { decided_by: [decider].into(), ..none() }, move |a| {
            a.taken_by().is_some_and(|by| by.who() == same_decider)
        }),
        choice("source", Filter { source: [sample.source].into(), ..none() }, {
            let source = sample.source;
            move |a| a.source == source
        }),
        choice("status", Filter { status: [Status::Failed, Status::Completed].into(), ..none() }, |a| {
            matches!(a.status, Status::Failed | Status::Completed)
        }),
        choice("severity", Filter { severity: [Severity::High].into(), ..none() }, |a| {
            a.severity == Severity::High
        }),
        choice("group", Filter { device_group: [group].into(), ..none() }, move |a| {
            a.asset.device_group.as_deref() == Some(&*same_group)
        }),
        choice("no group", Filter { device_group: [Filter::UNGROUPED.to_owned()].into(), ..none() }, |a| {
            a.asset.device_group.is_none()
        }),
        choice("other types", Filter { action_type: types, ..none() }, move |a| a.action_type != of_type),
        choice("other sources", Filter { source: sources, ..none() }, {
            let source = sample.source;
            move |a| a.source != source
        }),
        choice("other groups", Filter { device_group: groups, ..none() }, move |a| {
            a.asset.device_group.as_deref() != Some(&*other_group)
        }),
        choice(
            "token",
            Filter { token: ["PILOT playbooks", "none"].map(str::to_owned).into(), ..none() },
            |a| a.tokens().any(|token| token.name == "Pilot playbooks"),
        ),
        choice("undoable", Filter { undoable: [Undoable::Yes].into(), ..none() }, |a| a.undoable().is_ok()),
        choice("period", Filter { period: Some(Period::Month), ..none() }, move |a| a.updated_at >= month),
        choice(
            "range",
            Filter { from: Some(Moment::At(month)), to: Some(Moment::At(week)), ..none() },
            move |a| a.updated_at >= month && a.updated_at < week,
        ),
        choice(
            "two fields",
            Filter { action_type: [of_type].into(), severity: [sample.severity].into(), ..none() },
            {
                let severity = sample.severity;
                move |a| a.action_type == of_type && a.severity == severity
            },
        ),
        choice("nothing", Filter { investigation: ["no such".to_owned()].into(), ..none() }, |_| false),
    ]
}
