//! Who is signed in, with which roles, and the way out.

use leptos::prelude::*;

use super::icon::Icon;
use crate::api::{ApiError, session};
use crate::backend::SessionView;
use crate::ui::codec::Json;

/// The account area of the navigation pane.
#[component]
pub(super) fn Account() -> impl IntoView {
    let current: Resource<Result<SessionView, ApiError>, Json> =
        Resource::new_with_options(|| (), |()| session(), false);
    let who = move || current.get().map(|answer| answer.ok().map(identity));
    view! {
        <div class="account">
            <Suspense fallback=|| ()>{who}</Suspense>
            <form method="post" action="/sign-out">
                <button class="pane-link" type="submit" title="Sign out">
                    <Icon name="leave"/>
                    <span class="pane-word">"Sign out"</span>
                </button>
            </form>
        </div>
    }
}

fn identity(who: SessionView) -> impl IntoView {
    let roles = who.roles.join(", ");
    let title = format!("{}: {roles}", who.name);
    view! {
        <p class="identity" title=title>
            <Icon name="person"/>
            <span class="pane-word">
                <span class="identity-name">{who.name}</span>
                <span class="identity-roles">{roles}</span>
            </span>
        </p>
    }
}
