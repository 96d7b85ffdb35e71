//! The details of the open action, beside the list.

pub mod action_detail;
pub mod confirm;
pub mod decide;
mod follow_up_form;
mod links;
mod packages;
mod protection;
mod seen;
mod targets;
mod timeline;
mod undo_form;
mod verdict_form;

use leptos::prelude::*;

use crate::actions::details::action_detail::{ActionDetailBody, DetailContext, DetailHead};
use crate::actions::details::decide::Decisions;
use crate::actions::location::ListLocation;
use crate::actions::rows::List;
use crate::actions::rows::RowHold;
use crate::actions::rows::is_running;
use crate::live::poll_while;
use api::{ApiError, Load, load_action};
use domain::actions::contract::{ActionDetail, Availability};
use domain::core::time::Timestamp;
use domain::{Action, ActionId, Decision, ErrorCode, Status, UndoState};
use kit::clock::ticking;
use kit::derived::derived;
use kit::effect::effect;
use kit::failure::Failure;
use kit::focus::has_focus;
use kit::notice::Announcement;
use kit::skeleton::Skeleton;
use kit::visible_text::VisibleText;

/// The open action; `None` if none is open.
pub type Detail = Load<Option<Result<ActionDetail, ApiError>>>;

kit::part! {
    module: details,
    function: details / preload_details,
    as: DETAILS,
    view: |
        list: List,
        detail: Detail,
        location: Memo<ListLocation>,
        held: RowHold,
        decisions: Decisions,
        news: RwSignal<Option<Announcement>>,
        wants_focus: StoredValue<bool>,
    | {
        // What waits for data stands inside of what waits for code: a `Transition` that found nothing to wait for at
        // first does not show its fallback later.
        view! {
            <Transition fallback=move || coming(location, held)>
                <DetailView list detail location decisions news wants_focus/>
            </Transition>
        }
        .into_any()
    },
}

/// Loads the open action. The address may hold no valid id.
pub async fn open_action(open: String) -> Result<ActionDetail, ApiError> {
    if let Ok(id) = open.parse() {
        return load_action(id).await;
    }
    let code = ErrorCode::NotFound;
    Err(ApiError { code, detail: code.label().to_owned() })
}

/// Renders again only with another action, version or offer.
#[component]
fn DetailView(
    list: List,
    detail: Detail,
    location: Memo<ListLocation>,
    decisions: Decisions,
    news: RwSignal<Option<Announcement>>,
    wants_focus: StoredValue<bool>,
) -> impl IntoView {
    let rendered_at =
        derived(move || detail_of(detail, |detail| detail.rendered_at).unwrap_or(Timestamp::UNIX_EPOCH));
    let now = ticking(rendered_at);
    let setting = DetailContext { location, now, decisions, wants_focus };
    let running = derived(move || detail_of(detail, |detail| is_running(&detail.action)).unwrap_or_default());
    poll_while(running, move || detail.refetch());
    // Asked for with the details alone: what a page asks for by itself would keep an unattended session in use.
    let waits =
        derived(move || detail_of(detail, |of| of.action.decision == Decision::Pending).unwrap_or_default());
    let looking = move || waits.get().then(|| looking(detail));
    let ran = StoredValue::new(None::<ActionId>);
    effect(move || {
        let state =
            detail_of(detail, |ActionDetail { action, .. }| (action.id, is_running(action), ended(action)));
        let Some((id, running, how)) = state else { return };
        if ran.get_value() == Some(id) && !running {
            news.set(Some(Announcement::Done(how)));
            list.refetch();
        }
        ran.set_value(running.then_some(id));
    });
    let rendered = StoredValue::new(String::new());
    let shown = move || {
        let answer = detail.get().flatten();
        let next = answer.as_ref().map(identity).unwrap_or_default();
        if next != rendered.get_value() {
            // What has the focus goes with the old version; the new one's heading takes over.
            if cfg!(feature = "hydrate") && has_focus(".detail") {
                wants_focus.set_value(true);
            }
            rendered.set_value(next);
        }
        answer
    };
    // An element of its own: while a first answer is on its way these are not in the document, and need a parent.
    view! {
        <div class="slot">
        {move || looking()}
        <For each=shown key=identity let:answer>
            {match answer {
                Ok(detail) => view! { <ActionDetailBody detail setting/> }.into_any(),
                Err(ApiError { code, .. }) => {
                    let href = Signal::derive(move || location.read().href());
                    view! {
                        <Failure title="The action could not be loaded" code href retry=move |()| detail.refetch()/>
                    }
                    .into_any()
                }
            }}
        </For>
        </div>
    }
    .into_any()
}

/// Who else opened it a moment ago. The line has its place also while it is empty, so that nothing moves under the pointer.
fn looking(detail: Detail) -> AnyView {
    let text = move || detail_of(detail, |of| of.looking.clone()).flatten();
    view! {
        <p class="detail-looking" role="status">
            {move || text().map(|text| view! { <VisibleText text/> })}
        </p>
    }
    .into_any()
}

/// The placeholder of the details: what the list already knows of the action.
pub fn coming(location: Memo<ListLocation>, held: RowHold) -> AnyView {
    let open = location.read().open.as_ref().and_then(|open| open.parse::<ActionId>().ok());
    let known = held.shown.with(|shown| {
        let action = shown.rows.iter().find(|row| Some(row.id) == open)?;
        Some(view! { <DetailHead action=action.clone() heading=NodeRef::new()/> }.into_any())
    });
    view! {
        <div class="detail">
            {known}
            <Skeleton/>
        </div>
    }
    .into_any()
}

/// The details render again when one of these changes; then nothing typed for the old state may stay.
fn identity(answer: &Result<ActionDetail, ApiError>) -> String {
    match answer {
        Ok(ActionDetail {
            action: Action { id, version, .. },
            approve,
            reject,
            undo,
            follow_ups,
            held,
            undo_waits,
            task,
            ..
        }) => {
            let [approve, reject, undo] = [approve, reject, undo].map(Availability::is_allowed);
            format!(
                "{id} {version} {approve} {reject} {undo} {follow_ups:?} {held:?} {undo_waits:?} {task:?}"
            )
        }
        Err(error) => error.code.as_str().to_owned(),
    }
}

/// Maps the loaded details; `None` while there are none.
pub fn detail_of<T>(detail: Detail, take: impl FnOnce(&ActionDetail) -> T) -> Option<T> {
    detail.read().as_deref().and_then(|answer| answer.as_ref()?.as_ref().ok().map(take))
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
