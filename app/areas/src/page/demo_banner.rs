//! Says on every page of the demo estate that nothing here is real, and what is.

use crate::page::PageContext;
use kit::icon::Icon;
use leptos::prelude::*;

/// The banner of the demo estate; nothing elsewhere.
#[component]
pub fn DemoBanner() -> impl IntoView {
    let demo = use_context::<PageContext>().is_some_and(|around| around.demo);
    demo.then(|| {
        view! {
            <p class="demo-banner">
                <Icon name="info"/>
                <span>
                    <strong>"Demo estate: "</strong>
                    "devices, people and mail here are made up; actions are simulated, except on the host “this machine”."
                </span>
            </p>
        }
    })
}
