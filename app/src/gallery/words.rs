//! What stands in a line: badges, times, texts from outside, and what one clicks or types into.

use leptos::prelude::*;

use super::sample::NOW;
use super::section;
use areas::actions::badges::Badged;
use domain::bulk::ItemState;
use domain::core::time::{SignedDuration, Timestamp};
use domain::{Decision, Severity, Status, UndoState, Verdict};
use kit::badge::Badge;
use kit::deadline::Deadline;
use kit::derived::derived;
use kit::icon::Icon;
use kit::short_text::ShortText;
use kit::visible_text::VisibleText;
use kit::when::When;

pub(super) fn chapter() -> AnyView {
    view! {
        {section("Severity", badges(Severity::ALL))}
        {section("Decision", badges(Decision::ALL))}
        {section("Status", badges(Status::ALL))}
        {section("Undo", badges(UndoState::ALL))}
        {section("Verdict", badges(Verdict::ALL))}
        {section("Item of a job", badges(ItemState::ALL))}
        {section("Deadline: plenty, less than a day, less than an hour, over", deadlines())}
        {section("Times", times())}
        {section("A long value in little room", short_texts())}
        {section("Text with characters that deceive", suspicious())}
        {section("Buttons", buttons())}
        {section("Fields", fields())}
    }
    .into_any()
}

fn badges<T: Badged>(all: &[T]) -> impl IntoView + use<T> {
    all.iter().map(|word| view! { <Badge look=word.badge()/> }).collect_view()
}

fn deadlines() -> impl IntoView {
    [72 * 60, 5 * 60 + 10, 42, 0, -5]
        .map(|minutes| {
            let until = NOW + SignedDuration::from_mins(minutes);
            view! { <Deadline until now=derived(|| NOW)/> }
        })
        .collect_view()
}

fn times() -> impl IntoView {
    let at = |minutes| -> Timestamp { NOW - SignedDuration::from_mins(minutes) };
    [0, 4, 180, 60 * 24 * 3, 60 * 24 * 40]
        .map(|minutes| view! { <When at=at(minutes) now=derived(|| NOW)/> })
        .collect_view()
}

fn short_texts() -> impl IntoView {
    [
        "C:\\Users\\omar\\AppData\\Local\\Temp\\report-of-the-quarter.xlsm",
        "/usr/bin/python3.11 (4412)",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "hr-ws-022.corp.contoso-energy.example",
    ]
    .map(|text| view! { <p class="narrow-state"><ShortText text=text.to_owned()/></p> })
    .collect_view()
}

fn suspicious() -> impl IntoView {
    ["invoice\u{202e}fdp.exe", "pay\u{200b}roll.docx", "two\u{a0}words\u{7}", "Straße, 请求.txt, اسم.pdf"]
        .map(|text| view! { <p><VisibleText text=text.to_owned()/></p> })
        .collect_view()
}

fn buttons() -> impl IntoView {
    view! {
        <button class="button primary" type="button">
            "Approve 3 actions…"
        </button>
        <button class="button" type="button">
            <Icon name="filter"/>
            "Filters"
            <span class="number">"3"</span>
        </button>
        <button class="button quiet" type="button">
            <Icon name="download"/>
            "Export .csv"
        </button>
        <button class="button danger" type="button">
            "Delete 12 messages"
        </button>
        <button class="button primary" type="button" disabled>
            "Approving…"
        </button>
        <button class="button" type="button" disabled>
            "Rejecting…"
        </button>
        <button class="button danger" type="button" disabled>
            "Deleting…"
        </button>
        <span class="button quiet off">"Nothing there"</span>
        <button class="icon-button" type="button" aria-label="Close" title="Close">
            <Icon name="cross"/>
        </button>
        <button class="icon-button" type="button" aria-label="Move up" title="Move up" disabled>
            <Icon name="up"/>
        </button>
        <a href="#words" rel="external">"A link"</a>
    }
}

fn fields() -> impl IntoView {
    view! {
        <label class="field">
            <span class="field-label">"Name"</span>
            <input type="text" value="Critical first"/>
        </label>
        <label class="field">
            <span class="field-label">"Password"</span>
            <input type="password" value="secret"/>
        </label>
        <label class="field">
            <span class="field-label">"From"</span>
            <input type="date" value="2026-11-22"/>
        </label>
        <label class="field">
            <span class="field-label">"Rows on a page"</span>
            <select>
                <option>"25"</option>
                <option selected>"50"</option>
                <option>"100"</option>
            </select>
        </label>
        <label class="field">
            <span class="field-label">"Why it must not happen"</span>
            <textarea rows="3" placeholder="Known good, signed by us"></textarea>
        </label>
        <div class="field">
            <label class="field-label" for="field-wrong">
                "Until"
            </label>
            <input
                id="field-wrong"
                type="text"
                value="tomorrow"
                aria-invalid="true"
                aria-describedby="field-wrong-why"
            />
            <p class="field-error" id="field-wrong-why">
                <Icon name="triangle"/>
                "Write a date such as 2026-11-30."
            </p>
        </div>
        <label class="field">
            <span class="field-label">"Not now"</span>
            <input type="text" value="Nothing to change" disabled/>
        </label>
        <label class="choice">
            <input type="checkbox" checked/>
            "Chosen"
        </label>
        <label class="choice">
            <input type="checkbox"/>
            "Not chosen"
        </label>
        <label class="choice">
            <input type="radio" checked/>
            "The one"
        </label>
    }
}
