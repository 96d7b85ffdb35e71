//! One's own second factors: apps and passkeys, how to add and remove one, and recovery codes, which are shown once.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::access::factor_fields::{factor_fields, passkey_button};
use crate::settings::form::{button, confirm, form, opened, text};
use crate::settings::sheet::{Sheet, loaded, table};
use api::{
    AddPasskey, BeginPasskey, BeginStepUp, BeginTotp, ConfirmTotp, RemoveFactor, RenewRecoveryCodes,
    load_factors, take_recovery_codes,
};
use domain::access::factors::{FactorKind, FactorView, OwnFactors, PendingTotp};
use kit::time::full;

/// The recovery codes that were just made, if there are any.
pub(super) fn codes(sheet: Sheet) -> AnyView {
    let codes = sheet.load(take_recovery_codes);
    loaded(codes, |_, codes| match codes {
        Some(codes) => {
            let codes: Vec<_> = codes
                .iter()
                .map(|code| view! { <li><code class="secret">{code.clone()}</code></li> })
                .collect();
            view! {
                <section class="settings-part made" role="status">
                    <h2>"Recovery codes"</h2>
                    <p>
                        "They are shown now and never again. Each lets you in once, if the app or the passkey is lost: \
                         print them, or keep them in a password manager."
                    </p>
                    <ul class="recovery-codes">{codes}</ul>
                </section>
            }
            .into_any()
        }
        None => ().into_any(),
    })
}

/// What there is, and what can be added.
pub(super) fn own(sheet: Sheet) -> AnyView {
    let factors = sheet.load(load_factors);
    loaded(factors, move |_, own| all(sheet, own))
}

fn all(sheet: Sheet, own: &OwnFactors) -> AnyView {
    let factors = &own.view.factors;
    let has_passkey = factors.iter().any(|of| of.kind == FactorKind::Passkey);
    let rows = factors
        .iter()
        .map(|of| {
            vec![
                of.kind.label().into_any(),
                of.name.clone().into_any(),
                full(of.created_at).into_any(),
                of.last_used_at.map_or_else(String::new, full).into_any(),
                remove(sheet, of, has_passkey),
            ]
        })
        .collect();
    let none = if own.view.required {
        "You have none, and something that you hold asks for one: until you set one up, you may do nothing else."
    } else {
        "You have none: whoever knows your password can sign in as you."
    };
    let list = table("Second factors", &["What", "Name", "Set up", "Last used", "Remove"], rows, none);
    let codes = (!factors.is_empty()).then(|| recovery(sheet, own.view.recovery_codes));
    let app = match &own.pending {
        Some(pending) => set_up(sheet, pending),
        None => form(
            sheet,
            BeginTotp::PATH,
            "Now read the picture with the app, and type what it shows.",
            button("Set up an authenticator app", factors.is_empty()),
        ),
    };
    let passkey = own.passkeys.then(|| {
        let fields = view! {
            {text("Name of the passkey", "name", String::new(), false)}
            {passkey_button("make", BeginPasskey::PATH, "Add a passkey")}
        };
        form(sheet, AddPasskey::PATH, "The passkey was added.", fields.into_any())
    });
    view! {
        {list}
        {codes}
        {app}
        {passkey}
    }
    .into_any()
}

fn set_up(sheet: Sheet, pending: &PendingTotp) -> AnyView {
    let PendingTotp { secret, uri, qr, .. } = pending.clone();
    let fields = view! {
        <p>"Read the picture with the app, or type the secret into it. Then type the code that it shows."</p>
        <img class="qr" src=qr alt="The secret as a QR code" width="200" height="200"/>
        <p>
            "Secret: " <code class="secret">{secret}</code>
        </p>
        <p class="settings-note">
            <a href=uri>"Open it in an app on this device"</a>
        </p>
        <label class="field">
            <span class="field-label">"Code that the app shows"</span>
            <input type="text" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="10" required/>
        </label>
        {button("Confirm the app", true)}
    };
    form(sheet, ConfirmTotp::PATH, "The app is your second factor from now on.", fields.into_any())
}

fn remove(sheet: Sheet, of: &FactorView, has_passkey: bool) -> AnyView {
    let fields = view! {
        <input type="hidden" name="id" value=of.id.to_string()/>
        {factor_fields(has_passkey.then_some(BeginStepUp::PATH))}
        {button("Remove it", false)}
    };
    opened(
        format!("Remove {}", of.name),
        form(sheet, RemoveFactor::PATH, "It was removed.", fields.into_any()),
    )
}

fn recovery(sheet: Sheet, left: u32) -> AnyView {
    let fields = view! {
        {confirm("Yes: the old codes are good for nothing then")}
        {button("Make new recovery codes", false)}
    };
    let done = "There are new recovery codes; they are shown above, once.";
    opened(
        format!("{left} recovery codes are left"),
        form(sheet, RenewRecoveryCodes::PATH, done, fields.into_any()),
    )
}
