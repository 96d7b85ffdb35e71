//! The sessions of everybody.

use leptos::prelude::*;

use crate::investigations::records::{optional, time};
use crate::settings::admin_list::admin_list;
use crate::settings::credential_table::end;
use crate::settings::sheet::Sheet;
use domain::access::contract::CredentialView;
use domain::access::lists::{AdminList, AdminRows};

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
    let rows = move |rows: &AdminRows| match rows {
        AdminRows::Sessions(all) => all.iter().map(|of| row(sheet, of)).collect(),
        _ => Vec::new(),
    };
    let list = admin_list(sheet, AdminList::Sessions, rows, &["End"], "No session is open.");
    sheet.page(
        "Sessions",
        "Who is signed in. A session ends after a while without use, and after some hours at the latest; here it ends at once.",
        list,
    )
}

/// The cells of a session, in the order of the columns as the server names them (`Column::of_list`), and how it is ended.
fn row(sheet: Sheet, of: &CredentialView) -> Vec<AnyView> {
    let this = of.current.then(|| view! { <p>"This session"</p> });
    vec![
        optional(of.owner_name.clone()),
        time(of.created_at),
        time(of.last_used_at),
        time(of.expires_at),
        view! { {this} {end(sheet, of)} }.into_any(),
    ]
}
