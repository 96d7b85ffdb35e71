//! The sessions of everybody.

use leptos::prelude::*;

use crate::settings::credential_table;
use crate::settings::sheet::{Sheet, loaded};
use api::load_credentials;
use domain::access::contract::CredentialSort;

kit::page! {
    module: administration,
    function: sessions / preload_sessions,
    paths: ["/settings/sessions"],
    view: view! { <Sessions/> }.into_any(),
}

/// The page of sessions.
#[component]
fn Sessions() -> impl IntoView {
    let sheet = Sheet::new();
    let sessions = sheet.load(|| load_credentials(CredentialSort::Session, false));
    let list = loaded(sessions, move |_, sessions| credential_table::sessions(sheet, sessions));
    sheet.page(
        "Sessions",
        "Who is signed in. A session ends after a while without use, and after some hours at the latest; here it ends at once.",
        list,
    )
}
