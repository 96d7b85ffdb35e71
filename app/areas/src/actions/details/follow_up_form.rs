//! What else may be asked of the open action, as forms: to take it back, to call it off, to try it again, to say how it
//! ended.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::actions::details::decide::{Decisions, SentDecision, called};
use crate::actions::details::seen::seen;
use api::FollowUpAction;
use domain::actions::contract::ActionDetail;
use domain::actions::proposal::MAX_COMMENT_LENGTH;
use domain::{Action, FollowUpVerb};
use kit::form::take;
use kit::handler::handler;

/// What a form asks.
struct Wording {
    /// The button that opens it.
    open: &'static str,
    /// What is to be known before.
    hint: &'static str,
    /// The label of the text.
    ask: &'static str,
    /// The button that sends it.
    send: &'static str,
}

const SETTLE: Wording = Wording {
    open: "Settle…",
    hint: "Look at the target first: what you say here becomes the record.",
    ask: "What you saw, and where",
    send: "Settle",
};

const fn wording(verb: FollowUpVerb) -> Wording {
    match verb {
        FollowUpVerb::Withdraw | FollowUpVerb::Supersede => Wording {
            open: "Withdraw…",
            hint: "Nobody decides on it any more, and nothing is done.",
            ask: "Why (optional)",
            send: "Withdraw",
        },
        FollowUpVerb::Cancel => Wording {
            open: "Cancel…",
            hint: "What no executor has got is not done. One that has it is asked first, and says whether it had begun.",
            ask: "Why (optional)",
            send: "Cancel this action",
        },
        FollowUpVerb::Retry => Wording {
            open: "Try again…",
            hint: "The same action is handed to its executor once more.",
            ask: "Why (optional)",
            send: "Try again",
        },
        FollowUpVerb::ItHappened | FollowUpVerb::ItDidNotHappen => SETTLE,
        FollowUpVerb::Take => Wording {
            open: "Assign to me…",
            hint: "The others see that it is in hand.",
            ask: "A note (optional)",
            send: "Assign to me",
        },
        FollowUpVerb::Done => Wording {
            open: "Done…",
            hint: "What you say here becomes the record.",
            ask: "What was done, with a reference (optional)",
            send: "It is done",
        },
        FollowUpVerb::NotDone => Wording {
            open: "Could not be done…",
            hint: "It ends as Failed, and can be tried again.",
            ask: "Why it could not be done",
            send: "It could not be done",
        },
    }
}

/// The forms; nothing where nothing is offered.
#[component]
pub(crate) fn FollowUpForms(
    /// The action, and what may be asked of it.
    detail: ActionDetail,
    /// The page's pending decisions.
    decisions: Decisions,
) -> impl IntoView {
    let ActionDetail { action, follow_ups, .. } = detail;
    if follow_ups.is_empty() {
        return ().into_any();
    }
    let forms: Vec<_> = follow_ups
        .iter()
        // The two ends of settling are one form.
        .filter(|verb| **verb != FollowUpVerb::ItDidNotHappen)
        .map(|verb| form(*verb, action.clone(), decisions))
        .collect();
    view! { <div class="decide">{forms}</div> }.into_any()
}

fn form(verb: FollowUpVerb, action: Action, decisions: Decisions) -> AnyView {
    let Wording { open, hint, ask, send: button } = wording(verb);
    let follow_up = decisions.follow_up;
    let Action { id, version: expected_version, digest, .. } = action.clone();
    let busy = move || {
        decisions.checking.get() == Some(id)
            || follow_up.input().read().as_ref().is_some_and(|sent| sent.id == id)
    };
    let of = action.clone();
    let send = move |event| {
        let Ok(verb) = take(&event, "verb").parse() else { return };
        let reason = Some(take(&event, "reason"));
        let sent = FollowUpAction { id, expected_version, digest: digest.clone(), verb, reason, by: None };
        decisions.send(called(&of), SentDecision::FollowUp(sent));
    };
    let choice = |verb: FollowUpVerb| {
        view! {
            <label class="check">
                <input type="radio" name="verb" value=verb.as_str() required/>
                {verb.label()}
            </label>
        }
        .into_any()
    };
    let which = if verb == FollowUpVerb::ItHappened {
        vec![choice(FollowUpVerb::ItHappened), choice(FollowUpVerb::ItDidNotHappen)]
    } else {
        vec![view! { <input type="hidden" name="verb" value=verb.as_str()/> }.into_any()]
    };
    view! {
        <details class="fold">
            <summary class="button">{open}</summary>
            <form method="post" action=FollowUpAction::PATH class="fold-form" on:submit=handler(send)>
                {seen(&action)}
                <p>{hint}</p>
                {which}
                <label class="field">
                    <span class="field-label">{ask}</span>
                    <textarea
                        name="reason"
                        rows="3"
                        required=verb.needs_reason()
                        maxlength=MAX_COMMENT_LENGTH.to_string()
                    ></textarea>
                </label>
                <button type="submit" class="button" disabled=move || busy()>
                    {button}
                </button>
            </form>
        </details>
    }
    .into_any()
}
