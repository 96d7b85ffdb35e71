//! Everybody who can sign in, and the form that adds one more.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::investigations::records::{link, text as text_cell, time};
use crate::settings::admin_list::admin_list;
use crate::settings::form::{button, check, choices, form, opened, text};
use crate::settings::sheet::{Sheet, part};
use api::AddPerson;
use domain::Role;
use domain::access::lists::{AdminList, AdminRows, PersonSummary};

kit::page! {
    module: administration,
    function: people / preload_people,
    paths: ["/settings/people"],
    view: view! { <People/> }.into_any(),
}

/// The page of people.
#[component]
fn People() -> impl IntoView {
    let sheet = Sheet::new();
    let rows = |rows: &AdminRows| match rows {
        AdminRows::People(people) => people.iter().map(row).collect(),
        _ => Vec::new(),
    };
    let list = admin_list(sheet, AdminList::People, rows, &[], "Nobody can sign in yet.");
    sheet.page(
        "People",
        "Who can sign in, what they hold, and when they were here last. What is changed counts from the next request on.",
        view! { {list} {opened("Add a person".to_owned(), add(sheet))} }.into_any(),
    )
}

/// The cells of a person, in the order of the columns as the server names them (`Column::of_list`).
fn row(person: &PersonSummary) -> Vec<AnyView> {
    let href = format!("/settings/people/{}", person.id);
    let can: Vec<_> = person.can.iter().map(|permission| permission.label()).collect();
    let can = if can.is_empty() { "Nothing".to_owned() } else { can.join(", ") };
    let last = person.last_sign_in_at.map_or_else(|| "Never".into_any(), time);
    vec![
        link(href, person.display_name.clone()),
        text_cell(person.name.clone()),
        person.state.label().into_any(),
        can.into_any(),
        last,
        time(person.created_at),
        person.sessions.to_string().into_any(),
        person.tokens.to_string().into_any(),
    ]
}

fn add(sheet: Sheet) -> AnyView {
    let roles = Role::ALL
        .iter()
        .map(|role| check("roles[]", role.to_string(), role.label().to_owned(), false))
        .collect();
    let fields = view! {
        {text("Name to sign in with", "name", String::new(), true)}
        {text("Name to show", "display_name", String::new(), false)}
        <label class="field">
            <span class="field-label">"First password, 12 characters or more; none for an identity provider"</span>
            <input type="password" name="password" autocomplete="new-password"/>
        </label>
        {choices("Holds", roles)}
        {button("Add", true)}
    };
    part("Add a person", None, form(sheet, AddPerson::PATH, "The person was added.", fields.into_any()))
}
