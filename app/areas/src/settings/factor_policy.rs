//! Who must have a second factor, and who has one.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::settings::form::{button, check, choices, confirm, form};
use crate::settings::sheet::{Sheet, loaded, part, table};
use api::{SaveFactorPolicy, load_factor_policy, load_roles};
use domain::Role;
use domain::access::contract::RolesView;
use domain::access::factors::FactorPolicy;

kit::page! {
    module: administration,
    function: factor_policy / preload_factor_policy,
    paths: ["/settings/second-factors"],
    view: view! { <Policy/> }.into_any(),
}

#[component]
fn Policy() -> impl IntoView {
    let sheet = Sheet::new();
    let policy = sheet.load(load_factor_policy);
    let roles = sheet.load(load_roles);
    let who = move || {
        let (policy, roles) = (policy.read()?, roles.read()?);
        let (Ok(policy), Ok(roles)) = (&*policy, &*roles) else { return None };
        Some(part("Who must have one", None, choose(sheet, &policy.policy, roles)))
    };
    let people = loaded(policy, |_, policy| {
        let rows = policy
            .people
            .iter()
            .map(|of| {
                let required = if of.required { "Yes" } else { "" };
                let has = if of.factors == 0 { "None".to_owned() } else { of.factors.to_string() };
                let href = format!("/settings/people/{}", of.person);
                let name = view! { <a href=href>{of.name.clone()}</a> };
                vec![name.into_any(), required.into_any(), has.into_any()]
            })
            .collect();
        part(
            "Who has one",
            None,
            table("Second factors", &["Person", "Must have one", "Has"], rows, "There is nobody."),
        )
    });
    sheet.page(
        "Second factors",
        "Who holds one of these must show a second factor at each sign-in, and once more before a change of what is \
         administered. Who has none is led to set one up, and may do nothing else until then.",
        view! {
            <Suspense>{move || who()}</Suspense>
            {people}
        }
        .into_any(),
    )
}

fn choose(sheet: Sheet, policy: &FactorPolicy, roles: &RolesView) -> AnyView {
    let of_roles = Role::ALL
        .iter()
        .map(|role| check("roles[]", role.to_string(), role.label().to_owned(), policy.roles.contains(role)))
        .collect();
    let of_groups = roles
        .role_groups
        .iter()
        .map(|of| {
            let label = format!("{} ({})", of.group.name, of.group.model.label());
            check("role_groups[]", of.group.id.to_string(), label, policy.role_groups.contains(&of.group.id))
        })
        .collect();
    let fields = view! {
        {choices("Directory roles and permissions", of_roles)}
        {choices("Role groups and custom roles", of_groups)}
        {confirm("Yes: who has none does nothing else from their next request on, until they set one up")}
        {button("Save who must have one", true)}
    };
    form(sheet, SaveFactorPolicy::PATH, "It counts from now on.", fields.into_any())
}
