//! What a policy asks for of the decision, break-glass as a form, and what became of it.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::actions::details::seen::seen;
use api::BreakGlass;
use domain::actions::break_glass::{BreakGlassUse, MIN_REASON};
use domain::actions::contract::Protected;
use domain::actions::proposal::MAX_COMMENT_LENGTH;
use domain::{Action, Decision};
use kit::facts::Fact;
use kit::icon::Icon;
use kit::time::full;
use kit::visible_text::VisibleText;

/// The sentence why it is not as easy as elsewhere, and the way to a second factor where one is asked for.
pub(super) fn protection(of: Option<&Protected>, action: &Action) -> Option<AnyView> {
    let Protected { says, first, step_up, .. } = of?.clone();
    let did = match action.decision {
        Decision::Pending => " approved it first. ",
        _ => " wants it tried again. ",
    };
    let first = first.map(|name| view! { <VisibleText text=name/> {did} });
    let tab = if action.decision == Decision::Pending { "pending" } else { "history" };
    let back = format!("/settings/step-up?back=/action-center/{tab}%3Fopen%3D{}", action.id);
    let factor = step_up.then(|| {
        view! {
            <a href=back>"Confirm your second factor"</a>
            " before you decide. "
        }
    });
    let view = view! {
        <p class="effect-line strong">
            <Icon name="lock"/>
            <span><VisibleText text=says/> " " {first} {factor}</span>
        </p>
    };
    Some(view.into_any())
}

/// The form by which one person approves alone, as the browser sends it: it is rare.
pub(super) fn break_glass_form(action: &Action) -> AnyView {
    view! {
        <details class="fold break-glass-fold">
            <summary class="button">"Break-glass…"</summary>
            <form method="post" action=BreakGlass::PATH class="fold-form">
                {seen(action)}
                <label class="field">
                    <span class="field-label">
                        "Why it can't wait for a second person. Somebody else reviews it later."
                    </span>
                    <textarea
                        name="reason"
                        rows="3"
                        required
                        minlength=MIN_REASON.to_string()
                        maxlength=MAX_COMMENT_LENGTH.to_string()
                    ></textarea>
                </label>
                <button type="submit" class="button danger">
                    "Approve alone"
                </button>
            </form>
        </details>
    }
    .into_any()
}

/// How one person let it happen alone, and what somebody else said of it.
pub(super) fn broken(of: Option<&BreakGlassUse>) -> Vec<Fact> {
    let Some(of) = of.cloned() else { return Vec::new() };
    let mut facts: Vec<Fact> = vec![
        ("Used by", view! { <VisibleText text=of.by/> ", " {full(of.at)} }.into_any()),
        ("Policy", view! { <VisibleText text=of.policy/> }.into_any()),
        ("Reason", view! { <VisibleText text=of.reason lines=true/> }.into_any()),
    ];
    if let Some(review) = of.review {
        let by = view! { <VisibleText text=review.by/> ", " {full(review.at)} };
        facts.push(("Reviewed by", by.into_any()));
        facts.push(("Review", view! { <VisibleText text=review.comment lines=true/> }.into_any()));
    } else {
        let link = view! { "Nobody yet. " <a href="/settings/policies">"To be reviewed"</a> };
        facts.push(("Reviewed by", link.into_any()));
    }
    facts
}
