//! The keys and what they do.

use kit::dialog::Dialog;
use leptos::prelude::*;

const KEYS: [(&[&str], &str); 14] = [
    (&["j", "k"], "Next, previous action"),
    (&["Enter"], "Open the action"),
    (&["x"], "Select the row"),
    (&["Shift x"], "Select up to the row"),
    (&["a"], "Approve: asks first"),
    (&["r"], "Reject: asks for the reason"),
    (&["u"], "Undo: asks for the reason"),
    (&["e"], "Open the investigation"),
    (&["z"], "To the message that offers Undo"),
    (&["/"], "Search"),
    (&["Ctrl k"], "Go to anything"),
    (&["Esc"], "Close, then clear"),
    (&["?"], "These keys"),
    (&["Tab"], "Everything else"),
];

/// The dialog `help`.
#[component]
pub fn Help() -> impl IntoView {
    let rows = KEYS
        .iter()
        .map(|(keys, what)| {
            let keys = keys.iter().map(|key| view! { <kbd>{*key}</kbd> }.into_any()).collect_view();
            view! {
                <div class="key">
                    <dt>{*what}</dt>
                    <dd>{keys}</dd>
                </div>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <Dialog id="help" title="Keyboard">
            <div class="dialog-body" tabindex="0">
                <dl class="keys">{rows}</dl>
                <p class="side-panel-note">
                    "One key never decides. With rows selected, a, r and u lead to a preview of all of them."
                </p>
            </div>
        </Dialog>
    }
    .into_any()
}
