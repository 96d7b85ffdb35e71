//! The tabs of the Action center.

use leptos::prelude::*;

use crate::actions::lane_count::LaneCount;
use crate::actions::location::ListLocation;
use domain::Lane;
use kit::tabs::{Tab, Tabs};

/// Pending, In progress, History. What is searched for is searched for in the next tab, too.
#[component]
pub fn LaneTabs(
    /// The list's location.
    location: Memo<ListLocation>,
) -> impl IntoView {
    let tab = |&lane: &Lane| Tab {
        label: lane.label(),
        href: Signal::derive(move || location.read().searching_in(lane).href()),
        current: Signal::derive(move || location.read().lane == lane),
        more: view! { <LaneCount lane/> }.into_any(),
    };
    view! { <Tabs label="Action center" tabs=Lane::ALL.iter().map(tab).collect()/> }
}
