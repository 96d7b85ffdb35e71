//! A native dialog: Escape and its buttons close it, the focus goes back to where it was.

use crate::icon::Icon;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlDialogElement;

/// A modal dialog, opened by [`show_dialog`] with its id.
#[component]
pub fn Dialog(
    /// The id of the element.
    id: &'static str,
    /// The heading.
    title: &'static str,
    children: Children,
) -> impl IntoView {
    let heading = format!("{id}-title");
    let labelled = heading.clone();
    view! {
        <dialog class="dialog" id=id aria-labelledby=labelled>
            <div class="dialog-head">
                <h2 id=heading>{title}</h2>
                <form method="dialog">
                    <button class="icon-button" title="Close" aria-label="Close">
                        <Icon name="cross"/>
                    </button>
                </form>
            </div>
            {children()}
        </dialog>
    }
    .into_any()
}

/// Opens a dialog of the page. Returns whether the page has it.
pub fn show_dialog(id: &str) -> bool {
    let dialog =
        document().get_element_by_id(id).and_then(|found| found.dyn_into::<HtmlDialogElement>().ok());
    dialog.is_some_and(|dialog| dialog.open() || dialog.show_modal().is_ok())
}
