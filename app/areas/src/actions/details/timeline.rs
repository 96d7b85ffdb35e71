//! What happens on one entity over time: what came before the action and after it, what stands now, and what its proposer
//! changed of it.

use leptos::prelude::*;

use crate::actions::badges::Badged;
use crate::actions::location::ListLocation;
use domain::actions::contract::{ActionDetail, Revision, Standing};
use domain::core::time::Timestamp;
use domain::{Action, ActionId, Status};
use kit::badge::Badge;
use kit::derived::Derived;
use kit::time::localize;
use kit::visible_text::VisibleText;
use kit::when::When;

/// The other actions on the same entity, newest first, with the open one at its place.
pub(super) fn timeline(
    detail: &ActionDetail,
    location: Memo<ListLocation>,
    now: Derived<Timestamp>,
) -> impl IntoView + use<> {
    let ActionDetail { action, later, earlier, standing, .. } = detail;
    let this = action.id;
    let all = later.iter().chain([action]).chain(earlier);
    let items = all.map(|action| item(action, this, location, now)).collect_view();
    let stands = standing.iter().map(|of| stands(of, now)).collect_view();
    (!later.is_empty() || !earlier.is_empty()).then(|| {
        view! {
            <section class="facts">
                <h3>"On the same entity"</h3>
                {stands}
                <ul class="earlier">{items}</ul>
            </section>
        }
    })
}

fn stands(of: &Standing, now: Derived<Timestamp>) -> AnyView {
    let text = if of.stands { " stands now, since " } else { " does not stand now: it was reversed " };
    view! {
        <p class="meta">
            {of.action_type.label()} {text} <When at=of.at now/>
        </p>
    }
    .into_any()
}

fn item(action: &Action, this: ActionId, location: Memo<ListLocation>, now: Derived<Timestamp>) -> AnyView {
    let id = action.id;
    let by = action.taken_by().unwrap_or(&action.proposed_by).label();
    let status = (action.status != Status::None).then(|| view! { <Badge look=action.status.badge()/> });
    let name = action.action_type.label();
    let name = if id == this {
        view! { <strong>{name} " (this action)"</strong> }.into_any()
    } else {
        view! {
            <a href=move || location.read().with_open(id).href() data-noscroll>
                {name}
            </a>
        }
        .into_any()
    };
    view! {
        <li>
            {name}
            <Badge look=action.decision.badge()/>
            {status}
            <span class="meta">
                // The time by which they are ordered: what changes an action later moves it nowhere.
                <VisibleText text=by/>
                ", proposed "
                <When at=action.proposed_at now/>
            </span>
        </li>
    }
    .into_any()
}

/// What the proposer changed since the action was proposed.
pub(super) fn revisions(revisions: &[Revision], now: Derived<Timestamp>) -> impl IntoView + use<> {
    let item = |Revision { at, by, changes }: &Revision| {
        let at = *at;
        view! {
            <li>
                <VisibleText text=localize(&changes.join("; "))/>
                <span class="meta">
                    <VisibleText text=by.clone()/>
                    ", "
                    <When at now/>
                </span>
            </li>
        }
        .into_any()
    };
    let items = revisions.iter().map(item).collect_view();
    (!revisions.is_empty()).then(|| {
        view! {
            <section class="facts">
                <h3>"Changed since it was proposed"</h3>
                <ul class="earlier">{items}</ul>
            </section>
        }
    })
}
