//! The second step of a sign-in: a plain form that the server answers with a redirect.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::access::factor_fields::factor_fields;
use crate::access::sign_in::{lone, own_path};
use api::{BeginSecondStep, Load, load_second_step};

kit::page! {
    module: sign_in,
    function: second_step / preload_second_step,
    paths: ["/sign-in/second-step"],
    framed: false,
    view: view! { <SecondStep/> }.into_any(),
}

/// A code, or a passkey.
#[component]
fn SecondStep() -> impl IntoView {
    let query = use_query_map();
    let next = query.with_untracked(|query| own_path(query.get("next")));
    let problem = query.with_untracked(|query| query.get("error")).map(|_| WRONG);
    let body = view! {
        <p>"The password is right. Show your second factor, too."</p>
        <SecondStepForm next/>
        <p>
            <a href="/sign-in">"Begin anew"</a>
        </p>
    };
    view! {
        <Title text="Second factor · Countersign"/>
        {lone("Second factor", problem, body.into_any())}
    }
}

/// What is said of a code or a passkey that was not taken.
pub(crate) const WRONG: &str = "That was wrong, or was used before, or there were too many tries. Wait for the next code, then try again.";

/// The form of the second step.
#[component]
pub(crate) fn SecondStepForm(
    /// The path to which it leads.
    next: String,
) -> impl IntoView {
    let asks = Load::new(|| (), |()| load_second_step());
    let fields = move || {
        let asks = asks.read()?;
        // Whoever came too late is told so by the answer to the form.
        let passkey = asks.as_ref().as_ref().is_ok_and(|asks| asks.passkey);
        Some(factor_fields(passkey.then_some(BeginSecondStep::PATH)))
    };
    view! {
        <form class="sign-in-form" method="post" action="/sign-in/second-step">
            <input type="hidden" name="next" value=next/>
            <Suspense>{move || fields()}</Suspense>
            <button class="button primary" type="submit">
                "Go on"
            </button>
        </form>
    }
}
