//! The rows of the navigation pane, which the areas have.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use areas::AREAS;
use areas::area::{Area, NavigationRow};
use kit::icon::Icon;

/// All rows, each with the heading above it.
#[component]
pub(super) fn Navigation() -> impl IntoView {
    let rows = AREAS.into_iter().flat_map(Area::navigation).map(row).collect_view();
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

/// What it says of a row that is the page, or whose pages the page is one of.
fn current(root: &str, path: &str) -> Option<&'static str> {
    match path.strip_prefix(root)? {
        "" => Some("page"),
        below if below.starts_with('/') => Some("true"),
        _ => None,
    }
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
        ] {
            assert_eq!(current(root, path), says, "{root} {path}");
        }
    }
}
