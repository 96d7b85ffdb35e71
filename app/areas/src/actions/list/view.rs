//! The rows of a tab, or what stands in their place.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::empty::{EmptyLane, FoundElsewhere, Narrowed};
use super::per_page::{PerPage, summary};
use crate::actions::location::ListLocation;
use crate::actions::panels::Settings;
use crate::actions::rows::{List, RowHold, Selection, is_running};
use crate::actions::table::action_row::Rows;
use crate::actions::table::action_table::{ActionTable, Layout};
use crate::live::poll_while;
use api::count_actions;
use domain::core::time::Timestamp;
use domain::settings::preference::{Density, TablePreference};
use domain::{ActionPage, ErrorCode, Lane, Preferences};
use kit::clock::ticking;
use kit::derived::{Derived, derived};
use kit::effect::effect;
use kit::failure::Failure;
use kit::pager::{Neighbours, Pager};
use kit::table::row_hold::HeldRowsButton;

/// The kind of content; it changes rarely, so that rows can change without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Rows(Lane),
    /// With how its address restricts the rows.
    Empty(Lane, Option<Narrowed>),
    Failed(ErrorCode),
}

/// The table with its pager, or a placeholder.
#[component]
pub(crate) fn ListView(
    list: List,
    settings: Settings,
    location: Memo<ListLocation>,
    quiet: RwSignal<bool>,
    selection: Selection,
    held: RowHold,
) -> impl IntoView {
    let shape = derived(move || {
        list.read().as_deref().map(|(lane, _, answer)| match answer {
            Ok(page) if page.items.is_empty() && page.prev.is_none() => {
                Shape::Empty(*lane, narrowed(&location.read()))
            }
            Ok(_) => Shape::Rows(*lane),
            Err(error) => Shape::Failed(error.code),
        })
    });
    let actions = Signal::derive(move || held.shown.with(|shown| shown.rows.clone()));
    effect(move || {
        selection.show(held.shown.with(|shown| shown.rows.iter().map(|action| action.id).collect()));
    });
    let layout = derived(move || {
        let preferences = settings.get().and_then(Result::ok).unwrap_or_default();
        layout(&location.read(), &preferences)
    });
    let rendered_at =
        derived(move || page_of(list, |page| page.rendered_at).unwrap_or(Timestamp::UNIX_EPOCH));
    let now = ticking(rendered_at);
    let limit = derived(move || {
        let named = location.read().value("limit").and_then(|limit| limit.parse().ok());
        let preferences = || settings.get().and_then(Result::ok).unwrap_or_default();
        named.unwrap_or_else(|| preferences().table(location.read().lane).limit)
    });
    let neighbours = move || {
        let location = location.read();
        page_of(list, |page| Neighbours {
            previous: page.prev.clone().map(|cursor| location.page(Some(cursor)).href()),
            next: page.next.clone().map(|cursor| location.page(Some(cursor)).href()),
            summary: summary(&location, page.items.len()),
        })
        .unwrap_or_default()
    };
    let running =
        derived(move || page_of(list, |page| page.items.iter().any(is_running)).unwrap_or_default());
    poll_while(running, move || {
        quiet.set(true);
        list.refetch();
    });
    // A load that the person asked for, by a tab or a page, may dim the rows again.
    effect(move || {
        location.track();
        quiet.set(false);
    });
    let elsewhere = RwSignal::new(Vec::new());
    search_elsewhere(shape, location, elsewhere);
    let content = move || {
        shape.get().map(|shape| match shape {
            Shape::Rows(lane) => view! {
                <HeldRowsButton held/>
                <ActionTable lane actions layout rows=Rows::new(location, now, selection)/>
                <Pager neighbours>
                    <PerPage location limit/>
                </Pager>
            }
            .into_any(),
            Shape::Empty(lane, narrowed) => view! { <EmptyLane lane narrowed elsewhere/> }.into_any(),
            Shape::Failed(code) => {
                let href = Signal::derive(move || start_over(&location.read(), code));
                view! {
                    <Failure title="The list could not be loaded" code href retry=move |()| list.refetch()/>
                }
                .into_any()
            }
        })
    };
    view! { <div class="slot">{move || content()}</div> }.into_any()
}

/// Where a search finds nothing, asks whether another tab has it.
fn search_elsewhere(
    shape: Derived<Option<Shape>>,
    location: Memo<ListLocation>,
    elsewhere: RwSignal<Vec<FoundElsewhere>>,
) {
    let asked = derived(move || {
        let Some(Shape::Empty(lane, Some(Narrowed::Search | Narrowed::Both))) = shape.get() else {
            return None;
        };
        let location = location.read();
        let others = Lane::ALL.iter().filter(|other| **other != lane);
        Some(others.map(|other| location.searching_in(*other)).collect::<Vec<_>>())
    });
    effect(move || {
        elsewhere.set(Vec::new());
        for location in asked.get().unwrap_or_default() {
            spawn_local(async move {
                if let Ok(counts) = count_actions(location.lane, location.unordered()).await
                    && asked.try_with_untracked(|asked| asked.iter().flatten().any(|it| *it == location))
                        == Some(true)
                {
                    let found = FoundElsewhere { location, matches: counts.matches, more: counts.more };
                    elsewhere.update(|elsewhere| elsewhere.push(found));
                }
            });
        }
    });
}

fn narrowed(location: &ListLocation) -> Option<Narrowed> {
    let searches = location.value("q").is_some();
    match (searches, location.filters().any(|(name, _)| name != "q")) {
        (true, true) => Some(Narrowed::Both),
        (true, false) => Some(Narrowed::Search),
        (false, true) => Some(Narrowed::Filters),
        (false, false) => None,
    }
}

/// The columns that the address names, or those that the person chose. The tab's own are no choice.
fn layout(location: &ListLocation, preferences: &Preferences) -> Layout {
    let (lane, table) = (location.lane, preferences.table(location.lane));
    let columns = preferences.columns_for(lane, &location.columns().unwrap_or_default());
    let chosen = columns != TablePreference::of(lane).columns;
    Layout { columns, chosen, comfortable: table.density == Density::Comfortable }
}

/// A cursor that the server does not take will not work a second time either.
fn start_over(location: &ListLocation, code: ErrorCode) -> String {
    if code == ErrorCode::Invalid { ListLocation::new(location.lane).href() } else { location.href() }
}

/// Maps the loaded page of the list; `None` while there is none.
pub(crate) fn page_of<T>(list: List, take: impl FnOnce(&ActionPage) -> T) -> Option<T> {
    list.read().as_deref().and_then(|(_, _, answer)| answer.as_ref().ok().map(take))
}
