//! The Action center: the list of a tab, and beside it the open action.
//!
//! The URL gives tab, page and open action; two resources follow it. Each decision, and whatever still runs, makes
//! both load again by the ordinary read path, which keeps rows, scroll and selection.

use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use super::NotFound;
use crate::api::{ApiError, PlanBulk, list_actions, load_action};
use crate::backend::{ActionDetail, Offer};
use crate::domain::time::Timestamp;
use crate::domain::{Action, ActionId, ActionPage, ErrorCode, Lane, Status, UndoState};
use crate::ui::codec::Json;
use crate::ui::derived::derived;
use crate::ui::focus::{close_on_escape, follow_opening, forget_url_failure, has_focus};
use crate::ui::live::{is_running, poll_while, ticking};
use crate::ui::parts::{
    ActionDetailBody, ActionTable, BulkNotice, Decisions, EmptyState, Failure, Flyout, Frame, Icon, Narrowed,
    Neighbours, News, Pager, Setting, Skeleton, Tabs,
};
use crate::ui::place::{Place, push_encoded, use_place};
use crate::ui::whenever::whenever;

type List = Resource<(Lane, Result<ActionPage, ApiError>), Json>;
type Detail = Resource<Option<Result<ActionDetail, ApiError>>, Json>;

/// One of the tabs, or the page for a tab that does not exist.
#[component]
pub(in crate::ui) fn ActionCenter() -> impl IntoView {
    let place = use_place();
    // Settled once, as no link of ours leads from one to the other: what a closure builds, the server builds anew each
    // time that it looks whether all data is there, with loads of its own that nobody waits for.
    if place.read_untracked().is_some() {
        let here = Memo::new(move |_| place.get().unwrap_or(Place::of(Lane::Pending)));
        Either::Left(view! { <Board here/> })
    } else {
        Either::Right(view! { <NotFound/> })
    }
}

#[component]
fn Board(here: Memo<Place>) -> impl IntoView {
    let list: List = Resource::new_with_options(
        move || (here.read().lane, here.read().shows.clone(), here.read().cursor.clone()),
        |(lane, shows, cursor)| async move { (lane, list_actions(lane, shows, cursor).await) },
        false,
    );
    let detail: Detail = Resource::new_with_options(
        move || here.read().open.clone(),
        |open| async move { Some(open_action(open?).await) },
        false,
    );
    let decisions = Decisions::new();
    let plan = ServerAction::<PlanBulk>::new();
    let news = RwSignal::new(news_from_url(decisions));
    let wants_focus = StoredValue::new(false);
    let is_open = Memo::new(move |_| here.read().open.is_some());
    let quiet = RwSignal::new(false);
    let loading = RwSignal::new(false);

    announce(decisions, news, wants_focus, move || {
        quiet.set(true);
        list.refetch();
        detail.refetch();
    });
    follow_opening(here, news, wants_focus);
    close_on_escape(here);
    forget_url_failure(here);

    let now_loading = move || loading.get() && !quiet.get();
    let title = move || format!("{} · Action center · Countersign", here.read().lane.label());
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
                        <a
                            class="button quiet"
                            href=move || here.read().export()
                            rel="external"
                        >
                            <Icon name="download"/>
                            "Export .csv"
                        </a>
                    </div>
                    <Tabs here/>
                    <Narrowed here/>
                    <BulkNotice plan/>
                </header>
                <section class="list" class:loading=now_loading aria-label=move || here.read().lane.label()>
                    <Transition fallback=Skeleton set_pending=loading>
                        <ListView list here quiet/>
                    </Transition>
                </section>
                {move || {
                    is_open
                        .get()
                        .then(|| {
                            view! {
                                <Flyout close=move || here.read().closed().href() news>
                                    <Transition fallback=Skeleton>
                                        <DetailView list detail here decisions news wants_focus/>
                                    </Transition>
                                </Flyout>
                            }
                            .into_any()
                        })
                }}
            </div>
        </Frame>
    }
}

async fn open_action(open: String) -> Result<ActionDetail, ApiError> {
    if let Ok(id) = open.parse() {
        return load_action(id).await;
    }
    let code = ErrorCode::NotFound;
    Err(ApiError { code, detail: code.label().to_owned() })
}

/// What the list shows; it changes rarely, so that rows can change alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Rows(Lane),
    /// Whether its address asks for some rows only.
    Empty(Lane, bool),
    Failed(ErrorCode),
}

#[component]
fn ListView(list: List, here: Memo<Place>, quiet: RwSignal<bool>) -> impl IntoView {
    let shape = derived(move || {
        list.read().as_ref().map(|(lane, answer)| match answer {
            Ok(page) if page.items.is_empty() && page.prev.is_none() => {
                Shape::Empty(*lane, !here.read().shows.is_empty())
            }
            Ok(_) => Shape::Rows(*lane),
            Err(error) => Shape::Failed(error.code),
        })
    });
    let rows = move || page_of(list, |page| page.items.clone()).unwrap_or_default();
    let rendered_at =
        derived(move || page_of(list, |page| page.rendered_at).unwrap_or(Timestamp::UNIX_EPOCH));
    let now = ticking(rendered_at);
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
                <ActionTable lane rows here now/>
                <Pager neighbours/>
            }
            .into_any(),
            Shape::Empty(lane, narrowed) => view! { <EmptyState lane narrowed/> }.into_any(),
            Shape::Failed(code) => {
                let href = move || start_over(&here.read(), code);
                view! {
                    <Failure title="The list could not be loaded" code href retry=move || list.refetch()/>
                }
                .into_any()
            }
        })
    };
    view! { <div class="slot">{content}</div> }.into_any()
}

fn page_of<T>(list: List, take: impl FnOnce(&ActionPage) -> T) -> Option<T> {
    list.read().as_ref().and_then(|(_, answer)| answer.as_ref().ok().map(take))
}

/// A cursor that the server does not take will not work a second time either.
fn start_over(here: &Place, code: ErrorCode) -> String {
    if code == ErrorCode::Invalid { Place::of(here.lane).href() } else { here.href() }
}

#[component]
fn DetailView(
    list: List,
    detail: Detail,
    here: Memo<Place>,
    decisions: Decisions,
    news: RwSignal<Option<News>>,
    wants_focus: StoredValue<bool>,
) -> impl IntoView {
    let rendered_at =
        derived(move || detail_of(detail, |detail| detail.rendered_at).unwrap_or(Timestamp::UNIX_EPOCH));
    let now = ticking(rendered_at);
    let setting = Setting { here, now, decisions, wants_focus };
    let running = derived(move || detail_of(detail, |detail| is_running(&detail.action)).unwrap_or_default());
    poll_while(running, move || detail.refetch());
    let ran = StoredValue::new(None::<ActionId>);
    whenever(move || {
        let state =
            detail_of(detail, |ActionDetail { action, .. }| (action.id, is_running(action), ended(action)));
        let Some((id, running, how)) = state else { return };
        if ran.get_value() == Some(id) && !running {
            news.set(Some(News::Done(how)));
            list.refetch();
        }
        ran.set_value(running.then_some(id));
    });
    leave_when_signed_out(here, move || {
        matches!(&*detail.read(), Some(Some(Err(ApiError { code: ErrorCode::NotSignedIn, .. }))))
    });
    let last = StoredValue::new(String::new());
    let shown = move || {
        let answer = detail.get().flatten();
        let next = answer.as_ref().map(identity).unwrap_or_default();
        if next != last.get_value() {
            // What has the focus goes with the old version; the new one's heading takes over.
            if cfg!(feature = "hydrate") && has_focus(".detail") {
                wants_focus.set_value(true);
            }
            last.set_value(next);
        }
        answer
    };
    // An element of its own: while a first answer is on its way these are not in the document, and need a parent.
    view! {
        <div class="slot">
        <For each=shown key=identity let:answer>
            {match answer {
                Ok(detail) => view! { <ActionDetailBody detail setting/> }.into_any(),
                Err(ApiError { code, .. }) => {
                    let href = move || here.read().href();
                    view! {
                        <Failure title="The action could not be loaded" code href retry=move || detail.refetch()/>
                    }
                    .into_any()
                }
            }}
        </For>
        </div>
    }
    .into_any()
}

/// The details render again when one of these changes; then nothing typed for the old state may stay.
fn identity(answer: &Result<ActionDetail, ApiError>) -> String {
    match answer {
        Ok(ActionDetail { action: Action { id, version, .. }, approve, reject, undo, .. }) => {
            let [approve, reject, undo] = [approve, reject, undo].map(Offer::is_open);
            format!("{id} {version} {approve} {reject} {undo}")
        }
        Err(error) => error.code.as_str().to_owned(),
    }
}

fn detail_of<T>(detail: Detail, take: impl FnOnce(&ActionDetail) -> T) -> Option<T> {
    detail.read().as_ref().and_then(|answer| answer.as_ref()?.as_ref().ok().map(take))
}

fn ended(action: &Action) -> String {
    match (action.undo, action.status) {
        (UndoState::Undone, _) => "Undone.".to_owned(),
        (UndoState::Failed, _) => "The undo failed; its own action says why.".to_owned(),
        (_, Status::Completed) => "Completed.".to_owned(),
        (_, Status::Unknown) => {
            "The end is unknown: no trustworthy answer came. Look at the target.".to_owned()
        }
        (_, other) => format!("It ended: {}.", other.label()),
    }
}

/// The failure that a form without wasm left in the URL, for whichever of the three forms it was.
fn news_from_url(decisions: Decisions) -> Option<News> {
    let code =
        |answer: Option<Result<Action, ApiError>>| answer.and_then(Result::err).map(|error| error.code);
    let Decisions { approve, reject, undo } = decisions;
    code(approve.value().get_untracked())
        .or_else(|| code(reject.value().get_untracked()))
        .or_else(|| code(undo.value().get_untracked()))
        .map(News::failed_before)
}

/// Says what became of each decision, and loads again: after a refusal, too, so that what it is now is shown.
fn announce(
    decisions: Decisions,
    news: RwSignal<Option<News>>,
    wants_focus: StoredValue<bool>,
    reload: impl Fn() + Copy + 'static,
) {
    let say = move |answer: Option<Result<Action, ApiError>>, done: fn(&Action) -> &'static str| {
        let Some(answer) = answer else { return };
        // The details render anew where the action changed; a form that stays keeps the focus.
        let changed = answer
            .as_ref()
            .map_or_else(|error| matches!(error.code, ErrorCode::Conflict | ErrorCode::Expired), |_| true);
        wants_focus.set_value(changed);
        news.set(Some(match answer {
            Ok(action) => News::Done(done(&action).to_owned()),
            Err(error) => News::failed(error),
        }));
        reload();
    };
    let Decisions { approve, reject, undo } = decisions;
    // `version` counts the answers of this page; the value from the URL is not one of them.
    whenever(move || {
        if approve.version().get() > 0 {
            say(approve.value().get_untracked(), |action| match action.status {
                Status::Queued | Status::InProgress => "Approved. Waiting for the executor.",
                _ => "Approved.",
            });
        }
    });
    whenever(move || {
        if reject.version().get() > 0 {
            say(reject.value().get_untracked(), |_| "Rejected. Nothing will be done.");
        }
    });
    whenever(move || {
        if undo.version().get() > 0 {
            say(undo.value().get_untracked(), |_| "Undo requested. Its reverse is on the way.");
        }
    });
}

/// A session that ended meanwhile: the sign-in page leads back here.
fn leave_when_signed_out(here: Memo<Place>, signed_out: impl Fn() -> bool + 'static) {
    whenever(move || {
        if signed_out() {
            let mut href = "/sign-in?error=expired&next=".to_owned();
            push_encoded(&mut href, &here.get_untracked().href());
            drop(window().location().set_href(&href));
        }
    });
}
