//! The fields by which a second factor is shown: a code, or a passkey where there is one.

use leptos::prelude::*;
use leptos_meta::Script;

/// The fields, for a form that a server function or the sign-in takes. `options` is where the question for a passkey comes
/// from.
pub(crate) fn factor_fields(options: Option<&'static str>) -> AnyView {
    let passkey = options.map(|options| passkey_button("get", options, "Use a passkey"));
    view! {
        <label class="field">
            <span class="field-label">"Code of the app, or a recovery code"</span>
            <input
                type="text"
                name="code"
                autocomplete="one-time-code"
                autocapitalize="none"
                spellcheck="false"
                maxlength="20"
                required
            />
        </label>
        {passkey}
    }
    .into_any()
}

/// The button that has the browser ask for a passkey, or make one, with the field for the answer.
pub(crate) fn passkey_button(what: &'static str, options: &'static str, label: &'static str) -> AnyView {
    view! {
        <Script src="/passkey.js" type_="module"/>
        <input type="hidden" name="passkey" value=""/>
        <button class="button" type="button" data-passkey=what data-options=options>
            {label}
        </button>
        <p class="passkey-status" role="status" data-passkey-status=""></p>
    }
    .into_any()
}
