//! The Action center: the list of a tab, and beside it the open action.
//!
//! The URL gives tab, page and open action; two resources follow it. Each decision of the person, and each change that
//! concerns what is shown, makes them load again by the ordinary read path, which keeps rows, scroll and selection.

use leptos::prelude::*;
use leptos_meta::Title;

use super::answers::{announce, news_from_url, show_choices, tell_views};
use super::detail::{Detail, coming, detail_of, open_action};
use super::panels::{Counting, Grouping, Loads, Settings, Views};
use super::sign_in::leave_when_signed_out;
use super::{NotFound, modules};
use crate::api::{
    ApiError, PlanBulk, count_actions, list_actions, load_buckets, load_preferences, load_views,
};
use crate::codec::Json;
use crate::ui::derived::derived;
use crate::ui::focus::{Spot, follow_opening, forget_url_failure, leave_fields_on_escape};
use crate::ui::keyboard::{self, Keys};
use crate::ui::lazy::part;
use crate::ui::live::{Shown, follow, is_running, poll_while, ticking};
use crate::ui::number::grouped;
use crate::ui::parts::{
    ActionTable, BulkBar, BulkNotice, Chips, Decisions, DetailHead, EmptyState, Failure, Flyout, Frame,
    Heard, Held, Layout, Matches, Narrowed, Neighbours, NewRows, News, Pager, Rows, Saving, Skeleton, Tabs,
    Toolbar, ViewChanges, called, is_selectable,
};
use crate::ui::place::{Panel, Place, use_place};
use crate::ui::selection::Selection;
use crate::ui::stream::Live;
use crate::ui::whenever::{once_painted, whenever};
use domain::core::time::Timestamp;
use domain::settings::preference::{Density, TablePreference};
use domain::{Action, ActionId, ActionPage, ErrorCode, Lane, Preferences};

/// With the place that it was loaded for.
pub(super) type List = Resource<(Lane, String, Result<ActionPage, ApiError>), Json>;

/// One of the tabs, or the page for a tab that does not exist.
#[component]
pub(in crate::ui) fn ActionCenter() -> impl IntoView {
    let place = use_place();
    // Settled once, as no link of ours leads from one to the other: what a closure builds, the server builds anew each
    // time that it looks whether all data is there, with loads of its own that nobody waits for.
    if place.read_untracked().is_some() {
        let here = Memo::new(move |_| place.get().unwrap_or(Place::of(Lane::Pending)));
        view! { <Board here/> }.into_any()
    } else {
        view! { <NotFound/> }.into_any()
    }
}

#[component]
fn Board(here: Memo<Place>) -> impl IntoView {
    let asks = Memo::new(move |_| {
        let here = here.read();
        (here.lane, here.asks(), here.cursor.clone())
    });
    let list: List = Resource::new_with_options(
        move || asks.get(),
        |asked| async move {
            let of = name_of(&asked);
            let (lane, shows, cursor) = asked;
            (lane, of, list_actions(lane, shows, cursor).await)
        },
        false,
    );
    let settings: Settings = Resource::new_with_options(|| (), |()| load_preferences(), false);
    let detail: Detail = Resource::new_with_options(
        move || here.read().open.clone(),
        |open| async move { Some(open_action(open?).await) },
        false,
    );
    let selection = Selection::new(here);
    let panel = Memo::new(move |_| here.read().panel);
    // The rows come first: the counts are asked for once these are painted.
    let painted = RwSignal::new(asks.with_untracked(name_of));
    whenever(move || {
        list.track();
        once_painted(move || {
            let of = list.try_read_untracked().and_then(|list| list.as_ref().map(|(_, of, _)| of.clone()));
            drop(of.map(|of| painted.try_set(of)));
        });
    });
    let to_count = Memo::new(move |before: Option<&Option<(Lane, String)>>| {
        if asks.with(name_of) != *painted.read() {
            return before.cloned().flatten();
        }
        let wanted = panel.get() == Some(Panel::Filters) || !selection.is_empty();
        wanted.then(|| (here.read().lane, here.read().unordered()))
    });
    let counting: Counting = Resource::new_with_options(
        move || to_count.get(),
        |wanted| async move {
            let (lane, shows) = wanted?;
            Some((lane, count_actions(lane, shows).await))
        },
        false,
    );
    let changes = ViewChanges::new();
    let views: Views = Resource::new_with_options(
        move || (panel.get() == Some(Panel::Views), changes.version()),
        |(wanted, _)| async move { Some(load_views().await).filter(|_| wanted) },
        false,
    );
    // Also from inside of one bucket, the others are in sight.
    let grouping: Grouping = Resource::new_with_options(
        move || {
            let wanted = panel.get() == Some(Panel::Similar) && here.read().lane == Lane::Pending;
            wanted.then(|| here.read().with("similar", None).unordered())
        },
        |wanted| async move { Some(load_buckets(Lane::Pending, wanted?).await) },
        false,
    );
    let loads = Loads::new(here, counting, settings, views, grouping);
    let saving = Saving::new();
    let plan = ServerAction::<PlanBulk>::new();
    let decisions = Decisions::new();
    let news = RwSignal::new(news_from_url(decisions));
    let wants_focus = StoredValue::new(false);
    let is_open = Memo::new(move |_| here.read().open.is_some());
    let quiet = RwSignal::new(false);
    let loading = RwSignal::new(false);
    let selected = Signal::derive(move || !selection.is_empty());
    let of_page = move || {
        let of = list.read().as_ref().map(|(_, of, _)| of.clone()).unwrap_or_default();
        (of, page_of(list, |page| page.items.clone()).unwrap_or_default())
    };
    let held = Held::new(of_page, selected);
    let spot = Spot::new(held.shown);
    let heard = RwSignal::new(None);

    announce(here, decisions, news, wants_focus, move |id| {
        quiet.set(true);
        // If it leaves, it was not pushed out by others.
        if id.is_some() {
            held.note(id);
        }
        list.refetch();
        detail.refetch();
        grouping.refetch();
    });
    show_choices(here, saving, move || {
        quiet.set(true);
        settings.refetch();
        list.refetch();
    });
    tell_views(here, changes);
    follow(Shown {
        here,
        row: move |id| {
            let shown = held.shown.read_untracked();
            let row = shown.rows.iter().find(|row| row.id == id)?;
            Some(called(row).1)
        },
        note: move |id| held.note(id),
        list: move || {
            quiet.set(true);
            list.refetch();
            grouping.refetch();
        },
        detail: move || detail.refetch(),
        tell: move |text, of_open| {
            if of_open {
                news.set(Some(News::Heard(text)));
            } else {
                heard.set(Some(text));
            }
        },
    });
    whenever(move || {
        here.track();
        heard.set(None);
    });
    follow_opening(here, news, wants_focus, spot);
    let investigation = Callback::new(move |id: ActionId| {
        let of = |action: &Action| (action.id == id).then(|| action.investigation_id.clone());
        let listed = untrack(|| page_of(list, |page| page.items.iter().find_map(of)));
        listed
            .flatten()
            .or_else(|| untrack(|| detail_of(detail, |detail| of(&detail.action))).flatten())
            .flatten()
    });
    let around = RwSignal::new((None, None));
    keyboard::listen(Keys { here, selection, spot, around, investigation });
    leave_fields_on_escape();
    forget_url_failure(here);

    // Only once the page is alive, as it stands outside of what waits for the list.
    let matches = RwSignal::new(None);
    whenever(move || {
        let open = here.read().open.as_ref().and_then(|open| open.parse::<ActionId>().ok());
        around.set(open.map(|open| spot.around(open)).unwrap_or_default());
    });
    let steps = Signal::derive(move || {
        let link = |id: Option<ActionId>| id.map(|id| here.read().with_open(id).href());
        let (before, after) = around.get();
        (link(before), link(after))
    });
    whenever(move || matches.set(counted(counting)));
    // Nobody sees them before they ask, and nobody can ask without scripts.
    let wants_dialogs = RwSignal::new(false);
    whenever(move || once_painted(move || wants_dialogs.set(true)));
    let now_loading = move || loading.get() && !quiet.get();
    let counts = Live::of_page().counts;
    let first_row = move || held.shown.with(|shown| shown.rows.first().cloned());
    rehearse(first_row, steps, news);
    let title = move || {
        let pending = counts.get().map_or(0, |counts| counts.pending);
        let waits = if pending > 0 { format!("({}) ", grouped(pending)) } else { String::new() };
        format!("{waits}{} · Action center · Countersign", here.read().lane.label())
    };
    // The server may write the head after the page is rendered and its signals are gone.
    #[cfg(feature = "ssr")]
    let title = title();
    view! {
        <Title text=title/>
        <Frame>
            <div class="board" class:with-flyout=is_open>
                <header class="page-head">
                    <div class="page-title">
                        <h1>"Action center"</h1>
                        <Heard text=heard/>
                    </div>
                    <Tabs here/>
                    <BulkNotice plan/>
                </header>
                <section class="list" class:loading=now_loading aria-label=move || here.read().lane.label()>
                    <div class="list-head">
                        <Toolbar here/>
                        <Chips here/>
                    </div>
                    <div class="list-body">
                        {move || panel.get().map(|panel| part(modules::panel(panel, here, loads, saving, changes), || ().into_any()))}
                        <div class="list-main">
                            <Transition fallback=Skeleton set_pending=loading>
                                <ListView list settings here quiet selection held/>
                            </Transition>
                            {move || {
                                let lane = loads.lane.get();
                                is_selectable(lane).then(|| view! { <BulkBar lane here selection matches plan/> }.into_any())
                            }}
                        </div>
                    </div>
                </section>
                {move || wants_dialogs.get().then(|| part(modules::dialogs(here), || ().into_any()))}
                {move || {
                    is_open
                        .get()
                        .then(|| {
                            view! {
                                <Flyout close=Signal::derive(move || here.read().closed().href()) around=steps news>
                                    {part(
                                        modules::details(list, detail, here, held, decisions, news, wants_focus),
                                        move || coming(here, held),
                                    )}
                                </Flyout>
                            }
                            .into_any()
                        })
                }}
            </div>
        </Frame>
    }
}

/// Renders a flyout that nobody sees, once the page stands: browsers compile a function when it is called for the first
/// time, and so a third of those that the page's first flyout needs are compiled before somebody waits for it.
fn rehearse(
    action: impl Fn() -> Option<Action> + 'static,
    around: Signal<(Option<String>, Option<String>)>,
    news: RwSignal<Option<News>>,
) {
    whenever(move || {
        let action = untrack(&action);
        let head = action.map(|action| view! { <DetailHead action heading=NodeRef::new()/> });
        let close = Signal::derive(String::new);
        drop(view! { <Flyout close around news>{head}</Flyout> }.into_any().build());
    });
}

/// Which list it is, by what it was asked for.
fn name_of((lane, shows, cursor): &(Lane, String, Option<String>)) -> String {
    format!("{lane} {shows} {}", cursor.as_deref().unwrap_or_default())
}

/// How many rows there are to select, as far as they are counted.
fn counted(counting: Counting) -> Option<Matches> {
    let answer = counting.read();
    let (_, counts) = answer.as_ref()?.as_ref()?;
    counts.as_ref().ok().map(|counts| Matches { count: counts.matches, more: counts.more })
}

/// What the list shows; it changes rarely, so that rows can change alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Rows(Lane),
    /// By what its address asks for some rows only.
    Empty(Lane, Option<Narrowed>),
    Failed(ErrorCode),
}

#[component]
fn ListView(
    list: List,
    settings: Settings,
    here: Memo<Place>,
    quiet: RwSignal<bool>,
    selection: Selection,
    held: Held,
) -> impl IntoView {
    let shape = derived(move || {
        list.read().as_ref().map(|(lane, _, answer)| match answer {
            Ok(page) if page.items.is_empty() && page.prev.is_none() => {
                Shape::Empty(*lane, narrowed(&here.read()))
            }
            Ok(_) => Shape::Rows(*lane),
            Err(error) => Shape::Failed(error.code),
        })
    });
    let actions = Signal::derive(move || held.shown.with(|shown| shown.rows.clone()));
    whenever(move || {
        selection.show(held.shown.with(|shown| shown.rows.iter().map(|action| action.id).collect()));
    });
    let layout = derived(move || {
        let preferences = settings.get().and_then(Result::ok).unwrap_or_default();
        layout(&here.read(), &preferences)
    });
    let rendered_at =
        derived(move || page_of(list, |page| page.rendered_at).unwrap_or(Timestamp::UNIX_EPOCH));
    let now = ticking(rendered_at);
    let limit = derived(move || {
        let named = here.read().value("limit").and_then(|limit| limit.parse().ok());
        let preferences = || settings.get().and_then(Result::ok).unwrap_or_default();
        named.unwrap_or_else(|| preferences().table(here.read().lane).limit)
    });
    let neighbours = move || {
        let here = here.read();
        page_of(list, |page| Neighbours {
            previous: page.prev.clone().map(|cursor| here.page(Some(cursor)).href()),
            next: page.next.clone().map(|cursor| here.page(Some(cursor)).href()),
            rows: page.items.len(),
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
    whenever(move || {
        here.track();
        quiet.set(false);
    });
    leave_when_signed_out(here, move || matches!(shape.get(), Some(Shape::Failed(ErrorCode::NotSignedIn))));
    let content = move || {
        shape.get().map(|shape| match shape {
            Shape::Rows(lane) => view! {
                <NewRows held/>
                <ActionTable lane actions layout rows=Rows::new(here, now, selection)/>
                <Pager here limit neighbours/>
            }
            .into_any(),
            Shape::Empty(lane, narrowed) => view! { <EmptyState lane narrowed/> }.into_any(),
            Shape::Failed(code) => {
                let href = Signal::derive(move || start_over(&here.read(), code));
                view! {
                    <Failure title="The list could not be loaded" code href retry=move |()| list.refetch()/>
                }
                .into_any()
            }
        })
    };
    view! { <div class="slot">{move || content()}</div> }.into_any()
}

fn narrowed(here: &Place) -> Option<Narrowed> {
    let searches = here.value("q").is_some();
    match (searches, here.filters().any(|(name, _)| name != "q")) {
        (true, true) => Some(Narrowed::Both),
        (true, false) => Some(Narrowed::Search),
        (false, true) => Some(Narrowed::Filters),
        (false, false) => None,
    }
}

/// The columns that the address names, or those that the person chose. The tab's own are no choice.
fn layout(here: &Place, preferences: &Preferences) -> Layout {
    let (lane, table) = (here.lane, preferences.table(here.lane));
    let columns = preferences.columns_for(lane, &here.columns().unwrap_or_default());
    let chosen = columns != TablePreference::of(lane).columns;
    Layout { columns, chosen, comfortable: table.density == Density::Comfortable }
}

fn page_of<T>(list: List, take: impl FnOnce(&ActionPage) -> T) -> Option<T> {
    list.read().as_ref().and_then(|(_, _, answer)| answer.as_ref().ok().map(take))
}

/// A cursor that the server does not take will not work a second time either.
fn start_over(here: &Place, code: ErrorCode) -> String {
    if code == ErrorCode::Invalid { Place::of(here.lane).href() } else { here.href() }
}
