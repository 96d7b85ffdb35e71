//! How many actions a tab has, beside its name.

use leptos::prelude::*;

use crate::live::stream::Live;
use domain::Lane;
use domain::core::text::format_count;

/// The number of actions of a tab; nothing for History, which only grows.
#[component]
pub(crate) fn LaneCount(
    /// The tab.
    lane: Lane,
) -> impl IntoView {
    let counts = Live::current().counts;
    let text = move || {
        let counts = counts.get()?;
        match lane {
            // The space is for who hears both words as one.
            Lane::Pending => Some(format!(" {}", format_count(counts.pending))),
            Lane::InProgress => Some(format!(" {}", format_count(counts.in_progress))),
            Lane::History => None,
        }
    };
    (lane != Lane::History).then(|| view! { <span class="lane-count">{move || text()}</span> }).into_any()
}
