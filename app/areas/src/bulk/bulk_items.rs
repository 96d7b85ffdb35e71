//! The items of a plan or job as a table; each leads to its action.

use leptos::prelude::*;

use crate::actions::badges::Badged;
use crate::actions::location::ListLocation;
use domain::{BulkItem, BulkVerb, ItemState, Lane, Status, UndoState};
use kit::badge::{Badge, BadgeStyle};
use kit::icon::Icon;
use kit::short_text::ShortText;
use kit::time::localize;

/// A table of the items. Unchanged rows are not rendered again.
#[component]
pub(crate) fn BulkItems(
    /// The items.
    #[prop(into)]
    items: Signal<Vec<BulkItem>>,
    /// The tab in which the actions open.
    lane: Lane,
    /// The planned decision; without it, the state of each item is shown.
    #[prop(optional)]
    plan: Option<BulkVerb>,
) -> impl IntoView {
    let heads = plan.is_none().then(|| {
        view! {
            <th scope="col">"Result"</th>
            <th scope="col">"Status"</th>
            <th scope="col" class="why">"Why"</th>
        }
    });
    view! {
        <div class="bulk-table items" tabindex="0" role="region" aria-label="Actions">
            <table>
                <thead>
                    <tr>
                        <th scope="col" class="number">"No."</th>
                        <th scope="col">"Action type"</th>
                        <th scope="col">"Entity"</th>
                        <th scope="col">"Asset"</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>
                    <For
                        each=move || items.get()
                        key=|item| (item.position, item.state, item.decision, item.status, item.undo)
                        children=move |item| row(item, lane, plan)
                    />
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(item: BulkItem, lane: Lane, plan: Option<BulkVerb>) -> AnyView {
    let BulkItem { position, action, state, decision, status, undo, detail } = item;
    let href = ListLocation::new(lane).with_open(action.id).href();
    let is_final = plan.is_some_and(|verb| verb.is_final(action.action_type));
    let is_final = is_final.then(|| {
        view! {
            " "
            <span class="item-final" title="This can't be undone">
                <Icon name="triangle"/>
                <span class="visually-hidden">"This can't be undone"</span>
            </span>
        }
    });
    // What was decided says how, and what became of it; what was not, why.
    let result = if state == ItemState::Decided { decision.badge() } else { state.badge() };
    let result = view! { <Badge look=result/> }.into_any();
    let since = match (state, undo) {
        (ItemState::Decided, UndoState::None) if status != Status::None => Some(status.badge()),
        (ItemState::Decided, UndoState::None) => None,
        (ItemState::Decided, undo) => Some(undo.badge()),
        _ => None,
    };
    let since = since.map(|look| view! { <Badge look/> }.into_any());
    let states = plan.is_none().then(|| {
        view! {
            <td>{result}</td>
            <td>{since}</td>
            <td class="why">{detail.map(|detail| localize(&detail))}</td>
        }
    });
    view! {
        <tr>
            <td class="number">{position}</td>
            <td>{action.action_type.label()} {is_final}</td>
            <th scope="row">
                <a class="entity-link" href=href>
                    <ShortText text=action.entity/>
                </a>
            </th>
            <td>
                <ShortText text=action.asset/>
            </td>
            {states}
        </tr>
    }
    .into_any()
}

impl Badged for ItemState {
    fn badge(self) -> BadgeStyle {
        let tone = match self {
            ItemState::LeftOut => "neutral i-minus",
            ItemState::Waiting => "waiting i-clock",
            ItemState::Decided => "done i-check",
            ItemState::Skipped => "neutral i-forward",
            ItemState::Refused => "medium i-lock",
            ItemState::Failed => "failed i-cross",
        };
        BadgeStyle { tone, label: self.label() }
    }
}
