//! One person: what they hold, what it amounts to and what is missing, and what keeps them out.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use crate::settings::form::{button, check, choices, confirm, form, text};
use crate::settings::links::links;
use crate::settings::person_answer::answered;
use crate::settings::sheet::{Sheet, loaded, part};
use api::{
    ApiError, EnablePerson, GiveRoles, RenamePerson, ResetFactors, ResetPassword, load_device_groups,
    load_identities, load_person, load_person_factors, load_roles, load_what_can,
};
use domain::access::contract::{DeviceGroupView, PersonView, RolesView};
use domain::access::factors::FactorsView;
use domain::identity::contract::LinkedIdentity;
use domain::{DeviceGroupId, ErrorCode, Role, UserId};
use kit::time::full;

kit::page! {
    module: administration,
    function: person / preload_person,
    paths: ["/settings/people/:id"],
    view: view! { <Person/> }.into_any(),
}

/// The page of a person.
#[component]
fn Person() -> impl IntoView {
    let sheet = Sheet::new();
    let id = use_params_map().read_untracked().get("id").and_then(|id| id.parse::<UserId>().ok());
    let of = move || id.ok_or_else(none);
    let person = sheet.load(move || async move { load_person(of()?).await });
    let factors = sheet.load(move || async move { load_person_factors(of()?).await });
    let answer = sheet.load(move || async move { load_what_can(Some(of()?)).await });
    let roles = sheet.load(load_roles);
    let groups = sheet.load(load_device_groups);
    let head = loaded(person, |_, person| {
        let state = if person.enabled { "may sign in" } else { "is kept out" };
        let last = person
            .last_sign_in_at
            .map_or("never signed in".to_owned(), |at| format!("was here last {}", full(at)));
        let text = format!(
            "{} signs in as {}, {state}, {last}; {} sessions and {} tokens are open.",
            person.display_name, person.name, person.sessions, person.tokens
        );
        view! { <p class="settings-lead">{text}</p> }.into_any()
    });
    let can = loaded(answer, |_, answer| part("What this person can do", None, answered(answer)));
    let holds = move || {
        let (person, roles, groups) = (person.read()?, roles.read()?, groups.read()?);
        let (Ok(person), Ok(roles), Ok(groups)) = (&*person, &*roles, &*groups) else { return None };
        Some(part("What this person holds", None, give(sheet, person, roles, groups)))
    };
    let rest = loaded(person, move |_, person| doors(sheet, person));
    let identities = sheet.load(move || async move { load_identities(Some(of()?)).await });
    let identities = loaded(identities, move |_, all: &Vec<LinkedIdentity>| links(sheet, id, all));
    let factors = loaded(factors, move |_, factors| reset(sheet, id, factors));
    sheet.page(
        "Person",
        "What somebody holds, what it amounts to, and for the rest what is missing and who has it.",
        view! {
            {head}
            {can}
            <Suspense>{move || holds()}</Suspense>
            {rest}
            {factors}
            {identities}
        }
        .into_any(),
    )
}

fn none() -> ApiError {
    ApiError { code: ErrorCode::NotFound, detail: ErrorCode::NotFound.label().to_owned() }
}

/// Boxes of device groups.
fn boxes(
    name: &'static str,
    groups: &[DeviceGroupView],
    chosen: Option<&BTreeSet<DeviceGroupId>>,
) -> Vec<AnyView> {
    groups
        .iter()
        .map(|of| {
            let checked = chosen.is_some_and(|chosen| chosen.contains(&of.group.id));
            check(name, of.group.id.to_string(), of.group.name.clone(), checked)
        })
        .collect()
}

fn give(sheet: Sheet, person: &PersonView, roles: &RolesView, groups: &[DeviceGroupView]) -> AnyView {
    let held = &person.assignments;
    let has = |role: Role| held.roles.iter().find(|grant| grant.role == role);
    let of_roles = Role::ALL
        .iter()
        .map(|role| check("roles[]", role.to_string(), role.label().to_owned(), has(*role).is_some()))
        .collect();
    let of_groups = roles
        .role_groups
        .iter()
        .map(|of| {
            let checked = held.role_groups.iter().any(|grant| grant.role_group == of.group.id);
            let note = of.note.as_ref().map(|note| format!(". {note}.")).unwrap_or_default();
            let label = format!("{} ({}){note}", of.group.name, of.group.model.label());
            check("role_groups[]", of.group.id.to_string(), label, checked)
        })
        .collect();
    let remediation = has(Role::ActiveRemediationActions).and_then(|grant| grant.device_groups.as_ref());
    let fields = view! {
        <input type="hidden" name="id" value=person.id.to_string()/>
        {choices("Directory roles and permissions", of_roles)}
        {choices(
            "Active remediation actions count in these device groups; in all where none is checked",
            boxes("remediation_groups[]", groups, remediation),
        )}
        {choices("Role groups and custom roles", of_groups)}
        {choices("Sees and decides in these device groups only, whatever else is held; in all where none is checked", boxes("only_groups[]", groups, held.device_groups.as_ref()))}
        {confirm("Yes: this counts from the person's next request on")}
        {button("Save what they hold", true)}
    };
    form(sheet, GiveRoles::PATH, "What the person holds was saved.", fields.into_any())
}

/// Second factors, and taking them away.
fn reset(sheet: Sheet, id: Option<UserId>, factors: &FactorsView) -> AnyView {
    let required = if factors.required { " Something that they hold asks for one." } else { "" };
    let text = match factors.factors.len() {
        0 => format!("There is none.{required}"),
        count => format!("{count} set up, {} recovery codes left.{required}", factors.recovery_codes),
    };
    let id = id.map(|id| id.to_string());
    let fields = view! {
        <input type="hidden" name="id" value=id/>
        {confirm("Yes: it ends their sessions and tokens, and they sign in with the password alone")}
        {button("Take all second factors away", false)}
    };
    let form = (!factors.factors.is_empty())
        .then(|| form(sheet, ResetFactors::PATH, "They were taken away.", fields.into_any()));
    let body = view! {
        <p class="settings-note">{text}</p>
        {form}
    };
    part("Second factors", None, body.into_any())
}

/// Name, password, and the door.
fn doors(sheet: Sheet, person: &PersonView) -> AnyView {
    let id = person.id.to_string();
    let hidden = {
        let id = id.clone();
        move || view! { <input type="hidden" name="id" value=id.clone()/> }
    };
    let rename = view! {
        {hidden()}
        {text("Name to show", "display_name", person.display_name.clone(), true)}
        {button("Save the name", false)}
    };
    let password = view! {
        {hidden()}
        <label class="field">
            <span class="field-label">"New password, 12 characters or more"</span>
            <input type="password" name="password" autocomplete="new-password" required/>
        </label>
        {confirm("Yes: it ends their sessions and tokens")}
        {button("Set the password", false)}
    };
    let door = if person.enabled {
        view! {
            {hidden()}
            <input type="hidden" name="enabled" value="false"/>
            {confirm("Yes: it ends their sessions and tokens at once")}
            {button("Keep this person out", false)}
        }
        .into_any()
    } else {
        view! {
            {hidden()}
            <input type="hidden" name="enabled" value="true"/>
            {button("Let this person in again", false)}
        }
        .into_any()
    };
    view! {
        {part("Name", None, form(sheet, RenamePerson::PATH, "The name was saved.", rename.into_any()))}
        {part("Password", None, form(sheet, ResetPassword::PATH, "The password was set.", password.into_any()))}
        {part("Access", None, form(sheet, EnablePerson::PATH, "It is so.", door))}
    }
    .into_any()
}
