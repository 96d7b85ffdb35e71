//! Undo as a form: what the reverse does, why it is wanted, and the button.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::actions::details::decide::called;
use crate::actions::details::decide::closed;
use crate::actions::details::decide::{Decisions, SentDecision};
use crate::actions::details::seen::seen;
use api::{PlanBulk, UndoAction};
use domain::actions::contract::{ActionDetail, Availability};
use domain::actions::proposal::MAX_COMMENT_LENGTH;
use domain::core::text::pluralize;
use domain::{Action, ActionId, BulkVerb, Undo};
use kit::form::take;
use kit::handler::handler;

/// The form, or the sentence why there is none.
#[component]
pub(crate) fn UndoForm(
    /// The action that had an effect, and whether the person may undo it.
    detail: ActionDetail,
    /// The page's pending decisions.
    decisions: Decisions,
) -> impl IntoView {
    let ActionDetail { action, undo: offer, instances, twins, protection, .. } = detail;
    let reverse = match (offer, action.action_type.info().undo) {
        (Availability::Denied(reason), _) => {
            return view! { <div class="decide">{closed("No undo", reason)}</div> }.into_any();
        }
        (Availability::Allowed, Undo::Never(_) | Undo::NotNeeded) => None,
        (Availability::Allowed, Undo::By(reverse)) => Some(reverse),
    };
    let undo = decisions.undo;
    let Action { id, version: expected_version, digest, .. } = action.clone();
    let busy = move || {
        decisions.checking.get() == Some(id) || undo.input().read().as_ref().is_some_and(|sent| sent.id == id)
    };
    let of = action.clone();
    let send = move |event| {
        let reason = take(&event, "reason");
        let lift_others = take(&event, "lift_others") == "true";
        let break_glass = take(&event, "break_glass") == "true";
        let targets = take(&event, "targets");
        let undo = UndoAction {
            id,
            expected_version,
            digest: digest.clone(),
            reason,
            lift_others,
            targets,
            break_glass,
        };
        decisions.send(called(&of), SentDecision::Undo(undo));
    };
    let others = twins.iter().any(|twin| twin.stands).then(|| {
        view! {
            <label class="check">
                <input type="checkbox" name="lift_others" value="true" required/>
                "The same also stands by another action: lift it for both"
            </label>
        }
    });
    let some = action.has_targets().then(|| {
        view! {
            <label class="field">
                <span class="field-label">"Only on these devices, one a line (all where it stands, if none is named)"</span>
                <textarea name="targets" rows="2"></textarea>
            </label>
        }
    });
    let alone = protection.is_some().then(|| {
        view! {
            <label class="check">
                <input type="checkbox" name="break_glass" value="true"/>
                "Break-glass: at once, without somebody else. The reason is reviewed later"
            </label>
        }
    });
    let effect = reverse.map(|reverse| {
        view! {
            <p class="undo-effect">
                <strong>{reverse.label()}": "</strong>
                {reverse.info().effect}
            </p>
        }
    });
    view! {
        <div class="decide">
            <details class="fold undo-fold" id="undo">
                <summary class="button">"Undo…"</summary>
                <form method="post" action=UndoAction::PATH class="fold-form" on:submit=handler(send)>
                    {seen(&action)}
                    {effect}
                    <label class="field">
                        <span class="field-label">"Why it is undone"</span>
                        <textarea name="reason" rows="3" required maxlength=MAX_COMMENT_LENGTH.to_string()></textarea>
                    </label>
                    {some}
                    {others}
                    {alone}
                    <button type="submit" class="button" disabled=move || busy()>
                        {move || if busy() { "Undoing…" } else { "Undo this action" }}
                    </button>
                </form>
            </details>
            {(instances > 0).then(|| same_file(id, instances))}
        </div>
    }
    .into_any()
}

/// Leads to the preview of undoing it wherever the same was done to the same file. A native form: a page follows.
fn same_file(id: ActionId, instances: usize) -> AnyView {
    let more = pluralize(instances as u64, "more instance", "more instances");
    view! {
        <form method="post" action=PlanBulk::PATH>
            <input type="hidden" name="verb" value=BulkVerb::Undo.as_str()/>
            <input type="hidden" name="same_file" value=id.to_string()/>
            <button type="submit" class="button">
                "Apply to " {more} " of this file…"
            </button>
        </form>
    }
    .into_any()
}
