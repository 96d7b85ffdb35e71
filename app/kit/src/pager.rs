//! Previous and next page at the foot of a table.

use leptos::prelude::*;

use super::icon::Icon;

/// Where the neighbours are; none where there is none.
#[derive(Debug, Default)]
pub struct Neighbours {
    /// The URL of the page before.
    pub previous: Option<String>,
    /// The URL of the page after.
    pub next: Option<String>,
    /// What is said of this page.
    pub summary: String,
}

/// Links; the missing one stays as text, so that nothing jumps.
#[component]
pub fn Pager<Where>(
    /// Where they lead.
    neighbours: Where,
    /// What stands beside them.
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
