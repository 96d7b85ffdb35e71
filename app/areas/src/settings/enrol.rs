//! For who must have a second factor and has none: setting one up, before anything else.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use crate::access::sign_in::lone;
use crate::settings::own_factors;
use crate::settings::sheet::Sheet;
use kit::notice::Notice;

kit::page! {
    module: settings,
    function: enrol / preload_enrol,
    paths: ["/second-factor"],
    framed: false,
    view: view! { <Enrol/> }.into_any(),
}

#[component]
fn Enrol() -> impl IntoView {
    let sheet = Sheet::new();
    let here = use_location();
    let on = move || format!("{}?{}", here.pathname.get(), here.search.get());
    let body = view! {
        <p>
            "A role that you hold asks for a second factor beside the password. Set one up, and you can go on; until then \
             nothing else can be done."
        </p>
        <Notice news=sheet.news/>
        {own_factors::codes(sheet)}
        {own_factors::own(sheet)}
        {move || (sheet.sent.get() > 0).then(|| view! { <p><a rel="external" href=on()>"Go on"</a></p> })}
        <form method="post" action="/sign-out">
            <button class="button" type="submit">
                "Sign out"
            </button>
        </form>
    };
    view! {
        <Title text="Set up a second factor · Countersign"/>
        {lone("Set up a second factor", None, body.into_any())}
    }
}
