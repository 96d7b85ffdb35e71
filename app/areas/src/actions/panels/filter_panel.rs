//! The filters with how many rows each value has. Each change leads to the list that it asks for, at once; without
//! wasm a button does.

use std::sync::Arc;

use leptos::ev::{Event, SubmitEvent};
use leptos::prelude::*;

use crate::actions::hidden_fields::HiddenFields;
use crate::actions::location::ListLocation;
use domain::Severity;
use domain::actions::query::{Counts, Facet, FacetCounts, Filter, field_label, value_label};
use domain::core::text::format_count;
use kit::derived::Derived;
use kit::form::{around, follow, sent};
use kit::handler::handler;
use kit::visible_text::VisibleText;

/// The number of values of a facet that are not collapsed.
const COLLAPSED_VALUES: usize = 6;

/// The last counts.
pub type Counted = Derived<Option<Counts>>;

/// The form of a tab. Its values stay as they were first found, so that nothing moves under the pointer; their counts
/// follow each answer.
#[component]
pub fn FilterForm(
    /// The list's location.
    location: Memo<ListLocation>,
    /// The counts of the list.
    counted: Counted,
) -> impl IntoView {
    let follow = follow();
    let submit = follow.clone();
    let first_location = location.get_untracked();
    let first = counted.get_untracked();
    let fields = Facet::of_lane(first_location.lane)
        .iter()
        .filter_map(|facet| {
            first.iter().flat_map(|first| &first.facets).find(|counts| counts.facet == *facet)
        })
        .filter_map(|counts| fieldset(counts, location, counted))
        .collect_view();
    view! {
        <form
            class="filter-form"
            action=first_location.path()
            on:submit=handler(move |event: SubmitEvent| sent(&event).iter().for_each(&submit))
            on:change=handler(move |event: Event| around(&event).iter().for_each(&follow))
        >
            <HiddenFields location but=Filter::IN_PANEL/>
            {fields}
            <fieldset class="facet">
                <legend>"Time and ids"</legend>
                {text(location, "from", "date")}
                {text(location, "to", "date")}
                {text(location, "investigation", "text")}
                {text(location, "approval", "text")}
            </fieldset>
            <button class="button no-wasm" type="submit">
                "Apply"
            </button>
        </form>
    }
    .into_any()
}

fn text(location: Memo<ListLocation>, name: &'static str, kind: &'static str) -> AnyView {
    // A date field takes no time of day.
    let (most, hint) = if kind == "date" { (10, " (day in your time zone)") } else { (usize::MAX, "") };
    let value = move || {
        location
            .read()
            .value(name)
            .map(|value| value.chars().take(most).collect::<String>())
            .unwrap_or_default()
    };
    view! {
        <label class="field">
            <span class="field-label">{[field_label(name), hint].concat()}</span>
            <input
                type=kind
                name=name
                maxlength="500"
                autocomplete="off"
                value=value()
                prop:value=move || value()
            />
        </label>
    }
    .into_any()
}

/// The values that are chosen come first: they must stay in reach even if nothing has them any more.
fn fieldset(counts: &FacetCounts, location: Memo<ListLocation>, counted: Counted) -> Option<AnyView> {
    let (facet, first_location) = (counts.facet, location.read_untracked());
    let name = facet.as_str();
    let chosen =
        first_location.filters().filter(|(field, _)| *field == name).map(|(_, value)| value.to_owned());
    let mut values: Vec<String> = chosen.collect();
    let most = values.len().max(COLLAPSED_VALUES);
    values.extend(
        counts.values.iter().map(|of| of.value.clone()).filter(|value| !first_location.has(name, value)),
    );
    if values.is_empty() {
        return None;
    }
    if facet == Facet::Severity {
        // How bad it is says more than how frequent.
        values.sort_by_key(|value| value.parse::<Severity>().ok());
    }
    let rest = values.split_off(most.min(values.len()));
    let items = |values: Vec<String>| {
        values.into_iter().map(|value| item(facet, value, location, counted)).collect_view()
    };
    let more = (!rest.is_empty()).then(|| {
        view! {
            <details class="facet-more">
                <summary>{format!("{} more", rest.len())}</summary>
                {items(rest)}
            </details>
        }
    });
    Some(
        view! {
            <fieldset class="facet">
                <legend>{facet.label()}</legend>
                {items(values)}
                {more}
            </fieldset>
        }
        .into_any(),
    )
}

fn item(facet: Facet, value: String, location: Memo<ListLocation>, counted: Counted) -> AnyView {
    let name = facet.as_str();
    let text = value_label(name, &value).to_owned();
    let (of, same): (Arc<str>, Arc<str>) = (value.as_str().into(), value.as_str().into());
    let checked = move || location.read().has(name, &of);
    let count = move || count(counted.read().as_ref(), facet, &same).map(format_count);
    let checked_first = checked();
    view! {
        <label class="facet-value">
            <input type="checkbox" name=name value=value checked=checked_first prop:checked=move || checked()/>
            <span class="facet-word">
                <VisibleText text/>
            </span>
            <span class="facet-count">{move || count()}</span>
        </label>
    }
    .into_any()
}

/// None if it was not counted.
fn count(counts: Option<&Counts>, facet: Facet, value: &str) -> Option<u64> {
    let counts = counts?;
    let facet = counts.facets.iter().find(|counts| counts.facet == facet);
    match facet.and_then(|facet| facet.values.iter().find(|known| known.value == value)) {
        Some(known) => known.count,
        None => (!counts.more).then_some(0),
    }
}
