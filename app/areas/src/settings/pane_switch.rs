//! Collapses the navigation pane to icons, and opens it again; kept for the person.

use crate::settings::pane::Pane;
use api::SavePane;
use kit::handler::handler;
use kit::icon::Icon;
use kit::url::way_back;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

/// A button that collapses or expands the navigation pane, as a form.
#[component]
pub fn PaneSwitch() -> impl IntoView {
    let (pane, back) = (Pane::current(), way_back());
    let save = ServerAction::<SavePane>::new();
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        save.dispatch(SavePane { collapsed: pane.toggle(), back: None });
    };
    let word = move || if pane.is_collapsed() { "Expand the pane" } else { "Collapse the pane" };
    view! {
        <form class="pane-switch" method="post" action=SavePane::PATH on:submit=handler(send)>
            <input type="hidden" name="collapsed" value=move || (!pane.is_collapsed()).to_string()/>
            <input type="hidden" name="back" value=back/>
            <button class="pane-link" type="submit" title=move || word()>
                <Icon name="pane"/>
                <span class="pane-word">{move || word()}</span>
            </button>
        </form>
    }
}
