//! The form by which somebody says that a verdict is wrong, and what may follow from it: an undo, an indicator. It works
//! without wasm.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::actions::location::TAKE_PATH;
use api::{ReportEvidence, ReportVerdict};
use domain::actions::proposal::MAX_COMMENT_LENGTH;
use domain::actions::query::push_pair;
use domain::investigations::feedback::{WrongVerdict, indicator, indicator_fields};
use domain::{Action, ActionId, Entity};
use kit::form::take;
use kit::handler::handler;
use kit::url::with_query;

/// The requests of the forms, which outlive what a page shows.
#[derive(Clone, Copy)]
pub(crate) struct VerdictRequests {
    /// Of actions.
    pub(crate) action: ServerAction<ReportVerdict>,
    /// Of evidence.
    pub(crate) evidence: ServerAction<ReportEvidence>,
}

impl VerdictRequests {
    pub(crate) fn new() -> Self {
        Self { action: ServerAction::new(), evidence: ServerAction::new() }
    }
}

/// Of an action; `undo` leads to where it is undone, if it can be.
pub(crate) fn of_action(action: &Action, undo: Option<String>, requests: VerdictRequests) -> AnyView {
    let id = action.id;
    let send = move |event| {
        let (kind, comment) = given(&event);
        requests.action.dispatch(ReportVerdict { id, kind, comment });
    };
    let hidden = hidden_id(id);
    let next = follows(&action.entity, Some(&action.asset.name), undo);
    form(ReportVerdict::PATH, hidden, next, send)
}

/// Of a piece of evidence.
pub(crate) fn of_evidence(
    investigation: &str,
    evidence: &str,
    entity: &Entity,
    requests: VerdictRequests,
) -> AnyView {
    let (investigation, evidence) = (investigation.to_owned(), evidence.to_owned());
    let hidden = view! {
        <input type="hidden" name="investigation" value=investigation.clone()/>
        <input type="hidden" name="evidence" value=evidence.clone()/>
    };
    let send = move |event| {
        let (kind, comment) = given(&event);
        let (investigation, evidence) = (investigation.clone(), evidence.clone());
        requests.evidence.dispatch(ReportEvidence { investigation, evidence, kind, comment });
    };
    form(ReportEvidence::PATH, hidden.into_any(), follows(entity, None, None), send)
}

fn hidden_id(id: ActionId) -> AnyView {
    view! { <input type="hidden" name="id" value=id.to_string()/> }.into_any()
}

fn given(event: &leptos::ev::SubmitEvent) -> (WrongVerdict, String) {
    (take(event, "kind").parse().unwrap_or(WrongVerdict::FalsePositive), take(event, "comment"))
}

fn form(
    path: &'static str,
    hidden: AnyView,
    next: Option<AnyView>,
    send: impl Fn(leptos::ev::SubmitEvent) + 'static,
) -> AnyView {
    let kinds = WrongVerdict::ALL
        .iter()
        .map(|of| view! { <option value=of.as_str()>{of.label()}</option> }.into_any())
        .collect_view();
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        send(event);
    };
    view! {
        <details class="fold">
            <summary class="button quiet">"Wrong verdict…"</summary>
            <form method="post" action=path class="fold-form" on:submit=handler(send)>
                {hidden}
                <label class="field">
                    <span class="field-label">"What is wrong"</span>
                    <select name="kind">{kinds}</select>
                </label>
                <label class="field">
                    <span class="field-label">"Why (optional)"</span>
                    <textarea name="comment" rows="2" maxlength=MAX_COMMENT_LENGTH.to_string()></textarea>
                </label>
                <button type="submit" class="button">
                    "Tell who proposed it"
                </button>
                {next}
            </form>
        </details>
    }
    .into_any()
}

/// What may follow: each a link to where it is done.
fn follows(entity: &Entity, asset: Option<&str>, undo: Option<String>) -> Option<AnyView> {
    let link = |kind: WrongVerdict| {
        let label = indicator(entity, kind)?.label();
        let mut query = String::new();
        for (name, value) in indicator_fields(entity, asset, kind)? {
            push_pair(&mut query, name, &value);
        }
        let href = with_query(TAKE_PATH.to_owned(), &query);
        Some(view! { <li>{kind.label()} ": " <a href=href>{label} "…"</a></li> }.into_any())
    };
    let undo = undo.map(|href| view! { <li><a href=href>"Undo this action…"</a></li> }.into_any());
    let links: Vec<_> =
        undo.into_iter().chain(WrongVerdict::ALL.iter().filter_map(|&kind| link(kind))).collect();
    if links.is_empty() {
        return None;
    }
    Some(
        view! {
            <p class="field-label">"What may follow"</p>
            <ul class="plain-list">{links}</ul>
        }
        .into_any(),
    )
}
