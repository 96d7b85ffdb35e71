//! What the Action center says and does once the server has answered: to decisions, to changed columns and views.
//!
//! What the person still looks at says it itself; what they turned away from is said by a toast.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use crate::actions::details::decide::Decisions;
use crate::actions::details::decide::called;
use crate::actions::location::{ListLocation, Panel};
use crate::actions::panels::column_panel::Saving;
use crate::actions::panels::view_panel::ViewChanges;
use api::{ApiError, SaveView};
use domain::core::text::escape_controls;
use domain::{Action, ActionId, ErrorCode, Status};
use kit::effect::effect;
use kit::notice::Announcement;
use kit::toasts::{Toast, ToastAction, Toasts};
use kit::url::still;

/// The failure that a form without wasm left in the URL, for whichever of the three forms it was.
pub(crate) fn news_from_url(decisions: Decisions) -> Option<Announcement> {
    let code =
        |answer: Option<Result<Action, ApiError>>| answer.and_then(Result::err).map(|error| error.code);
    let Decisions { approve, reject, undo, .. } = decisions;
    code(approve.value().get_untracked())
        .or_else(|| code(reject.value().get_untracked()))
        .or_else(|| code(undo.value().get_untracked()))
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
    let toasts = Toasts::current();
    let say = move |answer: Option<Result<Action, ApiError>>, done: fn(&Action) -> &'static str| {
        let Some(answer) = answer else { return };
        let of = match &answer {
            Ok(action) => Some(called(action)),
            Err(_) => decisions.last.get_value(),
        };
        let id = of.as_ref().map(|(id, _)| *id);
        let location = location.get_untracked();
        match of {
            Some((id, name)) if location.open != Some(id.to_string()) => {
                let name = escape_controls(&name);
                let text = match &answer {
                    Ok(action) => {
                        format!("{}: {name}.", done(action).split('.').next().unwrap_or_default())
                    }
                    Err(error) => format!("{name}: {}", error.code.label()),
                };
                let action = Some(ToastAction::To("View", location.with_open(id).href()));
                toasts.show(Toast::new("", text, action));
            }
            _ => {
                // The details render anew where the action changed; a form that stays keeps the focus.
                let changed = answer.as_ref().map_or_else(
                    |error| matches!(error.code, ErrorCode::Conflict | ErrorCode::Expired),
                    |_| true,
                );
                wants_focus.set_value(changed);
                news.set(Some(match answer {
                    Ok(action) => Announcement::Done(done(&action).to_owned()),
                    Err(error) => Announcement::failed(error.code, error.detail),
                }));
            }
        }
        reload(id);
    };
    let Decisions { approve, reject, undo, .. } = decisions;
    // `version` counts the answers of this page; the value from the URL is not one of them.
    effect(move || {
        if approve.version().get() > 0 {
            say(approve.value().get_untracked(), |action| match action.status {
                Status::Queued | Status::InProgress => "Approved. Waiting for the executor.",
                _ => "Approved.",
            });
        }
    });
    effect(move || {
        if reject.version().get() > 0 {
            say(reject.value().get_untracked(), |_| "Rejected. Nothing will be done.");
        }
    });
    effect(move || {
        if undo.version().get() > 0 {
            say(undo.value().get_untracked(), |_| "Undo requested. Its reverse is on the way.");
        }
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
