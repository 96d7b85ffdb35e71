//! Time to decide: how long actions of each type wait whose proposer names no end.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::settings::form::{button, field, form, opened};
use crate::settings::sheet::{Sheet, loaded, part, table};
use api::{SetDecisionTime, load_decision_times};
use domain::decision_times::{DEFAULT_HOURS, DecisionTime, MAX_HOURS};

kit::page! {
    module: administration,
    function: decision_times / preload_decision_times,
    paths: ["/settings/decision-times"],
    view: view! { <DecisionTimes/> }.into_any(),
}

/// The page of times to decide.
#[component]
fn DecisionTimes() -> impl IntoView {
    let sheet = Sheet::new();
    let times = sheet.load(load_decision_times);
    let body = loaded(times, move |_, times: &Vec<DecisionTime>| shown(sheet, times));
    sheet.page(
        "Time to decide",
        "How long an action waits for a decision where its proposer names no end; then it expires, and nothing is done.",
        body,
    )
}

fn shown(sheet: Sheet, times: &[DecisionTime]) -> AnyView {
    let row = |of: &DecisionTime| {
        let value = if of.is_default { String::new() } else { of.hours.to_string() };
        let input =
            view! { <input type="number" name="hours" min="1" max=MAX_HOURS.to_string() value=value/> };
        let fields = view! {
            <input type="hidden" name="action_type" value=of.action_type.as_str()/>
            {field("Hours; empty for the default", input.into_any())}
            {button("Save", false)}
        };
        let label = of.action_type.label();
        vec![
            label.into_any(),
            format!("{}{}", in_words(of.hours), if of.is_default { " (default)" } else { "" }).into_any(),
            opened(
                format!("Change {label}"),
                form(sheet, SetDecisionTime::PATH, "The time was saved.", fields.into_any()),
            ),
        ]
    };
    let headings = &["Action type", "Time to decide", "Change"];
    let lead = format!("The default is {}. What waits already keeps its end.", in_words(DEFAULT_HOURS));
    part(
        "By action type",
        None,
        view! {
            <p class="settings-note">{lead}</p>
            {table("Time to decide", headings, times.iter().map(row).collect(), "")}
        }
        .into_any(),
    )
}

/// Whole days as days, anything else as hours.
fn in_words(hours: u32) -> String {
    match (hours, hours % 24) {
        (1, _) => "1 hour".to_owned(),
        (24, _) => "1 day".to_owned(),
        (_, 0) => format!("{} days", hours / 24),
        _ => format!("{hours} hours"),
    }
}
