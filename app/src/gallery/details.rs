//! The flyout in its states.

use leptos::prelude::*;

use super::sample::{self, NOW};
use super::section;
use areas::actions::details::action_detail::{ActionDetailBody, DetailContext};
use areas::actions::details::decide::Decisions;
use areas::actions::location::ListLocation;
use domain::actions::contract::Availability;
use domain::{Action, Lane};
use kit::derived::derived;
use kit::flyout::Flyout;

pub(super) fn chapter() -> AnyView {
    let closed = "this needs Security Operator together with Search and Purge";
    view! {
        {section("Waits for a decision", flyout(sample::pending(), Availability::Allowed))}
        {section("Can't be undone", flyout(sample::irreversible(), Availability::Allowed))}
        {section("Not yours to decide", flyout(sample::pending(), Availability::Denied(closed.to_owned())))}
        {section("Done, can be undone", flyout(sample::completed(), Availability::Allowed))}
        {section("Nobody knows how it ended", flyout(sample::unknown(), Availability::Allowed))}
    }
    .into_any()
}

fn flyout(action: Action, offer: Availability) -> impl IntoView {
    let setting = DetailContext {
        location: Memo::new(|_| ListLocation::new(Lane::Pending)),
        now: derived(|| NOW),
        decisions: Decisions::new(),
        wants_focus: StoredValue::new(false),
    };
    let detail = sample::detail(action, offer);
    view! {
        <Flyout label="Details of the action" steps=["Previous action", "Next action"] close=|| "#details".to_owned() around=RwSignal::new((Some("#details".to_owned()), None)) news=RwSignal::new(None)>
            <ActionDetailBody detail setting/>
        </Flyout>
    }
}
