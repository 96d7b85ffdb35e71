//! What stands in place of a table without rows: what would be here, and how it comes here.

use leptos::prelude::*;

use super::icon::Icon;
use crate::ui::place::Place;
use domain::Lane;

/// By what an address rules rows out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Narrowed {
    Search,
    Filters,
    Both,
}

/// The empty tab.
#[component]
pub(in crate::ui) fn EmptyState(
    /// Which tab.
    lane: Lane,
    /// By what the address asks for some of its rows only.
    narrowed: Option<Narrowed>,
) -> impl IntoView {
    let (icon, title, text, way, to) = match lane {
        lane if narrowed.is_some() => {
            let text = match narrowed {
                Some(Narrowed::Search) => "No action on this tab matches the search.",
                Some(Narrowed::Filters) => "No action on this tab matches the filters.",
                _ => "No action on this tab matches the search and the filters.",
            };
            ("search", "Nothing matches", text, "Show all of this tab", lane)
        }
        Lane::Pending => (
            "check",
            "Nothing waits for a decision",
            "Actions that tools and investigations propose appear here until someone approves or rejects them.",
            "See what was done",
            Lane::History,
        ),
        Lane::InProgress => (
            "play",
            "Nothing is being carried out",
            "Approved actions stay here until their executor reports how they ended. One whose end is unknown \
             stays until a person has looked.",
            "See what waits for a decision",
            Lane::Pending,
        ),
        Lane::History => (
            "clock",
            "Nothing has been decided yet",
            "Every action that was approved, rejected, expired or taken is recorded here, with who decided and \
             how it ended.",
            "See what waits for a decision",
            Lane::Pending,
        ),
    };
    view! {
        <div class="empty-state">
            <Icon name=icon/>
            <h2>{title}</h2>
            <p>{text}</p>
            <a class="button" href=Place::of(to).href()>
                {way}
            </a>
        </div>
    }
}
