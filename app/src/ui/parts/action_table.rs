//! The table of a tab. Which columns a tab shows stands in [`columns`]; what a column shows, in [`cell`].
//!
//! To add a column, add it to [`Column`], to `label`, `class` and `cell`, and to the tabs that show it.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::Element;
use leptos_router::hooks::use_navigate;

use super::badge::Badge;
use super::deadline::Deadline;
use super::short_text::ShortText;
use super::visible_text::{VisibleText, spelled_out};
use super::when::When;
use crate::domain::time::Timestamp;
use crate::domain::{Action, Actor, Criticality, Lane, UndoState};
use crate::ui::derived::Derived;
use crate::ui::place::Place;

/// A column of any tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Severity,
    ActionType,
    Entity,
    Asset,
    ProposedBy,
    Verdict,
    Proposed,
    Expires,
    Status,
    StatusWithDetail,
    Decision,
    DecidedBy,
    Source,
    Undo,
    Updated,
    Investigation,
}

const fn columns(lane: Lane) -> &'static [Column] {
    use Column::{
        ActionType, Asset, DecidedBy, Decision, Entity, Expires, Investigation, Proposed, ProposedBy,
        Severity, Source, Status, StatusWithDetail, Undo, Updated, Verdict,
    };
    match lane {
        Lane::Pending => &[Severity, ActionType, Entity, Asset, ProposedBy, Verdict, Proposed, Expires],
        Lane::InProgress => &[ActionType, Entity, Asset, StatusWithDetail, DecidedBy, Updated],
        Lane::History => {
            &[Updated, ActionType, Entity, Asset, Decision, DecidedBy, Source, Status, Undo, Investigation]
        }
    }
}

impl Column {
    const fn label(self) -> &'static str {
        match self {
            Self::Severity => "Severity",
            Self::ActionType => "Action type",
            Self::Entity => "Entity",
            Self::Asset => "Asset",
            Self::ProposedBy => "Proposed by",
            Self::Verdict => "Verdict",
            Self::Proposed => "Proposed",
            Self::Expires => "Expires",
            Self::Status | Self::StatusWithDetail => "Status",
            Self::Decision => "Decision",
            Self::DecidedBy => "Decided by",
            Self::Source => "Action source",
            Self::Undo => "Undo",
            Self::Updated => "Updated",
            Self::Investigation => "Investigation ID",
        }
    }

    /// Gives the width, and hides what there is no room for.
    const fn class(self) -> &'static str {
        match self {
            Self::Severity => "col-severity",
            Self::ActionType => "col-action-type",
            Self::Entity => "col-entity",
            Self::Asset => "col-asset",
            Self::ProposedBy => "col-proposed-by",
            Self::Verdict => "col-verdict",
            Self::Proposed | Self::Updated => "col-time",
            Self::Expires => "col-expires",
            Self::Status => "col-status",
            Self::StatusWithDetail => "col-status-detail",
            Self::Decision => "col-decision",
            Self::DecidedBy => "col-person",
            Self::Source => "col-source",
            Self::Undo => "col-undo",
            Self::Investigation => "col-investigation",
        }
    }
}

const fn caption(lane: Lane) -> &'static str {
    match lane {
        Lane::Pending => "Actions that wait for a decision",
        Lane::InProgress => "Actions that are being carried out",
        Lane::History => "Actions that are decided and over",
    }
}

/// The rows of one page; only those that changed render again.
#[component]
pub(in crate::ui) fn ActionTable<Rows>(
    /// The tab.
    lane: Lane,
    /// The rows in their order.
    rows: Rows,
    /// Where the person is.
    here: Memo<Place>,
    /// The page's present.
    now: Derived<Timestamp>,
) -> impl IntoView
where
    Rows: Fn() -> Vec<Action> + Send + Sync + 'static,
{
    let navigate = use_navigate();
    let heads = columns(lane)
        .iter()
        .map(|column| view! { <th scope="col" class=column.class()>{column.label()}</th> })
        .collect_view();
    // The whole row opens its action, but for its own links and for text that is being selected.
    let open_row = move |event: MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(target) = target else { return };
        if matches!(target.closest("a, button"), Ok(Some(_))) || is_selecting() {
            return;
        }
        let link =
            target.closest("tr").ok().flatten().and_then(|row| row.query_selector("a[href]").ok().flatten());
        if let Some(href) = link.and_then(|link| link.get_attribute("href")) {
            navigate(&href, leptos_router::NavigateOptions { scroll: false, ..Default::default() });
        }
    };
    view! {
        <div class="action-table" tabindex="0" role="region" aria-label=caption(lane)>
            <table class=table_class(lane)>
                <caption class="visually-hidden">{caption(lane)}</caption>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody on:click=open_row>
                    <For each=rows key=|action| (action.id, action.version) let:action>
                        <ActionRow lane action here now/>
                    </For>
                </tbody>
            </table>
        </div>
    }
}

const fn table_class(lane: Lane) -> &'static str {
    match lane {
        Lane::Pending => "lane-pending",
        Lane::InProgress => "lane-in-progress",
        Lane::History => "lane-history",
    }
}

fn is_selecting() -> bool {
    window().get_selection().ok().flatten().is_some_and(|selection| !selection.is_collapsed())
}

#[component]
fn ActionRow(lane: Lane, action: Action, here: Memo<Place>, now: Derived<Timestamp>) -> impl IntoView {
    let id = action.id;
    let open = id.to_string();
    let is_open = move || here.read().open.as_ref() == Some(&open);
    let cells = columns(lane)
        .iter()
        .map(|&column| view! { <td class=column.class()>{cell(column, &action, here, now)}</td> })
        .collect_view();
    view! { <tr aria-current=move || is_open().then_some("true")>{cells}</tr> }
}

fn cell(column: Column, action: &Action, here: Memo<Place>, now: Derived<Timestamp>) -> AnyView {
    match column {
        Column::Severity => view! { <Badge look=action.severity/> }.into_any(),
        Column::ActionType => action.action_type.label().into_any(),
        Column::Entity => entity(action, here).into_any(),
        Column::Asset => asset(action).into_any(),
        Column::ProposedBy => proposer(action).into_any(),
        Column::Verdict => action.verdict.map(|verdict| view! { <Badge look=verdict/> }).into_any(),
        Column::Proposed => view! { <When at=action.proposed_at now/> }.into_any(),
        Column::Updated => view! { <When at=action.updated_at now/> }.into_any(),
        Column::Expires => view! { <Deadline until=action.expires_at now/> }.into_any(),
        Column::Status => view! { <Badge look=action.status/> }.into_any(),
        Column::StatusWithDetail => status_with_detail(action).into_any(),
        Column::Decision => view! { <Badge look=action.decision/> }.into_any(),
        Column::DecidedBy => action.decided_by.as_ref().map(person).into_any(),
        Column::Source => action.source.label().into_any(),
        Column::Undo => {
            (action.undo != UndoState::None).then(|| view! { <Badge look=action.undo/> }).into_any()
        }
        Column::Investigation => {
            action.investigation_id.clone().map(|text| view! { <ShortText text/> }).into_any()
        }
    }
}

fn entity(action: &Action, here: Memo<Place>) -> impl IntoView + use<> {
    let id = action.id;
    let kind = action.entity.kind().label();
    view! {
        <span class="pair">
        <a class="entity-link" id=format!("open-{id}") href=move || here.read().with_open(id).href() data-noscroll>
            <ShortText text=action.entity.title()/>
        </a>
        <span class="meta">{kind}</span>
        </span>
    }
}

fn asset(action: &Action) -> impl IntoView + use<> {
    let critical = action.asset.criticality == Some(Criticality::VeryHigh);
    view! {
        <span class="pair">
            <ShortText text=action.asset.name.clone()/>
            {critical.then(|| view! { <span class="meta">"very high"</span> })}
        </span>
    }
}

fn proposer(action: &Action) -> impl IntoView + use<> {
    view! {
        <VisibleText text=action.proposed_by.name.clone()/>
        <span class="meta">{action.source.label()}</span>
    }
}

fn person(actor: &Actor) -> impl IntoView + use<> {
    view! { <VisibleText text=actor.name.clone()/> }
}

fn status_with_detail(action: &Action) -> impl IntoView + use<> {
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
}
