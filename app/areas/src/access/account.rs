//! Who is signed in, with which roles; their time zone, and the way out. A native popover of plain forms.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::page::PageContext;
use api::SaveTimeZone;
use domain::access::contract::SessionView;
use kit::icon::Icon;
use kit::url::way_back;

/// Zones that are offered: one at least for each offset in use. The server takes every name of the IANA database.
const ZONES: [&str; 46] = [
    "Pacific/Honolulu",
    "America/Anchorage",
    "America/Los_Angeles",
    "America/Phoenix",
    "America/Denver",
    "America/Mexico_City",
    "America/Chicago",
    "America/Bogota",
    "America/New_York",
    "America/Halifax",
    "America/Santiago",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Argentina/Buenos_Aires",
    "Atlantic/Azores",
    "UTC",
    "Europe/Lisbon",
    "Europe/London",
    "Africa/Lagos",
    "Europe/Berlin",
    "Europe/Madrid",
    "Europe/Paris",
    "Europe/Warsaw",
    "Africa/Cairo",
    "Africa/Johannesburg",
    "Europe/Athens",
    "Europe/Kyiv",
    "Africa/Nairobi",
    "Asia/Riyadh",
    "Europe/Istanbul",
    "Asia/Tehran",
    "Asia/Dubai",
    "Asia/Kabul",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Dhaka",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Australia/Adelaide",
    "Australia/Brisbane",
    "Australia/Sydney",
    "Pacific/Auckland",
];

/// The account area of the navigation pane.
#[component]
pub fn Account() -> impl IntoView {
    let Some(PageContext { who: Some(who), settings, .. }) = use_context::<PageContext>() else {
        return ().into_any();
    };
    let SessionView { name, roles, .. } = who;
    let title = format!("Account of {name}");
    view! {
        <div class="account">
            <button class="pane-link" type="button" popovertarget="account" title=title>
                <Icon name="person"/>
                <span class="pane-word">{name.clone()}</span>
            </button>
            <div class="account-menu" id="account" popover="auto" role="group" aria-label="Account">
                <p class="identity">
                    <span class="identity-name">{name}</span>
                    <span class="identity-roles">{roles.join(", ")}</span>
                </p>
                <form class="account-form" method="post" action=SaveTimeZone::PATH>
                    <input type="hidden" name="back" value=way_back()/>
                    <label class="field">
                        <span class="field-label">"Times are shown in the zone"</span>
                        <select name="time_zone">{zones(&settings.zone.name)}</select>
                    </label>
                    <button class="button" type="submit">
                        "Save time zone"
                    </button>
                </form>
                <form method="post" action="/sign-out">
                    <button class="pane-link" type="submit">
                        <Icon name="leave"/>
                        "Sign out"
                    </button>
                </form>
            </div>
        </div>
    }
    .into_any()
}

/// The offered ones, and the person's own if it is another.
pub(crate) fn zones(current: &str) -> Vec<AnyView> {
    let own = (!ZONES.contains(&current)).then(|| current.to_owned());
    let zones = own.into_iter().chain(ZONES.iter().map(|zone| (*zone).to_owned()));
    let option = |zone: String| {
        let (selected, word) = (zone == current, zone.replace('_', " "));
        view! { <option value=zone selected=selected>{word}</option> }.into_any()
    };
    zones.map(option).collect()
}
