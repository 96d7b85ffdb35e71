//! What stands beside or over the page: panels, dialogs. Dialogs stand still here, and open by their buttons.

use std::sync::Arc;

use leptos::prelude::*;

use super::lists::location;
use super::{sample, section};
use areas::actions::details::confirm::Confirm;
use areas::actions::dialogs::help::Help;
use areas::actions::dialogs::palette::Palette;
use areas::actions::location::ListLocation;
use areas::actions::panels::column_panel::ColumnForm;
use areas::actions::panels::column_panel::Saving;
use areas::actions::panels::filter_panel::FilterForm;
use areas::actions::panels::view_panel::ViewChanges;
use areas::actions::panels::view_panel::ViewList;
use domain::actions::query::{Counts, Facet, FacetCounts, FacetValue};
use domain::settings::preference::TablePreference;
use domain::{Lane, SavedView};
use kit::derived::derived;
use kit::panel::SidePanel;
use kit::toasts::{self, Toast, ToastAction};

pub(super) fn chapter() -> AnyView {
    let location = Memo::new(|_| location());
    view! {
        {section("Panels", panels(location))}
        {section("A question before the last step", view! { <Confirm action=sample::irreversible() impact="Hits 39 messages in 12 mailboxes.".to_owned() confirmed=StoredValue::new(false)/> {opens("confirm")} })}
        {section("Said in passing", toasts())}
        {section("Keys", view! { <Help/> {opens("help")} })}
        {section("Commands", view! { <Palette location/> {opens("palette")} })}
    }
    .into_any()
}

fn panels(location: Memo<ListLocation>) -> impl IntoView {
    let counted = derived(|| Some(counts()));
    let table = TablePreference::of(Lane::History);
    view! {
        <SidePanel id="filters" title="Filters" close=|| "#layers".to_owned()>
            <FilterForm location counted/>
        </SidePanel>
        <SidePanel id="columns" close=|| "#layers".to_owned() title="Customize columns">
            <ColumnForm location table saving=Saving::new()/>
        </SidePanel>
        <SidePanel id="views" close=|| "#layers".to_owned() title="Saved views">
            <ViewList location views=views() changes=ViewChanges::new()/>
        </SidePanel>
    }
}

fn toasts() -> impl IntoView {
    let undo = || Some(ToastAction::Undo(Arc::new(|| ())));
    let said = [
        ("View Mail of the harbour office in Rotterdam, all languages deleted.", undo()),
        ("The column Severity is hidden.", undo()),
        ("Approved: Isolate device on hr-ws-022.", Some(ToastAction::To("View", "#layers".to_owned()))),
        ("Nothing was changed: the database is busy. Try again in a few seconds.", None),
    ];
    let going = [
        ("Export: 420\u{202f}000 of 1\u{202f}000\u{202f}000 rows", Some((420_000, Some(1_000_000)))),
        ("Export: 84\u{202f}112 rows so far", Some((84_112, None))),
    ];
    let said = said.map(|(text, action)| Toast::new("", text.to_owned(), action));
    let going = going.map(|(text, so_far)| Toast::new("export", text.to_owned(), None).until(so_far));
    let said = said.into_iter().chain(going).map(|toast| toasts::item(toast, RwSignal::new(None)));
    view! { <div class="toasts">{said.collect_view()}</div> }
}

fn counts() -> Counts {
    let facet = |facet, values: &[(&str, u64)]| FacetCounts {
        facet,
        values: values
            .iter()
            .map(|(value, count)| FacetValue { value: (*value).to_owned(), count: Some(*count) })
            .collect(),
    };
    let types =
        ["quarantine_file", "stop_process", "isolate_device", "block_url", "disable_user", "release_user"];
    let types: Vec<_> =
        types.iter().zip([48_120, 2_331, 904, 77, 12, 3]).map(|(name, count)| (*name, count)).collect();
    Counts {
        matches: 1_204,
        more: false,
        facets: vec![
            facet(
                Facet::Severity,
                &[("critical", 38), ("high", 412), ("medium", 603), ("low", 151), ("informational", 0)],
            ),
            facet(Facet::ActionType, &[&types[..], &[("collect_investigation_package", 1)]].concat()),
            facet(Facet::DeviceGroup, &[("Servers Rotterdam", 77), ("Workstations Hamburg", 512)]),
        ],
    }
}

fn views() -> Vec<SavedView> {
    let view = |number: u128, name: &str, is_default| SavedView {
        id: uuid::Uuid::from_u128(number).into(),
        name: name.to_owned(),
        lane: Lane::Pending,
        shows: "severity=critical".to_owned(),
        is_default,
    };
    vec![
        view(1, "Critical first", true),
        view(2, "Mail of the harbour office in Rotterdam, all languages", false),
    ]
}

/// The same, as it opens over the page.
fn opens(dialog: &'static str) -> impl IntoView {
    view! {
        <button class="button" type="button" command="show-modal" commandfor=dialog>
            "Open it…"
        </button>
    }
}
