//! What stands in place of a tab without rows.

use leptos::prelude::*;

use crate::actions::location::ListLocation;
use domain::Lane;
use domain::core::text::format_count;
use kit::empty_state::EmptyState;

/// How an address restricts the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Narrowed {
    /// By a text.
    Search,
    /// By values of its fields.
    Filters,
    /// By both.
    Both,
}

/// The placeholder of a tab without rows.
#[component]
pub fn EmptyLane(
    /// The tab.
    lane: Lane,
    /// How the address restricts the rows, if it does.
    narrowed: Option<Narrowed>,
    /// How many rows the search finds in the other tabs, once that is known.
    #[prop(into)]
    elsewhere: Signal<Vec<FoundElsewhere>>,
) -> impl IntoView {
    let (icon, title, text, link, to) = match lane {
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
        <EmptyState icon title text link href=ListLocation::new(to).href()/>
        <p class="found-elsewhere" role="status">
            {move || found(&elsewhere.read())}
        </p>
    }
}

/// The search in another tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundElsewhere {
    /// The tab with the search.
    pub location: ListLocation,
    /// How many rows match there.
    pub matches: u64,
    /// Whether they are more.
    pub more: bool,
}

/// Where the search finds something, as links.
fn found(elsewhere: &[FoundElsewhere]) -> Option<AnyView> {
    let links: Vec<_> = elsewhere
        .iter()
        .filter(|found| found.matches > 0)
        .map(|found| {
            let more = if found.more { "+" } else { "" };
            let text = format!("{}{more} in {}", format_count(found.matches), found.location.lane.label());
            view! { ", " <a href=found.location.href()>{text}</a> }.into_any()
        })
        .collect();
    (!links.is_empty()).then(|| view! { "0 here" {links} }.into_any())
}
