//! What can be done with the selected rows: the way to the preview. Nothing is decided from here.
//!
//! The checkboxes of the table belong to this form, so that it works without wasm: then it is always there.

use leptos::ev::{MouseEvent, SubmitEvent};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlButtonElement;

use crate::actions::location::ListLocation;
use crate::actions::rows::Selection;
use api::PlanBulk;
use domain::BulkVerb;
use domain::Lane;
use domain::core::text::format_count;
use kit::handler::handler;
use kit::icon::Icon;
use kit::table::selection::Selected;

/// The number of rows that match, on all pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matches {
    /// The number.
    pub count: u64,
    /// Whether there are more.
    pub more: bool,
}

impl Matches {
    fn text(self) -> String {
        format!("{}{}", format_count(self.count), if self.more { "+" } else { "" })
    }
}

/// The bar with the actions for the selected rows.
#[component]
pub fn BulkBar(
    /// The tab.
    lane: Lane,
    /// The list's location.
    location: Memo<ListLocation>,
    /// The page's selection.
    selection: Selection,
    /// The number of rows that match, if it is known.
    matches: RwSignal<Option<Matches>>,
    /// The request for a preview.
    plan: ServerAction<PlanBulk>,
) -> impl IntoView {
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let button = event.submitter().and_then(|button| button.dyn_into::<HtmlButtonElement>().ok());
        let Some(verb) = button.and_then(|button| button.value().parse::<BulkVerb>().ok()) else { return };
        let Selected { all, ids } = selection.get_untracked();
        let ids = ids.into_iter().collect();
        let (ids, except) = if all { (Vec::new(), ids) } else { (ids, Vec::new()) };
        let location = location.get_untracked();
        let (lane, shows) = (Some(location.lane), location.asks());
        plan.dispatch(PlanBulk { verb, ids, all, lane, shows, except, same_file: None });
    };
    let words = move || {
        let selected = selection.get();
        let count = match (selected.all, matches.get()) {
            (false, _) => selected.ids.len().to_string(),
            (true, Some(Matches { count, more: false })) => {
                format_count(count.saturating_sub(u64::try_from(selected.ids.len()).unwrap_or_default()))
            }
            (true, Some(matches)) => matches.text(),
            (true, None) => "All".to_owned(),
        };
        format!("{count} selected")
    };
    let everything = move || {
        let selected = selection.get();
        let found = matches.get();
        let offered = !selected.all && found.is_none_or(|found| found.count > selected.ids.len() as u64);
        offered.then(|| {
            let text = found.map_or_else(|| "Select all matching".to_owned(), |found| format!("Select all {} matching", found.text()));
            view! {
                <button type="button" class="button quiet needs-wasm" on:click=handler(move |_: MouseEvent| selection.everything())>
                    {text}
                </button>
            }
            .into_any()
        })
    };
    let busy = move || plan.pending().get();
    let verb = move |verb: BulkVerb, icon: &'static str| {
        view! {
            <button class="button" type="submit" name="verb" value=verb.as_str() disabled=move || busy()>
                <Icon name=icon/>
                {verb.label()}
                "…"
            </button>
        }
        .into_any()
    };
    let verbs = match lane {
        Lane::Pending => vec![verb(BulkVerb::Approve, "check"), verb(BulkVerb::Reject, "cross")],
        Lane::InProgress => Vec::new(),
        Lane::History => vec![verb(BulkVerb::Undo, "undo")],
    };
    view! {
        <form
            id="bulk"
            class="bulk-bar"
            class:open=move || !selection.is_empty()
            method="post"
            action=PlanBulk::PATH
            aria-label="Selected actions"
            on:submit=handler(send)
        >
            <input type="hidden" name="lane" value=lane.as_str()/>
            <input type="hidden" name="shows" value=move || location.read().asks()/>
            <p class="bulk-count" role="status">
                {move || words()}
            </p>
            <label class="facet-value no-script">
                <input type="checkbox" name="all" value="true"/>
                "All that match, on all pages"
            </label>
            {move || everything()}
            <button type="button" class="button quiet bulk-clear needs-wasm" on:click=handler(move |_: MouseEvent| selection.clear())>
                "Clear"
            </button>
            <div class="bulk-actions">{verbs}</div>
        </form>
    }
    .into_any()
}
