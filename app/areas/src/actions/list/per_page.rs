//! How many rows a page of the list has, beside its pager.

use leptos::ev::{Event, SubmitEvent};
use leptos::prelude::*;

use crate::actions::hidden_fields::HiddenFields;
use crate::actions::location::ListLocation;
use domain::Lane;
use domain::actions::query::{LIMITS, Sort};
use kit::derived::Derived;
use kit::form::{around, follow, sent};
use kit::handler::handler;

/// The pager's text for a page with this number of rows.
#[must_use]
pub fn summary(location: &ListLocation, rows: usize) -> String {
    let usual = location.lane == Lane::Pending && location.sort() == Sort::of(Lane::Pending);
    let order = if usual { ", most urgent first" } else { "" };
    match rows {
        1 => format!("1 action on this page{order}"),
        rows => format!("{rows} actions on this page{order}"),
    }
}

/// For this list; what a person wants for each, the columns' panel keeps.
#[component]
pub fn PerPage(
    /// The list's location.
    location: Memo<ListLocation>,
    /// The maximum number of rows of a page.
    limit: Derived<u16>,
) -> impl IntoView {
    let follow = follow();
    let submit = follow.clone();
    let options = LIMITS
        .iter()
        .map(|&size| {
            view! {
                <option value=size.to_string() selected=move || limit.get() == size>
                    {size}
                </option>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <form
            class="per-page"
            action=move || location.read().path()
            on:submit=handler(move |event: SubmitEvent| sent(&event).iter().for_each(&submit))
            on:change=handler(move |event: Event| around(&event).iter().for_each(&follow))
        >
            <HiddenFields location but=&["limit"]/>
            <label>
                "Per page "
                <select name="limit">{options}</select>
            </label>
            <button class="button no-wasm" type="submit">
                "Apply"
            </button>
        </form>
    }
    .into_any()
}
