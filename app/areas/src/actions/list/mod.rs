//! The Action center: the list of a tab, and beside it the open action.
//!
//! The URL gives tab, page and open action; two resources follow it. Each decision of the person, and each change that
//! concerns what is shown, makes them load again by the ordinary read path, which keeps rows, scroll and selection.

mod answers;
pub mod bulk_bar;
mod bulk_notice;
pub mod empty;
mod focus;
mod follow;
mod keyboard;
pub mod per_page;
pub mod tabs;
pub mod toolbar;
mod view;

use leptos::prelude::*;
use leptos_meta::Title;

use self::answers::{announce, news_from_url, show_choices, tell_views};
use self::bulk_bar::{BulkBar, Matches};
use self::bulk_notice::BulkNotice;
use self::focus::{FocusAnchor, follow_opening, forget_url_failure};
use self::follow::{ChangeTargets, follow};
use self::keyboard::Keys;
use self::tabs::LaneTabs;
use self::toolbar::Toolbar;
use self::view::{ListView, page_of};
use crate::actions::chips::Chips;
use crate::actions::details::action_detail::DetailHead;
use crate::actions::details::decide::{Decisions, called};
use crate::actions::details::{DETAILS, Detail, coming, detail_of, details, open_action};
use crate::actions::dialogs::dialogs;
use crate::actions::location::{ListLocation, Panel, use_list_location};
use crate::actions::panels::column_panel::Saving;
use crate::actions::panels::view_panel::ViewChanges;
use crate::actions::panels::{Counting, Grouping, PANELS, PanelData, Settings, Views, panel as side_panel};
use crate::actions::rows::{List, RowHold, Selection};
use crate::actions::start::DefaultView;
use crate::actions::table::action_table::is_selectable;
use crate::live::outage::Outage;
use crate::live::stream::{Connection, Live};
use api::{Load, PlanBulk, count_actions, list_actions, load_buckets, load_preferences, load_views};
use domain::core::text::format_count;
use domain::{Action, ActionId, Lane};
use kit::effect::{after_paint, effect};
use kit::flyout::Flyout;
use kit::focus::leave_fields_on_escape;
use kit::lazy::part;
use kit::notice::Announcement;
use kit::remote_change::RemoteChange;
use kit::skeleton::Skeleton;

kit::page! {
    module: list,
    function: list / preload_list,
    paths: ["/action-center/pending", "/action-center/in-progress", "/action-center/history"],
    parts: { "panel": PANELS, "open": DETAILS },
    view: view! { <ActionCenter/> }.into_any(),
}

/// The page of a tab.
#[component]
fn ActionCenter() -> impl IntoView {
    let location = use_list_location();
    let location = Memo::new(move |_| location.get().unwrap_or(ListLocation::new(Lane::Pending)));
    view! { <Board location/> }
}

#[component]
fn Board(location: Memo<ListLocation>) -> impl IntoView {
    let asks = Memo::new(move |_| {
        let location = location.read();
        (location.lane, location.asks(), location.cursor.clone())
    });
    let outage = Outage::current();
    let kept = StoredValue::new(None);
    let list: List = Load::new(
        move || asks.get(),
        move |asked| async move {
            let of = name_of(&asked);
            let (lane, shows, cursor) = asked;
            let answer = list_actions(lane, shows, cursor).await;
            let answer = outage.keep(kept, &of, answer);
            (lane, of, answer)
        },
    );
    let settings: Settings = Load::new(|| (), |()| load_preferences());
    outage.remember(kept, move || {
        let loaded = list.read();
        let (_, of, answer) = loaded.as_deref()?;
        Some((of.clone(), answer.as_ref().ok()?.clone()))
    });
    let kept = StoredValue::new(None);
    let detail: Detail = Load::new(
        move || location.read().open.clone(),
        move |open| async move {
            let open = open?;
            let answer = open_action(open.clone()).await;
            Some(outage.keep(kept, &open, answer))
        },
    );
    outage.remember(kept, move || detail_of(detail, |detail| (detail.action.id.to_string(), detail.clone())));
    outage.again(move || {
        list.refetch();
        detail.refetch();
    });
    let selection = Selection::new(Memo::new(move |_| (location.read().lane, location.read().unordered())));
    let panel = Memo::new(move |_| location.read().panel);
    // The rows come first: the counts are asked for once these are painted.
    let painted = RwSignal::new(asks.with_untracked(name_of));
    effect(move || {
        list.track();
        after_paint(move || {
            let of = list.read_untracked().map(|list| list.1.clone());
            drop(of.map(|of| painted.try_set(of)));
        });
    });
    let to_count = Memo::new(move |before: Option<&Option<(Lane, String)>>| {
        if asks.with(name_of) != *painted.read() {
            return before.cloned().flatten();
        }
        let wanted = panel.get() == Some(Panel::Filters) || !selection.is_empty();
        wanted.then(|| (location.read().lane, location.read().unordered()))
    });
    let counting: Counting = Load::new(
        move || to_count.get(),
        |wanted| async move {
            let (lane, shows) = wanted?;
            Some((lane, count_actions(lane, shows).await))
        },
    );
    let changes = ViewChanges::new();
    let views: Views = Load::new(
        move || (panel.get() == Some(Panel::Views), changes.version()),
        |(wanted, _)| async move { Some(load_views().await).filter(|_| wanted) },
    );
    let default_view = DefaultView::current();
    effect(move || {
        if let Some(Some(Ok(views))) = views.read().as_deref() {
            default_view.find(views);
        }
    });
    // Also from inside of one bucket, the others are in sight.
    let grouping: Grouping = Load::new(
        move || {
            let wanted = panel.get() == Some(Panel::Similar) && location.read().lane == Lane::Pending;
            wanted.then(|| location.read().with("similar", None).unordered())
        },
        |wanted| async move { Some(load_buckets(Lane::Pending, wanted?).await) },
    );
    let loads = PanelData::new(location, counting, settings, views, grouping);
    let saving = Saving::new();
    let plan = ServerAction::<PlanBulk>::new();
    let decisions = Decisions::new();
    let news = RwSignal::new(news_from_url(decisions));
    let wants_focus = StoredValue::new(false);
    let is_open = Memo::new(move |_| location.read().open.is_some());
    let quiet = RwSignal::new(false);
    let loading = RwSignal::new(false);
    let selected = Signal::derive(move || !selection.is_empty());
    let current = move || {
        let of = list.read().map(|list| list.1.clone()).unwrap_or_default();
        (of, page_of(list, |page| page.items.clone()).unwrap_or_default())
    };
    let link = Live::current().link;
    let held =
        RowHold::new(".action-table", current, selected, move || link.get_untracked() == Connection::Live);
    let spot = FocusAnchor::new(held.shown);
    let remote_change = RwSignal::new(None);

    announce(location, decisions, news, wants_focus, move |id| {
        quiet.set(true);
        // If it leaves, it was not pushed out by others.
        if id.is_some() {
            held.note(id);
        }
        list.refetch();
        counting.refetch();
        detail.refetch();
        grouping.refetch();
    });
    show_choices(location, saving, move || {
        quiet.set(true);
        settings.refetch();
        list.refetch();
    });
    tell_views(location, changes);
    follow(ChangeTargets {
        location,
        row: move |id| {
            let shown = held.shown.read_untracked();
            let row = shown.rows.iter().find(|row| row.id == id)?;
            Some(called(row).1)
        },
        note: move |id| held.note(id),
        list: move || {
            quiet.set(true);
            list.refetch();
            counting.refetch();
            grouping.refetch();
        },
        detail: move || detail.refetch(),
        tell: move |text, of_open| {
            if of_open {
                news.set(Some(Announcement::RemoteChange(text)));
            } else {
                remote_change.set(Some(text));
            }
        },
    });
    effect(move || {
        location.track();
        remote_change.set(None);
    });
    follow_opening(location, news, wants_focus, spot);
    let investigation = Callback::new(move |id: ActionId| {
        let of = |action: &Action| (action.id == id).then(|| action.investigation_id.clone());
        let listed = untrack(|| page_of(list, |page| page.items.iter().find_map(of)));
        listed
            .flatten()
            .or_else(|| untrack(|| detail_of(detail, |detail| of(&detail.action))).flatten())
            .flatten()
    });
    let around = RwSignal::new((None, None));
    let dialog = RwSignal::new(None);
    keyboard::listen(Keys { location, selection, spot, around, investigation, dialog });
    leave_fields_on_escape();
    forget_url_failure(location);

    // Only once the page is alive, as it stands outside of what waits for the list.
    let matches = RwSignal::new(None);
    effect(move || {
        let open = location.read().open.as_ref().and_then(|open| open.parse::<ActionId>().ok());
        around.set(open.map(|open| spot.around(open)).unwrap_or_default());
    });
    let steps = Signal::derive(move || {
        let link = |id: Option<ActionId>| id.map(|id| location.read().with_open(id).href());
        let (before, after) = around.get();
        (link(before), link(after))
    });
    effect(move || matches.set(counted(counting)));
    // Nobody sees them before they ask, and nobody can ask without scripts.
    let wants_dialogs = RwSignal::new(false);
    effect(move || after_paint(move || wants_dialogs.set(true)));
    let now_loading = move || loading.get() && !quiet.get();
    let counts = Live::current().counts;
    let first_row = move || held.shown.with(|shown| shown.rows.first().cloned());
    rehearse(first_row, steps, news);
    let title = move || {
        let pending = counts.get().map_or(0, |counts| counts.pending);
        let waits = if pending > 0 { format!("({}) ", format_count(pending)) } else { String::new() };
        format!("{waits}{} · Action center · Countersign", location.read().lane.label())
    };
    // The server may write the head after the page is rendered and its signals are gone.
    #[cfg(feature = "ssr")]
    let title = title();
    view! {
        <Title text=title/>
            <div class="board" class:with-flyout=is_open>
                <header class="page-head">
                    <div class="page-title">
                        <h1>"Action center"</h1>
                        <RemoteChange text=remote_change/>
                    </div>
                    <LaneTabs location/>
                    <BulkNotice plan/>
                </header>
                <section class="list" class:loading=now_loading aria-label=move || location.read().lane.label()>
                    <div class="list-head">
                        <Toolbar location/>
                        <Chips location/>
                    </div>
                    <div class="list-body">
                        {move || panel.get().map(|panel| part(side_panel(panel, location, loads, saving, changes), || ().into_any()))}
                        <div class="list-main">
                            <Transition fallback=Skeleton set_pending=loading>
                                <ListView list settings location quiet selection held/>
                            </Transition>
                            {move || {
                                let lane = loads.lane.get();
                                is_selectable(lane).then(|| view! { <BulkBar lane location selection matches plan/> }.into_any())
                            }}
                        </div>
                    </div>
                </section>
                {move || wants_dialogs.get().then(|| part(dialogs(location, dialog), || ().into_any()))}
                {move || {
                    is_open
                        .get()
                        .then(|| {
                            view! {
                                <Flyout
                                    label="Details of the action"
                                    steps=["Previous action", "Next action"]
                                    close=Signal::derive(move || location.read().closed().href())
                                    around=steps
                                    news
                                >
                                    {part(
                                        details(list, detail, location, held, decisions, news, wants_focus),
                                        move || coming(location, held),
                                    )}
                                </Flyout>
                            }
                            .into_any()
                        })
                }}
            </div>
    }
}

/// Renders a flyout that nobody sees, once the page stands: browsers compile a function when it is called for the first
/// time, and so a third of those that the page's first flyout needs are compiled before somebody waits for it.
fn rehearse(
    action: impl Fn() -> Option<Action> + 'static,
    around: Signal<(Option<String>, Option<String>)>,
    news: RwSignal<Option<Announcement>>,
) {
    effect(move || {
        let action = untrack(&action);
        let head = action.map(|action| view! { <DetailHead action heading=NodeRef::new()/> });
        let close = Signal::derive(String::new);
        drop(view! { <Flyout label="" steps=[""; 2] close around news>{head}</Flyout> }.into_any().build());
    });
}

/// The identity of a list: what it was asked for.
fn name_of((lane, shows, cursor): &(Lane, String, Option<String>)) -> String {
    format!("{lane} {shows} {}", cursor.as_deref().unwrap_or_default())
}

/// The number of rows that match, if it is known.
fn counted(counting: Counting) -> Option<Matches> {
    let answer = counting.read();
    let (_, counts) = answer.as_deref()?.as_ref()?;
    counts.as_ref().ok().map(|counts| Matches { count: counts.matches, more: counts.more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tab_is_an_address_of_the_page() {
        let paths: Vec<_> = Lane::ALL.iter().map(|lane| ListLocation::new(*lane).path()).collect();
        assert_eq!(paths, PAGE.paths);
    }
}
