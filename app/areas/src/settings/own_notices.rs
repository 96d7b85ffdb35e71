//! What somebody is told, by mail, of what they proposed.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::settings::form::{button, field, form};
use crate::settings::sheet::{Sheet, loaded, part};
use api::{SaveOwnNotices, load_own_notices};
use domain::Severity;
use domain::notifications::OwnNotices;

/// Hours that are offered, and what they are called.
const DIGESTS: [(u32, &str); 4] =
    [(1, "Every hour"), (4, "Every 4 hours"), (8, "Every 8 hours"), (24, "Every day")];

/// The part of one's own page.
pub(super) fn own(sheet: Sheet) -> AnyView {
    let notices = sheet.load(load_own_notices);
    loaded(notices, move |_, notices| {
        let note = "How what you proposed, also by a token of yours, was decided, and what came of it.";
        part("What you are told", Some(note), choose(sheet, notices.as_ref()))
    })
}

fn choose(sheet: Sheet, notices: Option<&OwnNotices>) -> AnyView {
    let address = notices.map(|of| of.address.clone()).unwrap_or_default();
    let severity = notices.and_then(|of| of.min_severity);
    let digest = notices.and_then(|of| of.digest_hours);
    let option = |value: String, label: &'static str, selected: bool| {
        view! { <option value=value selected=selected>{label}</option> }.into_any()
    };
    let severities: Vec<_> =
        Severity::ALL.iter().map(|of| option(of.to_string(), of.label(), severity == Some(*of))).collect();
    let digests: Vec<_> = DIGESTS
        .iter()
        .map(|(hours, label)| option(hours.to_string(), label, digest == Some(*hours)))
        .collect();
    let severities = view! {
        <select name="min_severity">
            <option value="">"All"</option>
            {severities}
        </select>
    };
    let digests = view! {
        <select name="digest_hours">
            <option value="">"At once"</option>
            {digests}
        </select>
    };
    let mail =
        view! { <input type="email" name="address" value=address maxlength="254" autocomplete="email"/> };
    let fields = view! {
        {field("Mail address; without one you are told nothing", mail.into_any())}
        {field("Of which severity at least", severities.into_any())}
        {field("Low and informational severity", digests.into_any())}
        {button("Save what I am told", false)}
    };
    form(sheet, SaveOwnNotices::PATH, "It counts from now on.", fields.into_any())
}
