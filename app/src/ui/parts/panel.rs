//! A panel beside the list, which stays usable: filters, columns, views, similar actions. It is open because the address says so.

use leptos::prelude::*;

use super::icon::Icon;
use crate::ui::place::{Panel, Place};

/// Its frame: title and way out.
#[component]
pub(in crate::ui) fn SidePanel(
    /// Where the person is.
    here: Memo<Place>,
    /// Which.
    panel: Panel,
    /// Its heading.
    title: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <aside class="side-panel" id=panel.as_str() aria-label=title>
            <div class="side-panel-head">
                <h2>{title}</h2>
                <a class="button quiet" href=move || here.read().with_panel(None).href() data-noscroll>
                    <Icon name="cross"/>
                    "Close"
                </a>
            </div>
            {children()}
        </aside>
    }
    .into_any()
}
