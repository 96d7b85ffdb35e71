//! What a column shows of an action. To add a column, add it to the domain's `Column`, to `cell` and to `width`.

use leptos::prelude::*;

use super::badge::Badge;
use super::deadline::Deadline;
use super::short_text::ShortText;
use super::visible_text::{VisibleText, spelled_out};
use super::when::When;
use crate::domain::query::{Column, Filter};
use crate::domain::time::Timestamp;
use crate::domain::{Action, ActionId, Criticality, Decision, UndoState};
use crate::ui::derived::Derived;
use crate::ui::place::Place;

/// Pixels that a column has where nobody chose: what its usual values need.
pub(super) const fn width(column: Column) -> u16 {
    match column {
        Column::Proposed => 104,
        Column::Severity | Column::Expires | Column::Decision | Column::Undo => 128,
        Column::Status => 164,
        Column::EntityKind | Column::DecidedBy | Column::ProposedBy => 136,
        Column::Updated | Column::Investigation | Column::Approval | Column::Incident => 144,
        Column::ActionType | Column::Asset | Column::DeviceGroup => 168,
        Column::Source | Column::Technique => 184,
        Column::Entity | Column::Comment => 240,
    }
}

/// Names the column in the style, which hides what there is no room for where nobody chose.
pub(super) const fn class(column: Column) -> &'static str {
    match column {
        Column::Updated => "col-updated",
        Column::Proposed => "col-proposed",
        Column::Severity => "col-severity",
        Column::Expires => "col-expires",
        Column::Decision => "col-decision",
        Column::Undo => "col-undo",
        Column::Status => "col-status",
        Column::EntityKind => "col-entity-kind",
        Column::DecidedBy => "col-decided-by",
        Column::ProposedBy => "col-proposed-by",
        Column::Investigation => "col-investigation",
        Column::Approval => "col-approval",
        Column::Incident => "col-incident",
        Column::ActionType => "col-action-type",
        Column::Asset => "col-asset",
        Column::DeviceGroup => "col-device-group",
        Column::Source => "col-source",
        Column::Technique => "col-technique",
        Column::Entity => "col-entity",
        Column::Comment => "col-comment",
    }
}

/// One cell's content.
pub(super) fn cell(column: Column, action: &Action, here: Memo<Place>, now: Derived<Timestamp>) -> AnyView {
    match column {
        Column::Updated => when(action.updated_at, now),
        Column::Proposed => when(action.proposed_at, now),
        Column::Severity => view! { <Badge look=action.severity/> }.into_any(),
        // Past its decision nothing expires any more.
        Column::Expires => (action.decision == Decision::Pending)
            .then(|| view! { <Deadline until=action.expires_at now/> })
            .into_any(),
        Column::Decision => view! { <Badge look=action.decision/> }.into_any(),
        Column::Undo => {
            (action.undo != UndoState::None).then(|| view! { <Badge look=action.undo/> }).into_any()
        }
        Column::Status => status(action),
        Column::EntityKind => action.entity.kind().label().into_any(),
        Column::DecidedBy => text(action.decided_by.as_ref().map(|actor| &actor.name)),
        Column::ProposedBy => text(Some(&action.proposed_by.name)),
        Column::Investigation => short(action.investigation_id.clone()),
        Column::Approval => short(action.approval_id.map(|id| id.to_string())),
        Column::Incident => short(action.incident_id.clone()),
        Column::ActionType => action.action_type.label().into_any(),
        Column::Asset => asset(action),
        Column::DeviceGroup => match &action.asset.device_group {
            Some(name) => text(Some(name)),
            None => view! { <span class="faint">{Filter::UNGROUPED}</span> }.into_any(),
        },
        Column::Source => action.source.label().into_any(),
        Column::Technique => text(action.evidence.iter().find_map(|piece| piece.technique.as_ref())),
        Column::Entity => entity(action, here),
        Column::Comment => text(action.comment.as_ref()),
    }
}

/// The element that has the focus when a row has it.
pub(super) fn row_link(id: ActionId) -> String {
    format!("open-{id}")
}

fn when(at: Timestamp, now: Derived<Timestamp>) -> AnyView {
    view! { <When at now/> }.into_any()
}

fn text(value: Option<&String>) -> AnyView {
    value.cloned().map(|text| view! { <VisibleText text/> }).into_any()
}

fn short(value: Option<String>) -> AnyView {
    value.map(|text| view! { <ShortText text/> }).into_any()
}

fn entity(action: &Action, here: Memo<Place>) -> AnyView {
    let id = action.id;
    view! {
        <a class="entity-link" id=row_link(id) href=move || here.read().with_open(id).href() data-noscroll>
            <ShortText text=action.entity.title()/>
        </a>
    }
    .into_any()
}

fn asset(action: &Action) -> AnyView {
    let text = action.asset.name.clone();
    if action.asset.criticality == Some(Criticality::VeryHigh) {
        view! {
            <span class="pair">
                <ShortText text/>
                <span class="meta">"very high"</span>
            </span>
        }
        .into_any()
    } else {
        view! { <ShortText text/> }.into_any()
    }
}

fn status(action: &Action) -> AnyView {
    let detail = action.status_detail.clone().map(|text| {
        let title = spelled_out(&text);
        view! {
            <span class="meta" title=title>
                <VisibleText text/>
            </span>
        }
    });
    view! {
        <Badge look=action.status/>
        {detail}
    }
    .into_any()
}
