//! Forms that change something: without scripts the browser sends them and comes back, with scripts they are sent in the
//! background, and what became of it is said above.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::settings::send::{WAITS, post};
use crate::settings::sheet::Sheet;
use domain::ErrorCode;
use kit::form::sent;
use kit::handler::handler;
use kit::notice::Announcement;
use kit::url::way_back;

/// A form that is sent to a server function.
pub(super) fn form(sheet: Sheet, path: &'static str, done: &'static str, fields: AnyView) -> AnyView {
    let send = move |event: SubmitEvent| {
        let Some(form) = sent(&event) else { return };
        spawn_local(async move {
            match post(&form).await {
                Ok(()) => {
                    form.reset();
                    sheet.news.set(Some(Announcement::Done(done.to_owned())));
                    sheet.sent.update(|sent| *sent += 1);
                }
                Err(error) if error.code == ErrorCode::StepUpRequired => {
                    // It is sent again as it is, once a second factor was shown.
                    drop(form.set_attribute(WAITS, ""));
                    sheet.step_up.update(|asked| *asked += 1);
                }
                Err(error) => sheet.news.set(Some(Announcement::failed(error.code, error.detail))),
            }
        });
    };
    view! {
        <form class="settings-form" method="post" action=path on:submit=handler(send)>
            <input type="hidden" name="back" value=way_back()/>
            {fields}
        </form>
    }
    .into_any()
}

/// A field with its label.
pub(super) fn field(label: &'static str, input: AnyView) -> AnyView {
    view! {
        <label class="field">
            <span class="field-label">{label}</span>
            {input}
        </label>
    }
    .into_any()
}

/// A text of one line.
pub(super) fn text(label: &'static str, name: &'static str, value: String, required: bool) -> AnyView {
    field(
        label,
        view! { <input type="text" name=name value=value required=required autocomplete="off"/> }.into_any(),
    )
}

/// A box to check.
pub(super) fn check(name: &'static str, value: String, label: String, checked: bool) -> AnyView {
    view! {
        <label class="choice">
            <input type="checkbox" name=name value=value checked=checked/>
            <span>{label}</span>
        </label>
    }
    .into_any()
}

/// The box without which nothing happens that locks people out.
pub(super) fn confirm(label: &'static str) -> AnyView {
    view! {
        <label class="choice">
            <input type="checkbox" name="confirm" value="true" required/>
            <span>{label}</span>
        </label>
    }
    .into_any()
}

/// Boxes under a heading.
pub(super) fn choices(legend: &'static str, boxes: Vec<AnyView>) -> AnyView {
    view! {
        <fieldset class="choices">
            <legend class="field-label">{legend}</legend>
            {boxes}
        </fieldset>
    }
    .into_any()
}

/// The button that sends a form.
pub(super) fn button(label: &'static str, primary: bool) -> AnyView {
    let class = if primary { "button primary" } else { "button" };
    view! {
        <button class=class type="submit">
            {label}
        </button>
    }
    .into_any()
}

/// What opens for who wants to change something.
pub(super) fn opened(summary: String, body: AnyView) -> AnyView {
    view! {
        <details class="settings-more">
            <summary>{summary}</summary>
            {body}
        </details>
    }
    .into_any()
}
