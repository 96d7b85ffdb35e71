//! What was shown of an action, as forms send it.

use leptos::prelude::*;

use domain::Action;

/// Hidden inputs with the version and digest that a decision is bound to.
pub(super) fn seen(action: &Action) -> impl IntoView + use<> {
    view! {
        <input type="hidden" name="id" value=action.id.to_string()/>
        <input type="hidden" name="expected_version" value=action.version.to_string()/>
        <input type="hidden" name="digest" value=action.digest.clone()/>
    }
}
