//! Showing a second factor once more, for forms that were sent without scripts.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_query_map;

use crate::access::factor_fields::factor_fields;
use crate::settings::sheet::Sheet;
use api::{BeginStepUp, StepUp};
use domain::core::path::is_own_path;

const LEAD: &str = "Show your second factor once more; it counts for five minutes.";

kit::page! {
    module: settings,
    function: step_up / preload_step_up,
    paths: ["/settings/step-up"],
    view: view! { <StepUpPage/> }.into_any(),
}

/// The page, which leads back to where the form stands.
#[component]
fn StepUpPage() -> impl IntoView {
    let sheet = Sheet::new();
    let back = use_query_map().with_untracked(|query| query.get("back")).filter(|back| is_own_path(back));
    let back = back.unwrap_or_else(|| "/settings".to_owned());
    let body = view! {
        <p>"Then send what you were about to change again."</p>
        <form class="settings-form" method="post" action=StepUp::PATH>
            <input type="hidden" name="back" value=back/>
            {factor_fields(Some(BeginStepUp::PATH))}
            <button class="button primary" type="submit">
                "Go on"
            </button>
        </form>
    };
    sheet.page("Second factor", LEAD, body.into_any())
}
