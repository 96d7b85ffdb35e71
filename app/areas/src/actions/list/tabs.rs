//! The tabs of the Action center.

use leptos::prelude::*;

use crate::actions::lane_count::LaneCount;
use crate::actions::place::Place;
use domain::Lane;
use kit::tabs::{Tab, Tabs};

/// Pending, In progress, History.
#[component]
pub fn LaneTabs(
    /// Where the person is.
    here: Memo<Place>,
) -> impl IntoView {
    let tab = |&lane: &Lane| Tab {
        label: lane.label(),
        href: Place::of(lane).href(),
        current: Signal::derive(move || here.read().lane == lane),
        more: view! { <LaneCount lane/> }.into_any(),
    };
    view! { <Tabs label="Action center" tabs=Lane::ALL.iter().map(tab).collect()/> }
}
