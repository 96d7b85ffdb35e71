//! A native dialog: Escape and its buttons close it, the focus goes back to where it was.

use leptos::prelude::*;

use super::icon::Icon;

/// Shown by `keyboard::show_dialog` with its id.
#[component]
pub(in crate::ui) fn Dialog(
    /// Its id in the page.
    id: &'static str,
    /// Its heading.
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
