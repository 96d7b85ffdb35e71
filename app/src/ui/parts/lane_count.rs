//! How many actions a tab has, beside its name.

use leptos::prelude::*;

use crate::ui::number::grouped;
use crate::ui::stream::Live;
use domain::Lane;

/// Nothing for History, which only grows.
#[component]
pub(super) fn LaneCount(
    /// The tab.
    lane: Lane,
) -> impl IntoView {
    let counts = Live::of_page().counts;
    let text = move || {
        let counts = counts.get()?;
        match lane {
            // The space is for who hears both words as one.
            Lane::Pending => Some(format!(" {}", grouped(counts.pending))),
            Lane::InProgress => Some(format!(" {}", grouped(counts.in_progress))),
            Lane::History => None,
        }
    };
    (lane != Lane::History).then(|| view! { <span class="lane-count">{move || text()}</span> }).into_any()
}
