//! Who can decide an action, and who can't and why.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::settings::form::{button, text};
use crate::settings::sheet::{Sheet, loaded, table};
use api::{ApiError, load_who_can};
use domain::access::contract::DeciderAnswer;
use domain::{ActionId, ErrorCode};

kit::page! {
    module: administration,
    function: deciders / preload_deciders,
    paths: ["/settings/deciders"],
    view: view! { <Deciders/> }.into_any(),
}

/// The page of who can decide.
#[component]
fn Deciders() -> impl IntoView {
    let sheet = Sheet::new();
    let asked = use_location().query.with_untracked(|query| query.get("action"));
    let answer = asked.clone().map(|action| {
        let answers = sheet.load(move || {
            let id = action.trim().parse::<ActionId>();
            async move {
                let id = id.map_err(|_| {
                    let detail = "That is no id of an action.".to_owned();
                    ApiError { code: ErrorCode::NotFound, detail }
                })?;
                load_who_can(id).await
            }
        });
        loaded(answers, |_, answers| {
            let rows = answers.iter().map(row).collect();
            table("Who can decide", &["Person", "Can decide", "Why not"], rows, "Nobody is here yet.")
        })
    });
    sheet.page(
        "Who can decide",
        "Enter the id of an action: its details show it, and its address ends with it.",
        view! {
            <form class="settings-form" method="get" action="/settings/deciders">
                {text("Action", "action", asked.unwrap_or_default(), true)}
                {button("Ask", true)}
            </form>
            {answer}
        }
        .into_any(),
    )
}

fn row(answer: &DeciderAnswer) -> Vec<AnyView> {
    let href = format!("/settings/people/{}", answer.person);
    vec![
        view! { <a href=href>{answer.name.clone()}</a> }.into_any(),
        if answer.can { "Yes" } else { "No" }.into_any(),
        answer.why_not.clone().unwrap_or_default().into_any(),
    ]
}
