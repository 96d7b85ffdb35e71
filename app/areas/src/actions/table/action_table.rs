//! The table of a tab: headings that sort, rows that open their action and can be selected. What stands in a cell,
//! `action_cells` says.

use std::sync::Arc;

use leptos::ev::{Event, MouseEvent};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::Element;
use leptos_router::hooks::use_navigate;

use crate::actions::location::ListLocation;
use crate::actions::rows::Selection;
use crate::actions::table::action_cells::{SizedColumn, class};
use crate::actions::table::action_row::{Rows, row, shows_entity};
use domain::settings::preference::ColumnChoice;
use domain::{Action, Lane};
use kit::derived::Derived;
use kit::handler::handler;
use kit::icon::Icon;
use kit::markup::Markup;
use kit::url::still;

/// The columns of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The columns in their order.
    pub columns: Vec<ColumnChoice>,
    /// Whether a person chose them: then none is hidden for want of room.
    pub chosen: bool,
    /// Whether rows are 44 px high instead of 36.
    pub comfortable: bool,
}

const fn caption(lane: Lane) -> &'static str {
    match lane {
        Lane::Pending => "Actions that wait for a decision",
        Lane::InProgress => "Actions that are being carried out",
        Lane::History => "Actions that are decided and over",
    }
}

/// Whether rows of a tab can be selected.
pub const fn is_selectable(lane: Lane) -> bool {
    !matches!(lane, Lane::InProgress)
}

/// The rows of one page; only those that changed render again.
#[component]
pub fn ActionTable(
    /// The tab.
    lane: Lane,
    /// The rows in their order.
    #[prop(into)]
    actions: Signal<Vec<Action>>,
    /// The columns.
    layout: Derived<Layout>,
    /// What the rows share.
    rows: Rows,
) -> impl IntoView {
    let table = move || table(lane, &layout.get(), actions, rows);
    view! {
        <div class="action-table" tabindex="0" role="region" aria-label=caption(lane)>
            {move || table()}
        </div>
    }
    .into_any()
}

/// Renders again when the columns change.
fn table(lane: Lane, layout: &Layout, actions: Signal<Vec<Action>>, rows: Rows) -> AnyView {
    let Layout { columns, chosen, comfortable } = layout.clone();
    let selectable = is_selectable(lane);
    let select = selectable.then(|| view! { <SelectPage selection=rows.selection/> });
    // Owned: a row may be made while other columns are on their way.
    let columns: Arc<[SizedColumn]> =
        columns.iter().map(|choice| SizedColumn::new(*choice, chosen)).collect();
    let opens = (!shows_entity(&columns)).then(|| {
        view! { <th scope="col" class="col-open"><span class="visually-hidden">"Open"</span></th> }
    });
    let heads = columns.iter().map(|column| head(column, rows.location)).collect_view();
    let body = move || {
        actions.get().into_iter().fold(Markup::new("tbody"), |body, action| {
            let columns = Arc::clone(&columns);
            body.row((action.id.into(), action.version), move || row(&action, &columns, selectable, rows))
        })
    };
    view! {
        <table
            class:auto=!chosen
            class:comfortable=comfortable
            on:click=handler(clicked(rows.selection))
        >
            <caption class="visually-hidden">{caption(lane)}</caption>
            <thead>
                <tr>{select} {opens} {heads}</tr>
            </thead>
            {body}
        </table>
    }
    .into_any()
}

/// A heading that sorts is a link, so that an order can be shared and works everywhere.
fn head(sized: &SizedColumn, location: Memo<ListLocation>) -> AnyView {
    let SizedColumn { column, width, .. } = sized.clone();
    let Some(key) = column.sort_key() else {
        return view! { <th scope="col" class=class(column)>{column.label()}</th> }
            .attr("width", width)
            .into_any();
    };
    let sorted =
        move || Some(location.read().sort()).filter(|sort| sort.key == key).map(|sort| sort.descending);
    let order = move || sorted().map(|descending| if descending { "descending" } else { "ascending" });
    let arrow = move || {
        sorted().map(|descending| {
            view! { <Icon name=if descending { "sort-down" } else { "sort-up" }/> }.into_any()
        })
    };
    view! {
        <th scope="col" class=class(column) aria-sort=move || order()>
            <a class="sort" href=move || location.read().sorted_by(key).href() data-noscroll>
                {column.label()} {move || arrow()}
            </a>
        </th>
    }
    .attr("width", width)
    .into_any()
}

#[component]
fn SelectPage(selection: Selection) -> impl IntoView {
    let state = move || selection.current();
    view! {
        <th scope="col" class="col-select">
            <input
                type="checkbox"
                class="needs-wasm"
                aria-label="Select all on this page"
                prop:checked=move || matches!(state(), (chosen, rows) if rows > 0 && chosen == rows)
                prop:indeterminate=move || matches!(state(), (chosen, rows) if chosen > 0 && chosen < rows)
                on:change=handler(move |event: Event| selection.page(event_target_checked(&event)))
            />
        </th>
    }
}

/// A checkbox selects its row. The rest of a row opens its action, but for links and for text that is being selected.
fn clicked(selection: Selection) -> impl Fn(MouseEvent) + 'static {
    let navigate = use_navigate();
    move |event: MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(target) = target else { return };
        let Ok(Some(row)) = target.closest("tbody tr") else { return };
        if matches!(target.closest(".col-select"), Ok(Some(_))) {
            let id = row.get_attribute("data-id").and_then(|id| id.parse().ok());
            if let Some(id) = id.filter(|_| target.tag_name() == "INPUT") {
                selection.toggle(id, event.shift_key());
            }
            return;
        }
        if matches!(target.closest("a, button"), Ok(Some(_))) || is_selecting() {
            return;
        }
        let link = row.query_selector("a[href]").ok().flatten();
        if let Some(href) = link.and_then(|link| link.get_attribute("href")) {
            navigate(&href, still());
        }
    }
}

fn is_selecting() -> bool {
    window().get_selection().ok().flatten().is_some_and(|selection| !selection.is_collapsed())
}
