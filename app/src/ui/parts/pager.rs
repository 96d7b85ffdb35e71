//! Previous and next page at the foot of the table.

use leptos::ev::{Event, SubmitEvent};
use leptos::prelude::*;

use super::icon::Icon;
use crate::ui::derived::Derived;
use crate::ui::form::{Kept, around, follow, sent};
use crate::ui::handler::handler;
use crate::ui::place::Place;
use domain::Lane;
use domain::actions::query::{LIMITS, Sort};

/// Where the neighbours are; none where there is none.
#[derive(Debug, Default)]
pub(in crate::ui) struct Neighbours {
    /// The URL of the page before.
    pub(in crate::ui) previous: Option<String>,
    /// The URL of the page after.
    pub(in crate::ui) next: Option<String>,
    /// Rows on this page.
    pub(in crate::ui) rows: usize,
}

/// Links; the missing one stays as text, so that nothing jumps.
#[component]
pub(in crate::ui) fn Pager<Where>(
    /// Where the person is.
    here: Memo<Place>,
    /// Rows that a page of this list may have.
    limit: Derived<u16>,
    /// Where they lead.
    neighbours: Where,
) -> impl IntoView
where
    Where: Fn() -> Neighbours + Send + 'static,
{
    let content = move || {
        let Neighbours { previous, next, rows } = neighbours();
        let rows = match rows {
            1 => "1 action on this page".to_owned(),
            rows => format!("{rows} actions on this page"),
        };
        let usual = here.read().lane == Lane::Pending && here.read().sort() == Sort::of(Lane::Pending);
        let order = usual.then_some(", most urgent first");
        view! {
            {step(previous, "Previous", "prev", "left")}
            {step(next, "Next", "next", "right")}
            <span class="pager-rows">{rows} {order}</span>
        }
        .into_any()
    };
    view! {
        <nav class="pager" aria-label="Pages">
            {move || content()}
            <PerPage here limit/>
        </nav>
    }
}

/// For this list; what a person wants for each, the columns' panel keeps.
#[component]
fn PerPage(here: Memo<Place>, limit: Derived<u16>) -> impl IntoView {
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
            action=move || here.read().path()
            on:submit=handler(move |event: SubmitEvent| sent(&event).iter().for_each(&submit))
            on:change=handler(move |event: Event| around(&event).iter().for_each(&follow))
        >
            <Kept here but=&["limit"]/>
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

fn step(href: Option<String>, name: &'static str, rel: &'static str, icon: &'static str) -> AnyView {
    match href {
        Some(href) => view! {
            <a class="button quiet" href=href rel=rel>
                <Icon name=icon/>
                {name}
            </a>
        }
        .into_any(),
        None => view! {
            <span class="button quiet off">
                <Icon name=icon/>
                {name}
            </span>
        }
        .into_any(),
    }
}
