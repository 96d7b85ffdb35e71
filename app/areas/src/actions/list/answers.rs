//! What the Action center says and does once the server has answered: to decisions, to changed columns and views.
//!
//! What the person still looks at says it itself; what they turned away from is said by a toast.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_navigate;

use crate::actions::details::decide::{Decisions, SentDecision, called};
use crate::actions::location::{ListLocation, Panel};
use crate::actions::panels::column_panel::Saving;
use crate::actions::panels::view_panel::ViewChanges;
use crate::live::outage::Outage;
use api::{ApiError, SaveView, load_action};
use domain::actions::contract::{ActionDetail, UndoAnswer};
use domain::core::text::escape_controls;
use domain::{Action, ActionId, Decision, ErrorCode, FollowUpVerb, Status};
use kit::effect::effect;
use kit::notice::Announcement;
use kit::toasts::{Toast, ToastAction, Toasts};
use kit::url::still;

/// The failure that a form without wasm left in the URL, for whichever of the forms it was.
pub(crate) fn news_from_url(decisions: Decisions) -> Option<Announcement> {
    fn code<T>(answer: Option<Result<T, ApiError>>) -> Option<ErrorCode> {
        answer.and_then(Result::err).map(|error| error.code)
    }
    let Decisions { approve, reject, undo, follow_up, .. } = decisions;
    code(approve.value().get_untracked())
        .or_else(|| code(reject.value().get_untracked()))
        .or_else(|| code(undo.value().get_untracked()))
        .or_else(|| code(follow_up.value().get_untracked()))
        .map(Announcement::failed_before)
}

/// Says what became of each decision, and loads again: after a refusal, too, so that what it is now is shown.
pub(crate) fn announce(
    location: Memo<ListLocation>,
    decisions: Decisions,
    news: RwSignal<Option<Announcement>>,
    wants_focus: StoredValue<bool>,
    reload: impl Fn(Option<ActionId>) + Copy + 'static,
) {
    let (toasts, outage) = (Toasts::current(), Outage::current());
    let say = move |id: ActionId, name: &str, text: Announcement| {
        let location = location.get_untracked();
        if location.open != Some(id.to_string()) {
            let name = escape_controls(name);
            let text = match &text {
                Announcement::Failed { code, .. } => format!("{name}: {}", code.label()),
                Announcement::Checking(text) | Announcement::RemoteChange(text) => format!("{name}: {text}"),
                Announcement::Done(text) => {
                    format!("{}: {name}.", text.split('.').next().unwrap_or_default())
                }
            };
            let action = Some(ToastAction::To("View", location.with_open(id).href()));
            toasts.show(Toast::new("", text, action));
            return;
        }
        // The details render anew where the action changed; a form that stays keeps the focus.
        let stays = match &text {
            Announcement::Failed { code, .. } => !matches!(code, ErrorCode::Conflict | ErrorCode::Expired),
            Announcement::Checking(_) => true,
            Announcement::Done(_) | Announcement::RemoteChange(_) => false,
        };
        wants_focus.set_value(!stays);
        news.set(Some(text));
    };
    let answered = move |answer: Option<Result<Action, ApiError>>, waits: Option<String>| {
        let Some(answer) = answer else { return };
        let sent = decisions.sent.get_value();
        let of = match &answer {
            Ok(action) => Some(called(action)),
            Err(_) => decisions.last.get_value(),
        };
        let Some((id, name)) = of else { return reload(None) };
        match (answer, sent) {
            (Ok(action), sent) => say(id, &name, Announcement::Done(done(sent.as_ref(), &action, waits))),
            (Err(error), Some(sent)) if error.code == ErrorCode::NoAnswer => {
                decisions.checking.set(Some(id));
                say(id, &name, Announcement::Checking(NOT_KNOWN.to_owned()));
                find_out(sent, decisions, outage, FIRST_PAUSE, move |text| {
                    say(id, &name, text);
                    reload(Some(id));
                });
            }
            (Err(error), _) if error.code == ErrorCode::NotSignedIn => {
                outage.note(error.code);
                let text =
                    "Nothing was sent: your session had ended. Sign in, then send it again.".to_owned();
                return say(id, &name, Announcement::RemoteChange(text));
            }
            (Err(error), _) => say(id, &name, Announcement::failed(error.code, error.detail)),
        }
        reload(Some(id));
    };
    let Decisions { approve, reject, undo, follow_up, .. } = decisions;
    // `version` counts the answers of this page; the value from the URL is not one of them.
    effect(move || {
        if approve.version().get() > 0 {
            answered(approve.value().get_untracked(), None);
        }
    });
    effect(move || {
        if reject.version().get() > 0 {
            answered(reject.value().get_untracked(), None);
        }
    });
    effect(move || {
        if undo.version().get() > 0 {
            let (answer, waits) = match undo.value().get_untracked() {
                Some(Ok(UndoAnswer { action, waits })) => (Some(Ok(action)), waits),
                Some(Err(error)) => (Some(Err(error)), None),
                None => (None, None),
            };
            answered(answer, waits);
        }
    });
    effect(move || {
        if follow_up.version().get() > 0 {
            answered(follow_up.value().get_untracked(), None);
        }
    });
}

const NOT_KNOWN: &str = "We don't know yet whether it arrived. Checking…";
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// What is said of a decision that was taken; of an undo that waits, also what for.
fn done(sent: Option<&SentDecision>, action: &Action, waits: Option<String>) -> String {
    let text = match sent {
        Some(SentDecision::Reject(_)) => "Rejected. Nothing will be done.",
        Some(SentDecision::Approve(_)) if action.decision == Decision::Pending => {
            "Approved by you. It waits for a second person."
        }
        Some(SentDecision::Undo(_)) => match waits {
            Some(why) => return format!("Undo requested, but it waits. {why}"),
            None => "Undo requested. Its reverse is on the way.",
        },
        Some(SentDecision::FollowUp(sent)) => match sent.verb {
            FollowUpVerb::Withdraw => "Withdrawn. Nothing will be done.",
            FollowUpVerb::Supersede => "Replaced by another action.",
            FollowUpVerb::Cancel => "Cancelled. Nothing was done.",
            FollowUpVerb::Retry if !matches!(action.status, Status::Queued | Status::InProgress) => {
                "You want it tried again. It waits for a second person."
            }
            FollowUpVerb::Retry => "Queued again. Waiting for the executor.",
            FollowUpVerb::ItHappened => "Settled as Completed.",
            FollowUpVerb::ItDidNotHappen => "Settled as Failed.",
            FollowUpVerb::Take => "It is yours.",
            FollowUpVerb::Done => "Done. It is Completed.",
            FollowUpVerb::NotDone => "Recorded: it could not be done.",
        },
        _ if matches!(action.status, Status::Queued | Status::InProgress) => {
            "Approved. Waiting for the executor."
        }
        _ => "Approved.",
    };
    text.to_owned()
}

/// Asks what became of a decision whose answer was lost, until the server says it: by the action as it is now, or by
/// sending the same again, which can be taken only once.
fn find_out(
    sent: SentDecision,
    decisions: Decisions,
    outage: Outage,
    pause: Duration,
    tell: impl FnOnce(Announcement) + 'static,
) {
    spawn_local(async move {
        let (id, version) = sent.subject();
        let text = match load_action(id).await {
            Ok(ActionDetail { action, undo_waits, .. }) if sent.arrived(&action) => {
                Announcement::Done(format!("It had arrived. {}", done(Some(&sent), &action, undo_waits)))
            }
            Ok(ActionDetail { action, .. }) if action.version == version => {
                let _ = decisions.checking.try_set(None);
                let called = called(&action);
                return decisions.send(called, sent);
            }
            Ok(ActionDetail { action, .. }) => {
                let by = action.decided_by.map(|by| format!("{} by {}", action.decision.label(), by.label()));
                Announcement::failed(ErrorCode::Conflict, by.unwrap_or_default())
            }
            Err(error)
                if matches!(error.code, ErrorCode::NoAnswer | ErrorCode::Busy | ErrorCode::NotSignedIn) =>
            {
                outage.note(error.code);
                let next = (pause * 2).min(LONGEST_PAUSE);
                return set_timeout(move || find_out(sent, decisions, outage, next, tell), pause);
            }
            Err(error) => Announcement::failed(error.code, error.detail),
        };
        let _ = decisions.checking.try_set(None);
        tell(text);
    });
}

/// What was kept shows at once: a list whose address names its columns or its size goes on without them.
pub(crate) fn show_choices(location: Memo<ListLocation>, saving: Saving, reload: impl Fn() + Copy + 'static) {
    let navigate = use_navigate();
    let toasts = Toasts::current();
    let answered = move |answer: Option<Result<(), ApiError>>| {
        let plain = location.read_untracked().with("cols", None).with("limit", None);
        if plain.pairs != location.read_untracked().pairs {
            navigate(&plain.href(), still());
        }
        reload();
        let replaced = saving.replaced.try_update_value(Option::take).flatten();
        match (answer, replaced) {
            (Some(Ok(())), Some(before)) => {
                let text = before.text.clone();
                let undo = Arc::new(move || saving.put_back(before.clone()));
                toasts.show(Toast::new("columns", text, Some(ToastAction::Undo(undo))));
            }
            (Some(Err(error)), _) => toasts.show(not_saved(&error)),
            _ => {}
        }
    };
    let same = answered.clone();
    effect(move || {
        if saving.save.version().get() > 0 {
            answered(saving.save.value().get_untracked());
        }
    });
    effect(move || {
        if saving.reset.version().get() > 0 {
            same(saving.reset.value().get_untracked());
        }
    });
}

/// A view that was deleted can be saved again; one that could not be saved is told where its form is closed.
pub(crate) fn tell_views(location: Memo<ListLocation>, changes: ViewChanges) {
    let toasts = Toasts::current();
    let ViewChanges { save, delete, forgotten, .. } = changes;
    effect(move || {
        if delete.version().get() == 0 {
            return;
        }
        let gone = forgotten.try_update_value(Option::take).flatten();
        match (delete.value().get_untracked(), gone) {
            (Some(Ok(())), Some(view)) => {
                let text = format!("View {} deleted.", escape_controls(&view.name));
                let undo = move || {
                    let view = view.clone();
                    let (name, lane, shows, is_default) = (view.name, view.lane, view.shows, view.is_default);
                    save.dispatch(SaveView { name, lane, shows, is_default, back: None });
                };
                let action = Some(ToastAction::Undo(Arc::new(undo)));
                toasts.show(Toast::new("", text, action));
            }
            (Some(Err(error)), _) => toasts.show(not_saved(&error)),
            _ => {}
        }
    });
    effect(move || {
        if save.version().get() > 0
            && let Some(Err(error)) = save.value().get_untracked()
            && location.read_untracked().panel != Some(Panel::Views)
        {
            toasts.show(not_saved(&error));
        }
    });
    on_cleanup(move || toasts.forget_undo());
}

fn not_saved(error: &ApiError) -> Toast {
    Toast::new("", error.code.label().to_owned(), None)
}
