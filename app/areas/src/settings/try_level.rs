//! What would have happened on the devices of a group under another remediation level, before anybody changes it.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};

use crate::actions::badges::Badged;
use crate::actions::location::ListLocation;
use crate::settings::form::{button, field};
use crate::settings::sheet::{Sheet, loaded, part, table};
use api::{load_device_groups, simulate_level};
use domain::access::device_group::RemediationLevel;
use domain::automation::{MAX_DAYS, MAX_NAMED, SimulatedAction, Simulation};
use domain::core::text::pluralize;
use domain::{DeviceGroupId, Lane};
use kit::badge::Badge;
use kit::time::full;
use kit::visible_text::VisibleText;

kit::page! {
    module: administration,
    function: try_level / preload_try_level,
    paths: ["/settings/device-groups/:id/try"],
    view: view! { <TryLevel/> }.into_any(),
}

/// Days that are looked back where nobody says how many.
const DAYS: u16 = 30;

/// The page.
#[component]
fn TryLevel() -> impl IntoView {
    let sheet = Sheet::new();
    let id: Option<DeviceGroupId> =
        use_params_map().with_untracked(|params| params.get("id")).and_then(|id| id.parse().ok());
    let query = use_location().query;
    let asked = query.with_untracked(|query| query.get("level")).and_then(|level| level.parse().ok());
    let days = query.with_untracked(|query| query.get("days")).and_then(|days| days.parse().ok());
    let days = days.unwrap_or(DAYS);
    let groups = sheet.load(load_device_groups);
    let head = loaded(groups, move |_, groups| {
        let Some(of) = groups.iter().find(|of| Some(of.group.id) == id) else {
            return view! { <p>"There is no such device group."</p> }.into_any();
        };
        let name = of.group.name.clone();
        view! {
            <p>
                <strong><VisibleText text=name/></strong>
                " has the level: " {of.group.level.label()}
            </p>
            {choice(of.group.id, asked.unwrap_or(of.group.level), days)}
        }
        .into_any()
    });
    let answer = id.zip(asked).map(|(id, level)| {
        let simulation = sheet.load(move || simulate_level(id, level, days));
        loaded(simulation, |_, of| shown(of))
    });
    let body = view! {
        {head}
        {answer}
    };
    sheet.page(
        "Try a level",
        "What would have happened to what investigations proposed. Nothing is changed, and quotas are not counted.",
        body.into_any(),
    )
}

fn choice(id: DeviceGroupId, level: RemediationLevel, days: u16) -> AnyView {
    let levels: Vec<_> = RemediationLevel::ALL
        .iter()
        .map(|of| view! { <option value=of.as_str() selected=*of == level>{of.label()}</option> }.into_any())
        .collect();
    let level_field = view! { <select name="level">{levels}</select> };
    let days_field = view! {
        <input type="number" name="days" min="1" max=MAX_DAYS.to_string() value=days.to_string() required/>
    };
    view! {
        <form class="settings-form" method="get" action=format!("/settings/device-groups/{id}/try")>
            {field("Remediation level", level_field.into_any())}
            {field("Days to look back", days_field.into_any())}
            {button("Try it", true)}
            <a href="/settings/device-groups">"Back to the device groups"</a>
        </form>
    }
    .into_any()
}

fn shown(of: &Simulation) -> AnyView {
    let rows = of.actions.iter().map(row).collect();
    let total = pluralize(of.total, "action was proposed", "actions were proposed");
    let more = if of.more { " These are the latest; there were more." } else { "" };
    let named = (of.total > MAX_NAMED as u64).then(|| format!("The first {MAX_NAMED} are listed."));
    let summary = format!(
        "Under {} {} would have been automatic, {} would have waited, {} would not have been proposed: {total} in {}.{more}",
        of.level.label(),
        of.automatic,
        of.waits,
        of.not_proposed,
        pluralize(u64::from(of.days), "day", "days"),
    );
    let headings =
        &["Would be", "By which rule", "Action type", "Entity", "Device", "Verdict", "Became", "Proposed"];
    part(
        "What would have happened",
        None,
        view! {
            <p role="status">{summary}</p>
            <p class="settings-note">{named}</p>
            {table("What would have happened", headings, rows, "Nothing was proposed in this time.")}
        }
        .into_any(),
    )
}

fn row(of: &SimulatedAction) -> Vec<AnyView> {
    let href = ListLocation::new(Lane::History).with_open(of.id).href();
    let verdict = of.verdict.map(|verdict| view! { <Badge look=verdict.badge()/> });
    vec![
        of.outcome.label().into_any(),
        of.rule.clone().into_any(),
        view! { <a href=href>{of.action_type.label()}</a> }.into_any(),
        view! { <VisibleText text=of.entity.clone()/> }.into_any(),
        view! { <VisibleText text=of.asset.clone()/> }.into_any(),
        verdict.into_any(),
        view! { <Badge look=of.decision.badge()/> }.into_any(),
        full(of.proposed_at).into_any(),
    ]
}
