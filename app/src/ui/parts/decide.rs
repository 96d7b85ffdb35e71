//! Approve and Reject as forms, which work before and without wasm. What they send is what the page shows: the
//! version and digest beside which the person read.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{FormData, HtmlFormElement};

use super::confirm::Confirm;
use super::icon::Icon;
use super::visible_text::VisibleText;
use crate::api::{ApproveAction, RejectAction, UndoAction};
use crate::ui::handler::handler;
use domain::actions::contract::{ActionDetail, Offer};
use domain::actions::proposal::LONGEST_COMMENT;
use domain::{Action, ActionId, Undo};

/// The running decisions of a page: they outlive the details, which render again with each version.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Decisions {
    /// Let it happen.
    pub(in crate::ui) approve: ServerAction<ApproveAction>,
    /// Refuse it.
    pub(in crate::ui) reject: ServerAction<RejectAction>,
    /// Reverse it.
    pub(in crate::ui) undo: ServerAction<UndoAction>,
    /// What the last of them is on, and what that is called.
    pub(in crate::ui) last: StoredValue<Option<(ActionId, String)>>,
}

/// An action, and what it is called where it is not shown.
pub(in crate::ui) fn called(action: &Action) -> (ActionId, String) {
    (action.id, format!("{} on {}", action.action_type.label(), action.asset.name))
}

impl Decisions {
    pub(in crate::ui) fn new() -> Self {
        Self {
            approve: ServerAction::new(),
            reject: ServerAction::new(),
            undo: ServerAction::new(),
            last: StoredValue::new(None),
        }
    }
}

/// What a decision is bound to.
pub(super) fn seen(action: &Action) -> impl IntoView + use<> {
    view! {
        <input type="hidden" name="id" value=action.id.to_string()/>
        <input type="hidden" name="expected_version" value=action.version.to_string()/>
        <input type="hidden" name="digest" value=action.digest.clone()/>
    }
}

/// What the person typed into a field of the form that is being sent; the server is asked in place of the browser.
pub(in crate::ui) fn take(event: &SubmitEvent, field: &str) -> String {
    event.prevent_default();
    let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
    let data = form.and_then(|form| FormData::new_with_form(&form).ok());
    data.and_then(|data| data.get(field).as_string()).unwrap_or_default()
}

/// The forms, or the sentence why there are none.
#[component]
pub(super) fn Decide(
    /// The pending action and what the person may do with it.
    detail: ActionDetail,
    /// The page's running decisions.
    decisions: Decisions,
) -> impl IntoView {
    let ActionDetail { action, approve, reject, deciders, .. } = detail;
    let same_reason = approve == reject;
    let approve = match approve {
        Offer::Open => view! {
            <ApproveForm action=action.clone() decisions/>
            <Confirm action=action.clone()/>
        }
        .into_any(),
        Offer::Closed(reason) => closed("You can't approve this", reason),
    };
    let reject = match reject {
        Offer::Open => Some(view! { <RejectForm action decisions/> }.into_any()),
        Offer::Closed(_) if same_reason => None,
        Offer::Closed(reason) => Some(closed("You can't reject this", reason)),
    };
    let deciders = deciders.map(|text| {
        view! { <p class="deciders"><VisibleText text/></p> }
    });
    view! { <div class="decide">{approve} {reject} {deciders}</div> }
}

/// Why a button is missing.
pub(super) fn closed(what: &'static str, reason: String) -> AnyView {
    view! {
        <p class="closed">
            <Icon name="lock"/>
            <span>
                <strong>{what}": "</strong>
                {reason}
            </span>
        </p>
    }
    .into_any()
}

#[component]
fn ApproveForm(action: Action, decisions: Decisions) -> impl IntoView {
    let approve = decisions.approve;
    let Action { id, version: expected_version, digest, .. } = action.clone();
    let busy = move || approve.input().read().as_ref().is_some_and(|sent| sent.id == id);
    let of = action.clone();
    let send = move |event| {
        let comment = Some(take(&event, "comment"));
        decisions.last.set_value(Some(called(&of)));
        approve.dispatch(ApproveAction { id, expected_version, digest: digest.clone(), comment });
    };
    let final_warning = match action.action_type.info().undo {
        Undo::By(_) | Undo::Needless => None,
        Undo::Never(_) => Some(view! {
            <p class="final">
                <Icon name="triangle"/>
                "This can't be undone"
            </p>
        }),
    };
    let class = if final_warning.is_some() { "button danger" } else { "button primary" };
    view! {
        <form method="post" action=ApproveAction::PATH class="approve-form" on:submit=handler(send)>
            {seen(&action)}
            <label class="field">
                <span class="field-label">"Comment (optional)"</span>
                // Not an `<input>`: there, Enter would approve.
                <textarea name="comment" rows="1" maxlength=LONGEST_COMMENT.to_string()></textarea>
            </label>
            <div class="submit-row">
                {final_warning}
                <button type="submit" class=class disabled=move || busy()>
                    {move || if busy() { "Approving…" } else { "Approve" }}
                </button>
            </div>
        </form>
    }
}

#[component]
fn RejectForm(action: Action, decisions: Decisions) -> impl IntoView {
    let reject = decisions.reject;
    let Action { id, version: expected_version, digest, .. } = action.clone();
    let busy = move || reject.input().read().as_ref().is_some_and(|sent| sent.id == id);
    let of = action.clone();
    let send = move |event| {
        let reason = take(&event, "reason");
        decisions.last.set_value(Some(called(&of)));
        reject.dispatch(RejectAction { id, expected_version, digest: digest.clone(), reason });
    };
    view! {
        <details class="fold reject-fold">
            <summary class="button">"Reject…"</summary>
            <form method="post" action=RejectAction::PATH class="fold-form" on:submit=handler(send)>
                {seen(&action)}
                <label class="field">
                    <span class="field-label">"Why it must not happen"</span>
                    <textarea name="reason" rows="3" required maxlength=LONGEST_COMMENT.to_string()></textarea>
                </label>
                <button type="submit" class="button" disabled=move || busy()>
                    {move || if busy() { "Rejecting…" } else { "Reject" }}
                </button>
            </form>
        </details>
    }
}
