//! Who is signed in, with which roles, and the way out.

use leptos::prelude::*;

use super::icon::Icon;
use crate::api::{ApiError, session};
use crate::backend::SessionView;

/// The account area of the navigation pane.
#[component]
pub(super) fn Account() -> impl IntoView {
    let current = Resource::new(|| (), |()| session());
    let who = move || current.get().map(|answer: Result<SessionView, ApiError>| answer.ok().map(identity));
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
