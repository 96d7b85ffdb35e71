//! Everybody who can sign in, and the form that adds one more.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::settings::form::{button, check, choices, form, opened, text};
use crate::settings::sheet::{Sheet, loaded, part, table};
use api::{AddPerson, load_people};
use domain::Role;
use domain::access::contract::PersonView;
use kit::time::full;

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
    let people = sheet.load(load_people);
    let list = loaded(people, |_, people| {
        let rows = people.iter().map(row).collect();
        let headings = &["Name", "Signs in as", "State", "Can", "Last sign-in", "Sessions", "Tokens"];
        table("People", headings, rows, "Nobody can sign in yet.")
    });
    sheet.page(
        "People",
        "Who can sign in, what they hold, and when they were here last. What is changed counts from the next request on.",
        view! { {list} {opened("Add a person".to_owned(), add(sheet))} }.into_any(),
    )
}

fn row(person: &PersonView) -> Vec<AnyView> {
    let href = format!("/settings/people/{}", person.id);
    let can: Vec<_> = person.permissions.iter().map(|held| held.permission.label()).collect();
    let can = if can.is_empty() { "Nothing".to_owned() } else { can.join(", ") };
    let last = person.last_sign_in_at.map_or("Never".to_owned(), full);
    vec![
        view! { <a href=href>{person.display_name.clone()}</a> }.into_any(),
        person.name.clone().into_any(),
        if person.enabled { "Enabled" } else { "Disabled" }.into_any(),
        can.into_any(),
        last.into_any(),
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
