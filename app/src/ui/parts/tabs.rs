//! The tabs of the Action center: links, so that they work everywhere and can be opened aside.

use leptos::prelude::*;

use super::lane_count::LaneCount;
use crate::ui::place::Place;
use domain::Lane;

/// Pending, In progress, History.
#[component]
pub(in crate::ui) fn Tabs(
    /// Where the person is.
    here: Memo<Place>,
) -> impl IntoView {
    let tabs = Lane::ALL
        .iter()
        .map(|&lane| {
            view! {
                <li>
                    <a
                        class="tab"
                        href=Place::of(lane).href()
                        aria-current=move || (here.read().lane == lane).then_some("page")
                    >
                        {lane.label()}
                        <LaneCount lane/>
                    </a>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <nav class="tabs" aria-label="Action center">
            <ul>{tabs}</ul>
        </nav>
    }
}
