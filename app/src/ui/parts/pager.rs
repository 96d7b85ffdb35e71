//! Previous and next page at the foot of the table.

use leptos::either::Either;
use leptos::prelude::*;

use super::icon::Icon;

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
        view! {
            <span class="pager-rows">{rows}</span>
            {step(previous, "Previous", "prev", "left")}
            {step(next, "Next", "next", "right")}
        }
    };
    view! {
        <nav class="pager" aria-label="Pages">
            {content}
        </nav>
    }
}

fn step(
    href: Option<String>,
    name: &'static str,
    rel: &'static str,
    icon: &'static str,
) -> impl IntoView + use<> {
    match href {
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
    }
}
