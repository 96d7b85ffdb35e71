//! The rows of the navigation pane, which the pages of the areas have.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use areas::navigation;
use kit::icon::Icon;
use kit::navigation::NavigationRow;

/// All rows, each with the heading above it.
#[component]
pub(super) fn Navigation() -> impl IntoView {
    let rows = navigation().map(row).collect_view();
    view! {
        <nav class="pane-nav" aria-label="Main">
            {rows}
        </nav>
    }
}

fn row(row: &'static NavigationRow) -> AnyView {
    let NavigationRow { section, label, icon, root, href, more } = *row;
    let href = href.map_or_else(|| Signal::stored(root.to_owned()), |href| href());
    let path = use_location().pathname;
    view! {
        {section.map(|section| view! { <p class="pane-section">{section}</p> })}
        <a class="pane-link" href=move || href.get() aria-current=move || current(root, &path.read()) title=label>
            <Icon name=icon/>
            <span class="pane-word">{label}</span>
            {more.map(|more| more())}
        </a>
    }
    .into_any()
}

/// What it says of a row that is the page, or whose pages the page is one of, unless a row of its own has them.
fn current(root: &str, path: &str) -> Option<&'static str> {
    let has = |root: &str| path.strip_prefix(root).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let rest = has(root)?;
    if navigation().any(|row| row.root.len() > root.len() && has(row.root).is_some()) {
        return None;
    }
    Some(if rest.is_empty() { "page" } else { "true" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_current_where_its_pages_are() {
        for (root, path, says) in [
            ("/", "/", Some("page")),
            ("/", "/action-center/pending", None),
            ("/action-center", "/action-center/plans/1", Some("true")),
            ("/action-center", "/action-centers", None),
            ("/action-center", "/", None),
            ("/settings", "/settings/people", Some("true")),
            ("/settings", "/settings/executors/one", None),
            ("/settings/executors", "/settings/executors/one", Some("true")),
        ] {
            assert_eq!(current(root, path), says, "{root} {path}");
        }
    }
}
