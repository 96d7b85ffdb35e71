//! A list with all that stands around it, in the order of the page: tabs, toolbar, chips, table, bulk bar, pager.

use leptos::prelude::*;

use super::sample::{self, NOW};
use super::section;
use areas::actions::chips::Chips;
use areas::actions::list::bulk_bar::{BulkBar, Matches};
use areas::actions::list::per_page::{PerPage, summary};
use areas::actions::list::tabs::LaneTabs;
use areas::actions::list::toolbar::Toolbar;
use areas::actions::location::ListLocation;
use areas::actions::table::action_row::Rows;
use areas::actions::table::action_table::{ActionTable, Layout};
use domain::actions::query::Column;
use domain::settings::preference::TablePreference;
use domain::{Action, Lane};
use kit::derived::derived;
use kit::icon::Icon;
use kit::pager::{Neighbours, Pager};
use kit::table::selection::Selection;

pub(super) fn chapter() -> AnyView {
    let location = Memo::new(|_| location());
    view! {
        {section("Tabs", wide(view! { <LaneTabs location/> }))}
        {section("Toolbar", wide(view! { <Toolbar location/> }))}
        {section("Chips", wide(view! { <Chips location/> }))}
        {section("Rows as everybody has them, one selected; cards below 640 px", wide(table(location, false)))}
        {section("Rows with all columns, comfortable", wide(table(location, true)))}
        {section("Bulk bar: some rows, all that match", wide(view! { {bulk_bar(location, false)} {bulk_bar(location, true)} }))}
        {section("Pager: in the middle, all on one page", wide(pagers(location)))}
        {section("New rows that wait", row_hold())}
    }
    .into_any()
}

/// A list that is narrowed in several ways.
pub(super) fn location() -> ListLocation {
    let group = "Workstations of the terminals in Rotterdam, Maasvlakte and Europoort";
    ListLocation::new(Lane::History)
        .with("severity", Some("critical"))
        .with("type", Some("stop_process"))
        .with("device_group", Some(group))
        .with("decided_by", Some("Priya Ragh\u{200b}unathan"))
}

fn wide(content: impl IntoView + 'static) -> AnyView {
    view! { <div class="wide-state">{content.into_any()}</div> }.into_any()
}

fn samples() -> Vec<Action> {
    vec![sample::pending(), sample::irreversible(), sample::completed(), sample::unknown()]
}

fn table(location: Memo<ListLocation>, all: bool) -> impl IntoView {
    let lane = Lane::Pending;
    let every = || Column::ALL.iter().map(|column| (*column).into()).collect();
    let columns = if all { every() } else { TablePreference::of(lane).columns };
    let selection = Selection::new(location);
    selection.show(samples().iter().map(|action| action.id).collect());
    selection.toggle(sample::irreversible().id, false);
    let layout = Layout { columns, chosen: all, comfortable: all };
    let rows = Rows::new(location, derived(|| NOW), selection);
    view! { <ActionTable lane actions=Signal::derive(samples) layout=derived(move || layout.clone()) rows/> }
}

fn bulk_bar(location: Memo<ListLocation>, all: bool) -> impl IntoView {
    let selection = Selection::new(location);
    if all {
        selection.everything();
    }
    selection.toggle(sample::pending().id, false);
    let matches = RwSignal::new(Some(Matches { count: 1_204, more: false }));
    view! { <BulkBar lane=Lane::Pending location selection matches plan=ServerAction::new()/> }
}

fn pagers(here: Memo<ListLocation>) -> impl IntoView {
    let middle = || Neighbours {
        previous: Some("#lists".into()),
        next: Some("#lists".into()),
        summary: summary(&location(), 50),
    };
    let whole = || Neighbours { previous: None, next: None, summary: summary(&location(), 1) };
    let limit = derived(|| 50);
    view! {
        <Pager neighbours=middle>
            <PerPage location=here limit/>
        </Pager>
        <Pager neighbours=whole>
            <PerPage location=here limit/>
        </Pager>
    }
}

fn row_hold() -> impl IntoView {
    view! {
        <div class="new-rows">
            <button class="button primary" type="button">
                <Icon name="sort-up"/>
                "4 new"
            </button>
        </div>
    }
}
