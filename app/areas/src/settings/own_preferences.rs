//! How somebody is called, and how pages look to them.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::access::account::zones;
use crate::page::PageContext;
use crate::settings::form::{button, field, form, text};
use crate::settings::sheet::{Sheet, loaded, part};
use api::{RenameOwn, SaveColorScheme, SaveDensity, SaveTimeZone, load_preferences};
use domain::settings::preference::{ColorScheme, Density};
use domain::{Lane, Preferences};
use kit::url::way_back;

/// The parts of one's own page.
pub(super) fn own(sheet: Sheet) -> AnyView {
    let preferences = sheet.load(load_preferences);
    let Some(PageContext { who: Some(who), settings, .. }) = use_context() else { return ().into_any() };
    let name = view! {
        {text("Name to show", "display_name", who.name, true)}
        {button("Save my name", false)}
    };
    let name = form(
        sheet,
        RenameOwn::PATH,
        "Your name was saved; what you did before keeps the name of then.",
        name.into_any(),
    );
    // These change the page as a whole, so the browser loads it anew.
    let zone = view! { <select name="time_zone">{zones(&settings.zone.name)}</select> };
    let zone = whole(SaveTimeZone::PATH, "Times are shown in the zone", zone.into_any(), "Save my time zone");
    let schemes =
        ColorScheme::ALL.iter().map(|of| option(of.as_str(), of.label(), *of == settings.color_scheme));
    let scheme = view! { <select name="color_scheme">{schemes.collect::<Vec<_>>()}</select> };
    let scheme = whole(SaveColorScheme::PATH, "Pages are", scheme.into_any(), "Save light or dark");
    let density = loaded(preferences, move |_, preferences| density(sheet, preferences));
    view! {
        {part("Your name", None, name)}
        {part(
            "How pages look",
            Some("Columns and rows a page are under Customize columns of each list."),
            view! {
                {zone}
                {scheme}
                {density}
            }
                .into_any(),
        )}
    }
    .into_any()
}

fn option(value: &'static str, label: &'static str, selected: bool) -> AnyView {
    view! { <option value=value selected=selected>{label}</option> }.into_any()
}

/// A form with one choice, after which the page is loaded anew.
fn whole(path: &'static str, label: &'static str, select: AnyView, save: &'static str) -> AnyView {
    view! {
        <form class="settings-form" method="post" action=path>
            <input type="hidden" name="back" value=way_back()/>
            {field(label, select)}
            {button(save, false)}
        </form>
    }
    .into_any()
}

fn density(sheet: Sheet, preferences: &Preferences) -> AnyView {
    // The same in all lists, or none is chosen.
    let of = |lane: &Lane| preferences.table(*lane).density;
    let first = of(&Lane::Pending);
    let same = Lane::ALL.iter().all(|lane| of(lane) == first);
    let choices = Density::ALL
        .iter()
        .map(|of| option(of.as_str(), of.label(), same && *of == first))
        .collect::<Vec<_>>();
    let fields = view! {
        {field("Rows in all lists are", view! { <select name="density">{choices}</select> }.into_any())}
        {button("Save the density", false)}
    };
    form(sheet, SaveDensity::PATH, "All lists are shown like that.", fields.into_any())
}
