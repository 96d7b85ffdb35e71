//! The first administrator sets name and password, by the link that the server printed: a plain form.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::access::sign_in::lone;

kit::page! {
    module: sign_in,
    function: first_administrator / preload_first_administrator,
    paths: ["/first-administrator"],
    framed: false,
    view: view! { <FirstAdministrator/> }.into_any(),
}

/// Name, name to show and password.
#[component]
fn FirstAdministrator() -> impl IntoView {
    let query = use_query_map();
    let key = query.with_untracked(|query| query.get("key")).unwrap_or_default();
    let problem = query.with_untracked(|query| query.get("error")).map(|code| sentence(&code));
    let body = view! {
        <p>"Nobody can sign in yet. Who fills this in becomes Global Administrator, and adds the others."</p>
        <form class="sign-in-form" method="post" action="/first-administrator">
            <input type="hidden" name="key" value=key/>
            <label class="field">
                <span class="field-label">"Name to sign in with"</span>
                <input type="text" name="name" autocomplete="username" autocapitalize="none" required/>
            </label>
            <label class="field">
                <span class="field-label">"Name to show"</span>
                <input type="text" name="display_name" autocomplete="name"/>
            </label>
            <label class="field">
                <span class="field-label">"Password, 12 characters or more"</span>
                <input type="password" name="password" autocomplete="new-password" minlength="12" required/>
            </label>
            <button class="button primary" type="submit">
                "Become the first administrator"
            </button>
        </form>
    };
    view! {
        <Title text="First administrator · Countersign"/>
        {lone("First administrator", problem, body.into_any())}
    }
}

/// The text of a code; anybody can write a URL, so no other text of it is shown.
fn sentence(code: &str) -> &'static str {
    match code {
        "key" => {
            "This link was used, is over, or is none of this server. While nobody can sign in, each start of \
             the server prints a new one."
        }
        "name" => "The name to sign in with must be 1 to 64 letters, digits or . _ - @, and nobody else's.",
        "display_name" => {
            "The name to show must be 1 to 100 visible characters, and look like nobody else's."
        }
        "password" => "The password must have 12 characters or more.",
        _ => "This did not work. Try again.",
    }
}
