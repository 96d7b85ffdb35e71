//! The question before an approval by keyboard, and before one that can't be undone. Its default is no.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{HtmlDialogElement, HtmlFormElement};

use domain::{Action, Undo};
use kit::dialog::Dialog;
use kit::handler::handler;
use kit::visible_text::VisibleText;

/// The dialog `confirm`, which sends the approval form of the open action.
#[component]
pub fn Confirm(
    /// The open action.
    action: Action,
    /// What it hits, as a sentence.
    impact: String,
    /// Set when the answer was yes.
    confirmed: StoredValue<bool>,
) -> impl IntoView {
    let info = action.action_type.info();
    let (class, warning) = match info.undo {
        Undo::By(_) | Undo::NotNeeded => ("button primary", None),
        Undo::Never(why) => ("button danger", Some(format!("This can't be undone: {why}."))),
    };
    let is_final = warning.is_some();
    let send = move |_| {
        let dialog =
            document().get_element_by_id("confirm").and_then(|it| it.dyn_into::<HtmlDialogElement>().ok());
        if let Some(dialog) = dialog {
            dialog.close();
        }
        confirmed.set_value(true);
        let form = document().query_selector(".approve-form").ok().flatten();
        let form = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
        if let Some(form) = form {
            drop(form.request_submit());
        }
    };
    view! {
        <Dialog id="confirm" title="Approve this action?">
            <div class="dialog-body">
                <p>
                    <strong>{action.action_type.label()}</strong>
                    ": "
                    <VisibleText text=action.entity.title()/>
                    " on "
                    <VisibleText text=action.asset.name.clone()/>
                </p>
                <p>{info.effect}</p>
                <p>{impact}</p>
                {warning.map(|text| view! { <p class="final">{text}</p> })}
            </div>
            <form method="dialog" class="dialog-foot">
                <button class="button" autofocus=true>
                    "Cancel"
                </button>
                <button type="button" class=class on:click=handler(send)>
                    {if is_final { info.name } else { "Approve" }}
                </button>
            </form>
        </Dialog>
    }
    .into_any()
}
