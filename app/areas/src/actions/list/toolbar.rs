//! The row over the table: search, filters, time period or similar actions; at its end views, columns, density and export.

use std::time::Duration;

use leptos::ev::{Event, MouseEvent, SubmitEvent};
use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;

use crate::actions::export::ExportTracking;
use crate::actions::hidden_fields::HiddenFields;
use crate::actions::location::{ListLocation, Panel, TAKE_PATH};
use domain::Lane;
use domain::actions::export::ExportFormat;
use domain::actions::query::Period;
use kit::form::{around, follow, sent};
use kit::handler::handler;
use kit::icon::Icon;

/// The delay between the last key and the search.
const SEARCH_DELAY: Duration = Duration::from_millis(200);

/// Works as forms and links before wasm is there.
#[component]
pub fn Toolbar(
    /// The list's location.
    location: Memo<ListLocation>,
) -> impl IntoView {
    let in_panel = |(name, _): &(&str, &str)| !matches!(*name, "q" | "period" | "similar");
    // What belongs to a tab is not made anew for each of its places.
    let lane = Memo::new(move |_| location.read().lane);
    let count = move || match location.read().filters().filter(in_panel).count() {
        0 => None,
        count => Some(view! { <span class="number">{count}</span> }.into_any()),
    };
    view! {
        <div class="toolbar">
            <Search location/>
            {panel_link(location, Panel::Filters, "filter", "Filters", count)}
            {move || (lane.get() == Lane::History).then(|| view! { <TimePeriod location/> }.into_any())}
            {move || {
                (lane.get() == Lane::Pending)
                    .then(|| panel_link(location, Panel::Similar, "group", "Group similar", || None))
            }}
            <div class="toolbar-end">
                <a class="button quiet" href=TAKE_PATH>
                    <Icon name="play"/>
                    <span class="toolbar-word">"Take action"</span>
                </a>
                {panel_link(location, Panel::Views, "bookmark", "Views", || None)}
                {panel_link(location, Panel::Columns, "columns", "Customize columns", || None)}
                {export_link(location)}
            </div>
        </div>
    }
    .into_any()
}

/// Downloads all that the list shows. Under Customize columns are the other formats.
fn export_link(location: Memo<ListLocation>) -> AnyView {
    let exporting = ExportTracking::current();
    view! {
        <a
            class="button quiet"
            href=move || location.read().export(ExportFormat::Csv)
            rel="external"
            on:click=handler(move |event: MouseEvent| exporting.begin(&event))
        >
            <Icon name="download"/>
            <span class="toolbar-word">"Export .csv"</span>
        </a>
    }
    .into_any()
}

/// Opens a panel, and closes it if it is open.
fn panel_link(
    location: Memo<ListLocation>,
    panel: Panel,
    icon: &'static str,
    word: &'static str,
    more: impl Fn() -> Option<AnyView> + Send + 'static,
) -> AnyView {
    let is_open = move || location.read().panel == Some(panel);
    let href = move || location.read().with_panel((!is_open()).then_some(panel)).href();
    view! {
        <a
            class="button quiet"
            id=format!("open-{}", panel.as_str())
            href=move || href()
            aria-expanded=move || is_open().to_string()
            role="button"
            data-noscroll
        >
            <Icon name=icon/>
            <span class="toolbar-word">{word}</span>
            {move || more()}
        </a>
    }
    .into_any()
}

#[component]
fn Search(location: Memo<ListLocation>) -> impl IntoView {
    let follow = follow();
    let mut go = {
        let follow = follow.clone();
        debounce(SEARCH_DELAY, move |form| follow(&form))
    };
    let search = Memo::new(move |_| location.read().value("q").unwrap_or_default().to_owned());
    view! {
        <form
            class="search"
            role="search"
            action=move || location.read().path()
            on:submit=handler(move |event: SubmitEvent| sent(&event).iter().for_each(&follow))
        >
            <HiddenFields location but=&["q"]/>
            <Icon name="search"/>
            <input
                type="search"
                name="q"
                id="search"
                maxlength="500"
                placeholder="Search entities, assets, ids"
                aria-label="Search entities, assets and ids"
                autocomplete="off"
                spellcheck="false"
                value=search.get_untracked()
                prop:value=search
                on:input=handler(move |event: Event| around(&event).into_iter().for_each(&mut go))
            />
        </form>
    }
    .into_any()
}

/// Rolling, on Action update time; a range of days stands in the filters.
#[component]
fn TimePeriod(location: Memo<ListLocation>) -> impl IntoView {
    let follow = follow();
    let submit = follow.clone();
    let is = move |word| location.read().value("period") == Some(word);
    let ranges = move || location.read().value("from").or(location.read().value("to")).is_some();
    let options = Period::ALL
        .iter()
        .map(|period| {
            let word = period.as_str();
            view! { <option value=word selected=move || is(word)>{period.label()}</option> }.into_any()
        })
        .collect_view();
    view! {
        <form
            class="period"
            action=move || location.read().path()
            on:submit=handler(move |event: SubmitEvent| sent(&event).iter().for_each(&submit))
            on:change=handler(move |event: Event| around(&event).iter().for_each(&follow))
        >
            <HiddenFields location but=&["period", "from", "to"]/>
            <select name="period" aria-label="Time period">
                <option value="" selected=move || !ranges() && location.read().value("period").is_none()>
                    "All time"
                </option>
                {options}
                {move || ranges().then(|| view! { <option value="" selected=true>"Custom range"</option> }.into_any())}
            </select>
            <button class="button no-wasm" type="submit">"Apply"</button>
        </form>
    }
    .into_any()
}
