//! Device groups: ranked rules, of which the first that matches wins, and what is remediated without asking.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_location;

use crate::settings::admin_list::admin_list;
use crate::settings::form::{button, confirm, field, form, opened, text};
use crate::settings::sheet::{Sheet, loaded, part};
use api::{DeleteDeviceGroup, SaveDeviceGroup, preview_rule};
use domain::access::contract::{DeviceGroupView, RulePreview};
use domain::access::device_group::{Comparison, DeviceField, RemediationLevel};
use domain::access::lists::{AdminList, AdminRows};

kit::page! {
    module: administration,
    function: device_groups / preload_device_groups,
    paths: ["/settings/device-groups"],
    view: view! { <DeviceGroups/> }.into_any(),
}

/// The field of the address with a rule that is tried; no field of the list begins like that.
const TRIED: &str = "__rule";

/// The page of device groups.
#[component]
fn DeviceGroups() -> impl IntoView {
    let sheet = Sheet::new();
    let tried = use_location().query.with_untracked(|query| query.get(TRIED));
    let rows = move |rows: &AdminRows| match rows {
        AdminRows::DeviceGroups(all) => all.iter().map(|of| row(sheet, of)).collect(),
        _ => Vec::new(),
    };
    let list = admin_list(sheet, AdminList::DeviceGroups, rows, &["Change"], "There is no device group.");
    sheet.page(
        "Device groups",
        "A device is in the first group whose rule it meets. A tool's own word counts where no group is defined.",
        view! {
            {list}
            {opened("Add a device group".to_owned(), editor(sheet, None))}
            {trial(sheet, tried)}
        }
        .into_any(),
    )
}

/// The cells of a device group, in the order of the columns as the server names them (`Column::of_list`), and how it is
/// changed.
fn row(sheet: Sheet, of: &DeviceGroupView) -> Vec<AnyView> {
    let rule: Vec<_> = of.group.rule.iter().map(ToString::to_string).collect();
    let rule = if of.group.is_rest() { "Meets no rule".to_owned() } else { rule.join(" and ") };
    let delete = (!of.group.is_rest()).then(|| {
        let fields = view! {
            <input type="hidden" name="id" value=of.group.id.to_string()/>
            {confirm("Yes: its devices go to the next group, and grants in it count no more")}
            {button("Delete", false)}
        };
        form(sheet, DeleteDeviceGroup::PATH, "The device group is gone.", fields.into_any())
    });
    let body = view! { {editor(sheet, Some(of))} {delete} }.into_any();
    vec![
        of.group.rank.to_string().into_any(),
        of.group.name.clone().into_any(),
        rule.into_any(),
        view! {
            {of.group.level.label()} " "
            <a href=format!("/settings/device-groups/{}/try", of.group.id)>"Try a level"</a>
        }
        .into_any(),
        of.devices.to_string().into_any(),
        opened(format!("Change {}", of.group.name), body),
    ]
}

fn editor(sheet: Sheet, of: Option<&DeviceGroupView>) -> AnyView {
    let rest = of.is_some_and(|of| of.group.is_rest());
    let level = of.map_or(RemediationLevel::SemiAll, |of| of.group.level);
    let levels: Vec<_> = RemediationLevel::ALL
        .iter()
        .map(|of| view! { <option value=of.as_str() selected=*of == level>{of.label()}</option> }.into_any())
        .collect();
    let rule: Vec<_> = of.iter().flat_map(|of| &of.group.rule).map(ToString::to_string).collect();
    let hidden = of.map(|of| view! { <input type="hidden" name="id" value=of.group.id.to_string()/> });
    let name = of.map(|of| of.group.name.clone()).unwrap_or_default();
    let rank = of.map(|of| of.group.rank.to_string());
    let names = if rest {
        view! { <input type="hidden" name="name" value=name/> }.into_any()
    } else {
        let rank_field = view! { <input type="number" name="rank" min="1" max="200" value=rank/> };
        view! {
            {text("Name", "name", name, true)}
            {field("Rank: the first that matches wins", rank_field.into_any())}
            {rule_field("rule", rule.join("\n"))}
        }
        .into_any()
    };
    let level_field = view! { <select name="level">{levels}</select> };
    let fields = view! {
        {hidden}
        {names}
        {field("Remediation level", level_field.into_any())}
        {button("Save", true)}
    };
    form(sheet, SaveDeviceGroup::PATH, "The device group was saved.", fields.into_any())
}

fn rule_field(name: &'static str, rule: String) -> AnyView {
    let words = |words: Vec<&'static str>| words.join(", ");
    let hint = format!(
        "One condition a line, all must be met: {} - then {} - then a value. Example: name starts_with web-",
        words(DeviceField::ALL.iter().map(|field| field.as_str()).collect()),
        words(Comparison::ALL.iter().map(|comparison| comparison.as_str()).collect()),
    );
    view! {
        <label class="field">
            <span class="field-label">{hint}</span>
            <textarea name=name rows="3" required prop:value=rule.clone()>
                {rule.clone()}
            </textarea>
        </label>
    }
    .into_any()
}

/// What a rule would match: a form that leads to this page with the rule in its address.
fn trial(sheet: Sheet, tried: Option<String>) -> AnyView {
    let answer = tried.clone().map(|rule| {
        let preview = sheet.load(move || preview_rule(rule.clone(), None));
        loaded(preview, |_, preview| matched(preview))
    });
    let body = view! {
        <form class="settings-form" method="get" action="/settings/device-groups">
            {rule_field(TRIED, tried.unwrap_or_default())}
            {button("See what it matches", false)}
        </form>
        {answer}
    };
    part("Try a rule", Some("Nothing is changed."), body.into_any())
}

fn matched(preview: &RulePreview) -> AnyView {
    let text = format!(
        "{} devices meet it, {} of which a group before takes.{}{}",
        preview.matches,
        preview.taken_before,
        if preview.names.is_empty() { "" } else { " It would have: " },
        preview.names.join(", ")
    );
    view! { <p role="status">{text}</p> }.into_any()
}
