//! The items of a plan or job as a table; each leads to its action.

use leptos::prelude::*;

use super::badge::Badge;
use super::short_text::ShortText;
use crate::domain::{BulkItem, Lane};
use crate::ui::place::Place;

/// A row an item. Rows that stay the same are not rendered again.
#[component]
pub(in crate::ui) fn BulkItems(
    /// The items.
    #[prop(into)]
    items: Signal<Vec<BulkItem>>,
    /// In which tab their actions open.
    lane: Lane,
    /// Whether it is said where each stands, and why.
    states: bool,
) -> impl IntoView {
    let heads = states.then(|| {
        view! {
            <th scope="col">"Result"</th>
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
                        key=|item| (item.position, item.state)
                        children=move |item| row(item, lane, states)
                    />
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(item: BulkItem, lane: Lane, states: bool) -> AnyView {
    let BulkItem { position, action, state, detail } = item;
    let href = Place::of(lane).with_open(action.id).href();
    let states = states.then(|| {
        view! {
            <td><Badge look=state/></td>
            <td class="why">{detail}</td>
        }
    });
    view! {
        <tr>
            <td class="number">{position}</td>
            <td>{action.action_type.label()}</td>
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
