//! Previous and next page at the foot of the table.

use leptos::either::Either;
use leptos::prelude::*;

use super::icon::Icon;

/// Where the neighbours are; none where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
pub(in crate::ui) fn Pager(
    /// Where they lead.
    neighbours: Memo<Neighbours>,
) -> impl IntoView {
    let step = |href: Option<String>, name: &'static str, rel: &'static str, icon: &'static str| match href {
        Some(href) => Either::Left(view! {
            <a class="button quiet" href=href rel=rel>
                <Icon name=icon/>
                {name}
            </a>
        }),
        None => Either::Right(view! {
            <span class="button quiet off">
                <Icon name=icon/>
                {name}
            </span>
        }),
    };
    let rows = move || match neighbours.read().rows {
        1 => "1 action on this page".to_owned(),
        rows => format!("{rows} actions on this page"),
    };
    view! {
        <nav class="pager" aria-label="Pages">
            <span class="pager-rows">{rows}</span>
            {move || step(neighbours.get().previous, "Previous", "prev", "left")}
            {move || step(neighbours.get().next, "Next", "next", "right")}
        </nav>
    }
}
