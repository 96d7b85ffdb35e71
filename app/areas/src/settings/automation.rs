//! Automation: the stop of all rules, what they approve on users that are compromised, and how many actions of a type they
//! may approve in an hour.

use leptos::prelude::*;

use crate::page::stop_banner::StopNotice;
use crate::settings::form::{button, check, choices, confirm, field, form, opened, text};
use crate::settings::sheet::{Sheet, loaded, part, table};
use api::{SetCompromisedUsers, SetQuota, SwitchAutomation, load_automation};
use domain::ActionType;
use domain::automation::{AutomationState, DEFAULT_QUOTA, MAX_QUOTA, Quota, Stop, compromised_user_types};
use kit::time::full;
use kit::visible_text::VisibleText;
use leptos::server_fn::ServerFn;

kit::page! {
    module: administration,
    function: automation / preload_automation,
    paths: ["/settings/automation"],
    view: view! { <Automation/> }.into_any(),
}

/// The page of automation.
#[component]
fn Automation() -> impl IntoView {
    let sheet = Sheet::new();
    let state = sheet.load(load_automation);
    let notice = use_context::<StopNotice>();
    let body = loaded(state, move |_, state: &AutomationState| {
        // Other pages of this document say it, too.
        if let Some(StopNotice(known)) = notice
            && known.read_untracked() != state.stopped
        {
            known.set(state.stopped.clone());
        }
        view! {
            {switch(sheet, state.stopped.as_ref())}
            {compromised_users(sheet, &state.compromised_users)}
            {quotas(sheet, &state.quotas)}
        }
        .into_any()
    });
    sheet.page(
        "Automation",
        "What rules approve by themselves: device groups say how much of what is found, quotas how many in an hour.",
        body,
    )
}

fn switch(sheet: Sheet, stop: Option<&Stop>) -> AnyView {
    let body = match stop {
        None => {
            let fields = view! {
                <input type="hidden" name="stop" value="true"/>
                {text("Why (for others to read)", "reason", String::new(), false)}
                {confirm("Yes: from now on no rule approves anything, and what it would approve waits for a person")}
                <button class="button danger" type="submit">
                    "Stop all automation"
                </button>
            };
            view! {
                <p role="status">"Rules decide."</p>
                {form(sheet, SwitchAutomation::PATH, "All automation is stopped.", fields.into_any())}
            }
            .into_any()
        }
        Some(stop) => {
            let reason = stop.reason.clone().map(|reason| view! { ": " <VisibleText text=reason/> });
            let fields = view! {
                <input type="hidden" name="stop" value="false"/>
                {confirm("Yes: rules approve again what tools report from now on")}
                {button("Resume automation", true)}
            };
            view! {
                <p role="status">
                    <strong>"All automation is stopped. "</strong>
                    "By " <VisibleText text=stop.by.clone()/> " since " {full(stop.since)} {reason}
                </p>
                {form(sheet, SwitchAutomation::PATH, "Rules decide again.", fields.into_any())}
            }
            .into_any()
        }
    };
    part("Stop", Some("What was approved before goes on. Each stop and its end is in the audit log."), body)
}

fn compromised_users(sheet: Sheet, automatic: &[ActionType]) -> AnyView {
    let labels: Vec<_> = automatic.iter().map(|of| of.label()).collect();
    let summary = if labels.is_empty() {
        "A person decides on all actions on users whose verdict is Compromised.".to_owned()
    } else {
        format!("On users whose verdict is Compromised rules approve: {}.", labels.join(", "))
    };
    let types = compromised_user_types()
        .map(|of| check("types[]", of.as_str().to_owned(), of.label().to_owned(), automatic.contains(&of)))
        .collect();
    let fields = view! {
        {choices("Decide these actions on compromised users automatically", types)}
        {confirm("Yes: from the next report on rules approve what is checked, and a person decides on the rest")}
        {button("Save", true)}
    };
    let body = view! {
        <p>{summary}</p>
        {form(sheet, SetCompromisedUsers::PATH, "It counts from the next report on.", fields.into_any())}
    };
    part(
        "Compromised users",
        Some("What nothing is checked for waits, and says that no policy lets rules decide."),
        body.into_any(),
    )
}

fn quotas(sheet: Sheet, quotas: &[Quota]) -> AnyView {
    let row = |of: &Quota| {
        let value = if of.is_default { String::new() } else { of.per_hour.to_string() };
        let input = view! {
            <input type="number" name="per_hour" min="0" max=MAX_QUOTA.to_string() value=value/>
        };
        let fields = view! {
            <input type="hidden" name="action_type" value=of.action_type.as_str()/>
            {field("In an hour; empty for the default", input.into_any())}
            {button("Save", false)}
        };
        let label = of.action_type.label();
        vec![
            label.into_any(),
            format!("{}{}", of.per_hour, if of.is_default { " (default)" } else { "" }).into_any(),
            of.used.map_or_else(|| "not told".to_owned(), |used| used.to_string()).into_any(),
            opened(
                format!("Change {label}"),
                form(sheet, SetQuota::PATH, "The quota was saved.", fields.into_any()),
            ),
        ]
    };
    let headings = &["Action type", "At most in an hour", "In the last hour", "Change"];
    let note = "More than that waits for a person, and the action says so.";
    let lead = format!("The default is {DEFAULT_QUOTA} of each type.");
    part(
        "Quotas",
        Some(note),
        view! {
            <p class="settings-note">{lead}</p>
            {table("Quotas", headings, quotas.iter().map(row).collect(), "")}
        }
        .into_any(),
    )
}
