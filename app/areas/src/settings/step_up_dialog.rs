//! Showing a second factor once more, over the page whose form asks for it and is then sent again as it is.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{HtmlDialogElement, HtmlFormElement};

use crate::access::factor_fields::factor_fields;
use crate::settings::send::{WAITS, post};
use api::{BeginStepUp, StepUp};
use kit::dialog::{Dialog, show_dialog};
use kit::effect::after_paint;
use kit::handler::handler;
use kit::icon::Icon;

const DIALOG: &str = "step-up";

kit::part! {
    module: settings,
    function: step_up_dialog / preload_step_up_dialog,
    as: STEP_UP,
    view: |asked: RwSignal<u32>| {
        view! { <StepUpDialog asked/> }.into_any()
    },
}

#[component]
fn StepUpDialog(asked: RwSignal<u32>) -> impl IntoView {
    let failed = RwSignal::new(None);
    let busy = RwSignal::new(false);
    let send = move |event: SubmitEvent| {
        // The dialog's own form closes it.
        let form = event.target().and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
        let Some(form) = form.filter(|form| form.method() == "post") else { return };
        event.prevent_default();
        busy.set(true);
        spawn_local(async move {
            let outcome = post(&form).await.err();
            if outcome.is_none() {
                form.reset();
                close();
                send_again();
            }
            failed.set(outcome.map(|error| error.detail));
            busy.set(false);
        });
    };
    Effect::new(move || {
        asked.track();
        after_paint(|| {
            show_dialog(DIALOG);
        });
    });
    let problem = move || {
        failed.get().map(|text| {
            view! {
                <p class="notice-text bad">
                    <Icon name="triangle"/>
                    <span>{text}</span>
                </p>
            }
            .into_any()
        })
    };
    view! {
        <Dialog id=DIALOG title="Second factor">
            <div class="dialog-body" on:submit=handler(send)>
                <p>"Show your second factor once more; it counts for five minutes. What you typed is kept."</p>
                <div role="status">{move || problem()}</div>
                <form class="settings-form" method="post" action=StepUp::PATH>
                    {factor_fields(Some(BeginStepUp::PATH))}
                    <button class="button primary" type="submit" disabled=move || busy.get()>
                        "Go on"
                    </button>
                </form>
            </div>
        </Dialog>
    }
}

/// Sends the form that waits, as it is.
fn send_again() {
    let Ok(Some(form)) = document().query_selector(&format!("form[{WAITS}]")) else { return };
    drop(form.remove_attribute(WAITS));
    if let Ok(form) = form.dyn_into::<HtmlFormElement>() {
        drop(form.request_submit());
    }
}

fn close() {
    let dialog = document().get_element_by_id(DIALOG).and_then(|it| it.dyn_into::<HtmlDialogElement>().ok());
    if let Some(dialog) = dialog {
        dialog.close();
    }
}
