//! The row over the table: search, filters, time period or similar actions; at its end views, columns, density and export.

use std::time::Duration;

use leptos::ev::{Event, MouseEvent, SubmitEvent};
use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;

use crate::actions::export::Exporting;
use crate::actions::hidden_fields::Kept;
use crate::actions::place::{Panel, Place};
use domain::Lane;
use domain::actions::export::ExportFormat;
use domain::actions::query::Period;
use kit::form::{around, follow, sent};
use kit::handler::handler;
use kit::icon::Icon;

/// After the last key, a search waits so long for the next.
const TYPING: Duration = Duration::from_millis(200);

/// Works as forms and links before wasm is there.
#[component]
pub fn Toolbar(
    /// Where the person is.
    here: Memo<Place>,
) -> impl IntoView {
    let in_panel = |(name, _): &(&str, &str)| !matches!(*name, "q" | "period" | "similar");
    // What belongs to a tab is not made anew for each of its places.
    let lane = Memo::new(move |_| here.read().lane);
    let count = move || match here.read().filters().filter(in_panel).count() {
        0 => None,
        count => Some(view! { <span class="number">{count}</span> }.into_any()),
    };
    view! {
        <div class="toolbar">
            <Search here/>
            {panel_link(here, Panel::Filters, "filter", "Filters", count)}
            {move || (lane.get() == Lane::History).then(|| view! { <TimePeriod here/> }.into_any())}
            {move || {
                (lane.get() == Lane::Pending)
                    .then(|| panel_link(here, Panel::Similar, "group", "Group similar", || None))
            }}
            <div class="toolbar-end">
                {panel_link(here, Panel::Views, "bookmark", "Views", || None)}
                {panel_link(here, Panel::Columns, "columns", "Customize columns", || None)}
                {ExportFormat::on_page().map(|format| export_link(here, format)).collect_view()}
            </div>
        </div>
    }
    .into_any()
}

/// Downloads all that the list shows.
fn export_link(here: Memo<Place>, format: ExportFormat) -> AnyView {
    let exporting = Exporting::of_page();
    view! {
        <a
            class="button quiet"
            href=move || here.read().export(format)
            rel="external"
            on:click=handler(move |event: MouseEvent| exporting.begin(&event))
        >
            <Icon name="download"/>
            <span class="toolbar-word">{format!("Export .{format}")}</span>
        </a>
    }
    .into_any()
}

/// Opens a panel, and closes it if it is open.
fn panel_link(
    here: Memo<Place>,
    panel: Panel,
    icon: &'static str,
    word: &'static str,
    more: impl Fn() -> Option<AnyView> + Send + 'static,
) -> AnyView {
    let is_open = move || here.read().panel == Some(panel);
    let href = move || here.read().with_panel((!is_open()).then_some(panel)).href();
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
fn Search(here: Memo<Place>) -> impl IntoView {
    let follow = follow();
    let mut go = {
        let follow = follow.clone();
        debounce(TYPING, move |form| follow(&form))
    };
    let search = Memo::new(move |_| here.read().value("q").unwrap_or_default().to_owned());
    view! {
        <form
            class="search"
            role="search"
            action=move || here.read().path()
            on:submit=handler(move |event: SubmitEvent| sent(&event).iter().for_each(&follow))
        >
            <Kept here but=&["q"]/>
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
fn TimePeriod(here: Memo<Place>) -> impl IntoView {
    let follow = follow();
    let submit = follow.clone();
    let is = move |word| here.read().value("period") == Some(word);
    let ranges = move || here.read().value("from").or(here.read().value("to")).is_some();
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
            action=move || here.read().path()
            on:submit=handler(move |event: SubmitEvent| sent(&event).iter().for_each(&submit))
            on:change=handler(move |event: Event| around(&event).iter().for_each(&follow))
        >
            <Kept here but=&["period", "from", "to"]/>
            <select name="period" aria-label="Time period">
                <option value="" selected=move || !ranges() && here.read().value("period").is_none()>
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
