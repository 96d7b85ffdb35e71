//! What waits for a decision, each with its forms, which work without wasm: what they send is what is shown. An incident
//! shows cards, an investigation a table.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::actions::badges::Badged;
use crate::actions::location::ListLocation;
use crate::actions::wrong_verdict::{VerdictRequests, of_action};
use api::DecideWaiting;
use domain::actions::contract::Availability;
use domain::actions::proposal::MAX_COMMENT_LENGTH;
use domain::investigations::WaitingAction;
use domain::{Action, BulkVerb, Lane, Undo};
use kit::badge::Badge;
use kit::form::take;
use kit::handler::handler;
use kit::icon::Icon;
use kit::time::{full, localize};
use kit::visible_text::VisibleText;

/// The requests of a page, which outlive what it shows.
#[derive(Clone, Copy)]
pub(crate) struct CaseRequests {
    /// Decides on an action.
    pub(crate) decide: ServerAction<DecideWaiting>,
    /// Report wrong verdicts.
    pub(crate) feedback: VerdictRequests,
}

impl CaseRequests {
    pub(crate) fn new() -> Self {
        Self { decide: ServerAction::new(), feedback: VerdictRequests::new() }
    }
}

/// All that waits.
pub(crate) fn waiting(rows: Vec<WaitingAction>, requests: CaseRequests) -> AnyView {
    if rows.is_empty() {
        return view! { <p class="records-empty">"Nothing waits for a decision."</p> }.into_any();
    }
    let rows = rows.into_iter().map(|row| one(row, requests)).collect_view();
    view! { <ul class="waiting">{rows}</ul> }.into_any()
}

fn one(row: WaitingAction, requests: CaseRequests) -> AnyView {
    let action = row.action.clone();
    let info = action.action_type.info();
    let href = ListLocation::new(Lane::Pending).with_open(action.id).href();
    view! {
        <li class="waiting-action">
            <p class="waiting-head">
                <a href=href>
                    {info.name} ": " <VisibleText text=action.entity.title()/>
                </a>
                <Badge look=action.severity.badge()/>
                {action.verdict.map(|verdict| view! { <Badge look=verdict.badge()/> })}
            </p>
            <p class="case-lead">
                {action.asset.kind.label()} " " <VisibleText text=action.asset.name.clone()/> " · proposed by "
                <VisibleText text=action.proposed_by.label()/> " · expires " {full(action.expires_at)}
            </p>
            {decision(row, requests)}
        </li>
    }
    .into_any()
}

/// What would happen, and the forms that decide on it: the end of a card, and a cell of a table.
pub(crate) fn decision(row: WaitingAction, requests: CaseRequests) -> AnyView {
    let WaitingAction { action, approve, reject } = row;
    let info = action.action_type.info();
    let undo = match info.undo {
        Undo::By(reverse) => format!("Can be undone: {}.", reverse.label()),
        Undo::Never(why) => format!("This can't be undone: {why}."),
        Undo::NotNeeded => String::new(),
    };
    let same = approve == reject;
    let approve = match approve {
        Availability::Allowed => decide(&action, BulkVerb::Approve, requests),
        Availability::Denied(why) => closed(why),
    };
    let reject = match reject {
        Availability::Allowed => Some(decide(&action, BulkVerb::Reject, requests)),
        Availability::Denied(_) if same => None,
        Availability::Denied(why) => Some(closed(why)),
    };
    view! {
        <p>{info.effect} " " {undo}</p>
        {action.status_detail.clone().map(|why| view! { <p class="case-lead"><VisibleText text=localize(&why)/></p> })}
        <div class="waiting-forms">{approve} {reject} {of_action(&action, None, requests.feedback)}</div>
    }
    .into_any()
}

fn closed(why: String) -> AnyView {
    view! {
        <p class="closed">
            <Icon name="lock"/>
            <span>{why}</span>
        </p>
    }
    .into_any()
}

fn decide(action: &Action, verb: BulkVerb, requests: CaseRequests) -> AnyView {
    let Action { id, version: expected_version, digest, .. } = action.clone();
    let bound = digest.clone();
    let decide = requests.decide;
    let send = move |event| {
        let reason = take(&event, "reason");
        decide.dispatch(DecideWaiting { id, expected_version, digest: bound.clone(), verb, reason });
    };
    let busy = decide.pending();
    let is_final = verb == BulkVerb::Approve && matches!(action.action_type.info().undo, Undo::Never(_));
    let sure = is_final.then(|| {
        view! {
            <label class="check">
                <input type="checkbox" required/>
                "I know that this can't be undone"
            </label>
        }
    });
    let (class, label, button) = match verb {
        BulkVerb::Approve if is_final => ("button danger", "Comment (optional)", "Approve pending action"),
        BulkVerb::Approve => ("button primary", "Comment (optional)", "Approve pending action"),
        _ => ("button", "Why it must not happen", "Reject pending action"),
    };
    view! {
        <form method="post" action=DecideWaiting::PATH class="waiting-form" on:submit=handler(send)>
            <input type="hidden" name="id" value=id.to_string()/>
            <input type="hidden" name="expected_version" value=expected_version.to_string()/>
            <input type="hidden" name="digest" value=digest/>
            <input type="hidden" name="verb" value=verb.as_str()/>
            <label class="field">
                <span class="field-label">{label}</span>
                <textarea
                    name="reason"
                    rows="1"
                    required=verb == BulkVerb::Reject
                    maxlength=MAX_COMMENT_LENGTH.to_string()
                ></textarea>
            </label>
            {sure}
            <button type="submit" class=class disabled=move || busy.get()>
                {button}
            </button>
        </form>
    }
    .into_any()
}
