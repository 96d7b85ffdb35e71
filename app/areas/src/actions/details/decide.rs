//! Approve and Reject as forms, which work before and without wasm. What they send is what the page shows: the
//! version and digest beside which the person read.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::actions::details::confirm::Confirm;
use crate::actions::details::protection::break_glass_form;
use crate::actions::details::seen::seen;
use api::{ApproveAction, FollowUpAction, RejectAction, UndoAction};
use domain::actions::contract::{ActionDetail, Availability};
use domain::actions::proposal::MAX_COMMENT_LENGTH;
use domain::core::text::escape_controls;
use domain::{Action, ActionId, Decision, FollowUpVerb, Status, Undo};
use kit::dialog::show_dialog;
use kit::form::take;
use kit::handler::handler;
use kit::icon::Icon;
use kit::time::localize;
use kit::visible_text::VisibleText;

/// A decision as it was sent, to be asked for again with the same action, version and digest.
#[derive(Clone)]
pub enum SentDecision {
    /// To approve.
    Approve(ApproveAction),
    /// To reject.
    Reject(RejectAction),
    /// To undo.
    Undo(UndoAction),
    /// What else is asked.
    FollowUp(FollowUpAction),
}

impl SentDecision {
    /// The action, and the version on which it was decided.
    pub const fn subject(&self) -> (ActionId, i64) {
        match self {
            Self::Approve(sent) => (sent.id, sent.expected_version),
            Self::Reject(sent) => (sent.id, sent.expected_version),
            Self::Undo(sent) => (sent.id, sent.expected_version),
            Self::FollowUp(sent) => (sent.id, sent.expected_version),
        }
    }

    /// Whether the action is as it would be had the decision arrived.
    pub fn arrived(&self, action: &Action) -> bool {
        let later = action.version > self.subject().1;
        later
            && match self {
                Self::Approve(_) => action.decision == Decision::Approved,
                Self::Reject(_) => action.decision == Decision::Rejected,
                Self::Undo(_) => action.undone_by.is_some(),
                Self::FollowUp(sent) => is_followed_up(sent.verb, action),
            }
    }
}

/// Whether the action is as it would be had this been asked.
const fn is_followed_up(verb: FollowUpVerb, action: &Action) -> bool {
    match verb {
        FollowUpVerb::Withdraw => matches!(action.decision, Decision::Withdrawn),
        FollowUpVerb::Supersede => matches!(action.decision, Decision::Superseded),
        FollowUpVerb::Cancel => matches!(action.status, Status::Cancelled),
        FollowUpVerb::Retry => !matches!(action.status, Status::Failed | Status::TimedOut),
        FollowUpVerb::ItHappened | FollowUpVerb::Done => matches!(action.status, Status::Completed),
        FollowUpVerb::ItDidNotHappen | FollowUpVerb::NotDone => matches!(action.status, Status::Failed),
        FollowUpVerb::Take => true,
    }
}

/// The requests that decide on actions: they outlive the details, which render again with each version.
#[derive(Clone, Copy)]
pub struct Decisions {
    /// Approves an action.
    pub approve: ServerAction<ApproveAction>,
    /// Rejects an action.
    pub reject: ServerAction<RejectAction>,
    /// Reverses an action.
    pub undo: ServerAction<UndoAction>,
    /// Asks something else of an action.
    pub follow_up: ServerAction<FollowUpAction>,
    /// The action of the last decision, and its name.
    pub last: StoredValue<Option<(ActionId, String)>>,
    /// Whether the question before what can't be undone was answered with yes.
    pub confirmed: StoredValue<bool>,
    /// The last decision that was sent.
    pub sent: StoredValue<Option<SentDecision>>,
    /// The action of which it is not known yet whether the decision arrived.
    pub checking: RwSignal<Option<ActionId>>,
}

/// The id of an action, and its name for a message.
pub fn called(action: &Action) -> (ActionId, String) {
    (action.id, format!("{} on {}", action.action_type.label(), escape_controls(&action.asset.name)))
}

impl Decisions {
    /// No request is pending.
    #[expect(clippy::new_without_default, reason = "it makes signals, which belong to a page")]
    pub fn new() -> Self {
        Self {
            approve: ServerAction::new(),
            reject: ServerAction::new(),
            undo: ServerAction::new(),
            follow_up: ServerAction::new(),
            last: StoredValue::new(None),
            confirmed: StoredValue::new(false),
            sent: StoredValue::new(None),
            checking: RwSignal::new(None),
        }
    }

    /// Sends a decision on an action of this name.
    pub fn send(self, called: (ActionId, String), decision: SentDecision) {
        self.last.set_value(Some(called));
        self.sent.set_value(Some(decision.clone()));
        match decision {
            SentDecision::Approve(sent) => drop(self.approve.dispatch(sent)),
            SentDecision::Reject(sent) => drop(self.reject.dispatch(sent)),
            SentDecision::Undo(sent) => drop(self.undo.dispatch(sent)),
            SentDecision::FollowUp(sent) => drop(self.follow_up.dispatch(sent)),
        }
    }
}

/// The forms, or the sentence why there are none.
#[component]
pub fn Decide(
    /// The pending action and what the person may do with it.
    detail: ActionDetail,
    /// The page's pending decisions.
    decisions: Decisions,
) -> impl IntoView {
    let ActionDetail { action, approve, reject, deciders, impact, protection, .. } = detail;
    let alone = protection.is_some_and(|of| of.break_glass.is_allowed()).then(|| break_glass_form(&action));
    let same_reason = approve == reject;
    let approve = match approve {
        Availability::Allowed => view! {
            <ApproveForm action=action.clone() decisions/>
            <Confirm action=action.clone() impact confirmed=decisions.confirmed/>
        }
        .into_any(),
        Availability::Denied(reason) => closed("You can't approve this", reason),
    };
    let reject = match reject {
        Availability::Allowed => Some(view! { <RejectForm action decisions/> }.into_any()),
        Availability::Denied(_) if same_reason => None,
        Availability::Denied(reason) => Some(closed("You can't reject this", reason)),
    };
    let deciders = deciders.map(|text| {
        view! { <p class="deciders"><VisibleText text/></p> }
    });
    view! { <div class="decide">{approve} {reject} {alone} {deciders}</div> }
}

/// The sentence in place of a button that is not available.
pub fn closed(what: &'static str, reason: String) -> AnyView {
    view! {
        <p class="closed">
            <Icon name="lock"/>
            <span>
                <strong>{what}": "</strong>
                <VisibleText text=localize(&reason)/>
            </span>
        </p>
    }
    .into_any()
}

#[component]
fn ApproveForm(action: Action, decisions: Decisions) -> impl IntoView {
    let approve = decisions.approve;
    let Action { id, version: expected_version, digest, .. } = action.clone();
    let busy = move || {
        decisions.checking.get() == Some(id)
            || approve.input().read().as_ref().is_some_and(|sent| sent.id == id)
    };
    let of = action.clone();
    let is_final = matches!(action.action_type.info().undo, Undo::Never(_));
    let send = move |event| {
        let comment = Some(take(&event, "comment"));
        // What can't be undone is asked about first, however the button was pressed.
        if is_final && !decisions.confirmed.get_value() && show_dialog("confirm") {
            return;
        }
        decisions.confirmed.set_value(false);
        let approve = ApproveAction { id, expected_version, digest: digest.clone(), comment };
        decisions.send(called(&of), SentDecision::Approve(approve));
    };
    let sure = is_final.then(|| {
        view! {
            <label class="check no-wasm">
                // Without scripts this is the question; with them a dialog asks.
                <input type="checkbox" required prop:required=false/>
                "I know that this can't be undone"
            </label>
        }
    });
    let final_warning = match action.action_type.info().undo {
        Undo::By(_) | Undo::NotNeeded => None,
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
                <textarea name="comment" rows="1" maxlength=MAX_COMMENT_LENGTH.to_string()></textarea>
            </label>
            {sure}
            <div class="submit-row">
                {final_warning}
                <button type="submit" class=class disabled=move || busy()>
                    {move || if busy() { "Approving…" } else if is_final { "Approve…" } else { "Approve" }}
                </button>
            </div>
        </form>
    }
}

#[component]
fn RejectForm(action: Action, decisions: Decisions) -> impl IntoView {
    let reject = decisions.reject;
    let Action { id, version: expected_version, digest, .. } = action.clone();
    let busy = move || {
        decisions.checking.get() == Some(id)
            || reject.input().read().as_ref().is_some_and(|sent| sent.id == id)
    };
    let of = action.clone();
    let send = move |event| {
        let reason = take(&event, "reason");
        let reject = RejectAction { id, expected_version, digest: digest.clone(), reason };
        decisions.send(called(&of), SentDecision::Reject(reject));
    };
    view! {
        <details class="fold reject-fold">
            <summary class="button">"Reject…"</summary>
            <form method="post" action=RejectAction::PATH class="fold-form" on:submit=handler(send)>
                {seen(&action)}
                <label class="field">
                    <span class="field-label">"Why it must not happen"</span>
                    <textarea name="reason" rows="3" required maxlength=MAX_COMMENT_LENGTH.to_string()></textarea>
                </label>
                <button type="submit" class="button" disabled=move || busy()>
                    {move || if busy() { "Rejecting…" } else { "Reject" }}
                </button>
            </form>
        </details>
    }
}
