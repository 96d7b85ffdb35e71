//! Previous and next page at the foot of a table.

use leptos::prelude::*;

use super::icon::Icon;

/// The links of a pager, and its summary.
#[derive(Debug, Default)]
pub struct Neighbours {
    /// The URL of the previous page, if there is one.
    pub previous: Option<String>,
    /// The URL of the next page, if there is one.
    pub next: Option<String>,
    /// The text about this page, such as its number of rows.
    pub summary: String,
}

/// Links to the previous and the next page. A missing one is rendered as text, so that the layout does not shift.
#[component]
pub fn Pager<Where>(
    /// The links and the summary.
    neighbours: Where,
    /// Controls beside the links.
    children: Children,
) -> impl IntoView
where
    Where: Fn() -> Neighbours + Send + 'static,
{
    let content = move || {
        let Neighbours { previous, next, summary } = neighbours();
        view! {
            {step(previous, "Previous", "prev", "left")}
            {step(next, "Next", "next", "right")}
            <span class="pager-rows">{summary}</span>
        }
        .into_any()
    };
    view! {
        <nav class="pager" aria-label="Pages">
            {move || content()}
            {children()}
        </nav>
    }
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
