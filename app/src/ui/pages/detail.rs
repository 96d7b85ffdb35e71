//! The details of the open action, beside the list.

use leptos::prelude::*;

use super::action_center::List;
use super::sign_in::leave_when_signed_out;
use crate::api::{ApiError, load_action};
use crate::codec::Json;
use crate::ui::derived::derived;
use crate::ui::focus::has_focus;
use crate::ui::live::{is_running, poll_while, ticking};
use crate::ui::parts::{ActionDetailBody, Decisions, DetailHead, Failure, Held, News, Setting, Skeleton};
use crate::ui::place::Place;
use crate::ui::whenever::whenever;
use domain::actions::contract::{ActionDetail, Offer};
use domain::core::time::Timestamp;
use domain::{Action, ActionId, ErrorCode, Status, UndoState};

/// None where none is open.
pub(super) type Detail = Resource<Option<Result<ActionDetail, ApiError>>, Json>;

/// Loads what the address names, which may be no id at all.
pub(super) async fn open_action(open: String) -> Result<ActionDetail, ApiError> {
    if let Ok(id) = open.parse() {
        return load_action(id).await;
    }
    let code = ErrorCode::NotFound;
    Err(ApiError { code, detail: code.label().to_owned() })
}

/// Renders again only with another action, version or offer.
#[component]
pub(super) fn DetailView(
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
        <For each=shown key=identity let:answer>
            {match answer {
                Ok(detail) => view! { <ActionDetailBody detail setting/> }.into_any(),
                Err(ApiError { code, .. }) => {
                    let href = Signal::derive(move || here.read().href());
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

/// Until the details are there: what the list already knows of the open action.
pub(super) fn coming(here: Memo<Place>, held: Held) -> AnyView {
    let open = here.read().open.as_ref().and_then(|open| open.parse::<ActionId>().ok());
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
        Ok(ActionDetail { action: Action { id, version, .. }, approve, reject, undo, .. }) => {
            let [approve, reject, undo] = [approve, reject, undo].map(Offer::is_open);
            format!("{id} {version} {approve} {reject} {undo}")
        }
        Err(error) => error.code.as_str().to_owned(),
    }
}

pub(super) fn detail_of<T>(detail: Detail, take: impl FnOnce(&ActionDetail) -> T) -> Option<T> {
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
