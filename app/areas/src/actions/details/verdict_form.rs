//! The form by which a verdict is called wrong, and what became of it.

use leptos::prelude::*;

use crate::actions::wrong_verdict::{VerdictRequests, of_action};
use domain::actions::contract::ActionDetail;

/// The form; nothing for who may not, and where nobody judged.
pub(crate) fn verdict_form(detail: &ActionDetail) -> Option<AnyView> {
    if !detail.report_verdict.is_allowed() || detail.action.verdict.is_none() {
        return None;
    }
    let requests = VerdictRequests::new();
    let undo = detail.undo.is_allowed().then(|| "#undo".to_owned());
    let told = move || match requests.action.value().get() {
        None => String::new(),
        Some(Ok(_)) => "Who proposed it is told.".to_owned(),
        Some(Err(error)) => error.detail,
    };
    Some(
        view! {
            <div class="decide">
                {of_action(&detail.action, undo, requests)}
                <p role="status">{move || told()}</p>
            </div>
        }
        .into_any(),
    )
}
