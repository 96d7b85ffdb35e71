//! Who is signed in, with which roles, and the way out.

use leptos::prelude::*;

use super::icon::Icon;
use crate::backend::SessionView;
use crate::ui::app::Surroundings;

/// The account area of the navigation pane.
#[component]
pub(super) fn Account() -> impl IntoView {
    let who = use_context::<Surroundings>().and_then(|around| around.who).map(identity);
    view! {
        <div class="account">
            {who}
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
