//! Role groups of Email & collaboration, custom roles of unified RBAC, and for what the latter are switched on.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::settings::admin_list::admin_list;
use crate::settings::form::{button, check, choices, confirm, form, opened, text};
use crate::settings::sheet::{Sheet, loaded, part, table};
use api::{DeleteRole, ImportUnified, SaveRole, SwitchUnified, load_roles, preview_unified};
use domain::access::contract::{AccessDifference, RoleGroupView, RolesView};
use domain::access::lists::{AdminList, AdminRows};
use domain::access::role_group::{RoleModel, RolePermission, Workload};

kit::page! {
    module: administration,
    function: roles / preload_roles,
    paths: ["/settings/roles"],
    view: view! { <Roles/> }.into_any(),
}

/// The page of roles.
#[component]
fn Roles() -> impl IntoView {
    let sheet = Sheet::new();
    let roles = sheet.load(load_roles);
    let advice = loaded(roles, |_, roles| advice(roles));
    let rows = move |rows: &AdminRows| match rows {
        AdminRows::Roles(all) => all.iter().map(|of| row(sheet, of)).collect(),
        _ => Vec::new(),
    };
    let list = admin_list(sheet, AdminList::Roles, rows, &["Change"], "There is no role.");
    let unified = loaded(roles, move |_, roles| switches(sheet, roles));
    sheet.page(
        "Roles",
        "Directory roles always count. Search and Purge comes with role groups of Email & collaboration, and only \
         together with Security Administrator or Security Operator lets people decide on email.",
        view! {
            {advice}
            {list}
            {opened(
                "Add a role group of Email & collaboration".to_owned(),
                editor(sheet, None, RoleModel::EmailCollaboration),
            )}
            {opened("Add a custom role of unified RBAC".to_owned(), editor(sheet, None, RoleModel::Unified))}
            {unified}
        }
        .into_any(),
    )
}

fn advice(roles: &RolesView) -> AnyView {
    roles
        .advice
        .iter()
        .map(|advice| view! { <p class="settings-advice">{advice.clone()}</p> }.into_any())
        .collect_view()
        .into_any()
}

fn switches(sheet: Sheet, roles: &RolesView) -> AnyView {
    let switches = Workload::ALL
        .iter()
        .map(|workload| switch(sheet, *workload, roles.unified.contains(workload)))
        .collect_view();
    part(
        "Unified RBAC",
        Some(
            "Custom roles count for a workload once they are switched on for it, in place of Active remediation \
             actions and of Search and Purge.",
        ),
        switches.into_any(),
    )
}

/// The cells of a role, in the order of the columns as the server names them (`Column::of_list`), and how it is changed.
fn row(sheet: Sheet, of: &RoleGroupView) -> Vec<AnyView> {
    let holds: Vec<_> = of.group.permissions.iter().map(|held| held.label()).collect();
    let holds = if holds.is_empty() { "Nothing".to_owned() } else { holds.join("; ") };
    let change = if of.group.built_in {
        "Built in".into_any()
    } else {
        let delete = view! {
            <input type="hidden" name="id" value=of.group.id.to_string()/>
            {confirm("Yes: who holds it loses it")}
            {button("Delete", false)}
        };
        let delete = form(sheet, DeleteRole::PATH, "The role is gone.", delete.into_any());
        let body = view! { {editor(sheet, Some(of), of.group.model)} {delete} }.into_any();
        opened(format!("Change {}", of.group.name), body)
    };
    vec![
        of.group.name.clone().into_any(),
        of.group.model.label().into_any(),
        holds.into_any(),
        of.members.to_string().into_any(),
        of.note.clone().unwrap_or_default().into_any(),
        change,
    ]
}

fn editor(sheet: Sheet, of: Option<&RoleGroupView>, model: RoleModel) -> AnyView {
    let boxes = RolePermission::ALL
        .iter()
        .filter(|permission| permission.model() == model)
        .map(|permission| {
            let checked = of.is_some_and(|of| of.group.permissions.contains(permission));
            check("permissions[]", permission.to_string(), permission.label().to_owned(), checked)
        })
        .collect();
    let name = of.map(|of| of.group.name.clone()).unwrap_or_default();
    let id = of.map(|of| view! { <input type="hidden" name="id" value=of.group.id.to_string()/> });
    let fields = view! {
        {id}
        <input type="hidden" name="model" value=model.as_str()/>
        {text("Name", "name", name, true)}
        {choices("Holds", boxes)}
        {button("Save", true)}
    };
    form(sheet, SaveRole::PATH, "The role was saved.", fields.into_any())
}

fn switch(sheet: Sheet, workload: Workload, on: bool) -> AnyView {
    let preview = sheet.load(move || preview_unified(workload, !on));
    let differences = loaded(preview, |_, differences| changed(differences));
    let fields = view! {
        <input type="hidden" name="workload" value=workload.as_str()/>
        <input type="hidden" name="on" value=(!on).to_string()/>
        {confirm("Yes: it counts at once")}
        {button(if on { "Switch off" } else { "Switch on" }, false)}
    };
    let state = if on { "on" } else { "off" };
    let import = (!on).then(|| {
        let fields = view! {
            <input type="hidden" name="workload" value=workload.as_str()/>
            {confirm("Yes: they hold it from now on; it counts once this is on")}
            {button("Import who has what today", false)}
        };
        view! {
            <p>"Who would lose something can get a custom role that holds it, where it counts today:"</p>
            {form(sheet, ImportUnified::PATH, "They hold the custom role.", fields.into_any())}
        }
    });
    let body = view! {
        <p>"What switching it " {if on { "off" } else { "on" }} " would change:"</p>
        {differences}
        {import}
        {form(sheet, SwitchUnified::PATH, "It is so.", fields.into_any())}
    };
    let title = format!("{} - unified roles are {state}", workload.label());
    view! {
        <div class="settings-switch">
            {opened(title, body.into_any())}
        </div>
    }
    .into_any()
}

/// What would change, person by person.
fn changed(differences: &[AccessDifference]) -> AnyView {
    let words = |permissions: &[domain::Permission]| {
        permissions.iter().map(|permission| permission.label()).collect::<Vec<_>>().join(", ")
    };
    let rows = differences
        .iter()
        .map(|of| vec![of.name.clone().into_any(), words(&of.gains).into_any(), words(&of.loses).into_any()])
        .collect();
    table(
        "What would change",
        &["Person", "Could", "Could no longer"],
        rows,
        "Nothing would change for anybody.",
    )
}
