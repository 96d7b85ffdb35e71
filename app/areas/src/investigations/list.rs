//! The list of investigations, the latest change first.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::records::{link, optional, table, text, time};
use crate::actions::badges::Badged;
use crate::actions::location::{incident_href, investigation_href};
use api::{ApiError, Load, list_investigations};
use domain::actions::query::push_pair;
use domain::investigations::{InvestigationList, InvestigationState, InvestigationSummary};
use kit::badge::Badge;
use kit::failure::Failure;
use kit::pager::{Neighbours, Pager};
use kit::skeleton::Skeleton;
use kit::url::with_query;

kit::page! {
    module: investigations,
    function: investigations / preload_investigations,
    paths: ["/investigations"],
    view: view! { <Investigations/> }.into_any(),
}

const PATH: &str = "/investigations";

/// The page.
#[component]
fn Investigations() -> impl IntoView {
    let query = use_query_map();
    let state = Memo::new(move |_| query.read().get("state").and_then(|text| text.parse().ok()));
    let cursor = Memo::new(move |_| query.read().get("cursor").filter(|text| !text.is_empty()));
    let list: Load<Result<InvestigationList, ApiError>> = Load::new(
        move || (state.get(), cursor.get()),
        |(state, cursor)| async move { list_investigations(state, cursor).await },
    );
    let content = move || {
        let answer = list.get()?;
        Some(match answer {
            Ok(list) => shown(list, state.get_untracked()),
            Err(ApiError { code, .. }) => view! {
                <Failure title="The investigations could not be loaded" code href=PATH retry=move |()| list.refetch()/>
            }
            .into_any(),
        })
    };
    let options = InvestigationState::ALL
        .iter()
        .map(|&of| {
            view! {
                <option value=of.as_str() selected=move || state.get() == Some(of)>
                    {of.label()}
                </option>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <Title text="Investigations · Countersign"/>
        <div class="case">
            <h1>"Investigations"</h1>
            <form class="case-filter" action=PATH>
                <label class="field">
                    <span class="field-label">"State"</span>
                    <select name="state">
                        <option value="">"All states"</option>
                        {options}
                    </select>
                </label>
                <button class="button" type="submit">"Apply"</button>
            </form>
            <Transition fallback=Skeleton>
                <div class="slot">{move || content()}</div>
            </Transition>
        </div>
    }
}

fn shown(list: InvestigationList, state: Option<InvestigationState>) -> AnyView {
    let next = list.next.map(|cursor| {
        let mut query = String::new();
        if let Some(state) = state {
            push_pair(&mut query, "state", state.as_str());
        }
        push_pair(&mut query, "cursor", &cursor);
        with_query(PATH.to_owned(), &query)
    });
    let count = list.items.len();
    let rows = summaries(list.items);
    let empty = if state.is_some() {
        "No investigation is in this state."
    } else {
        "No tool has reported an investigation yet."
    };
    view! {
        {table("Investigations", &HEADS, rows, empty)}
        <Pager neighbours=move || Neighbours {
            previous: None,
            next: next.clone(),
            summary: domain::core::text::pluralize(count as u64, "investigation", "investigations"),
        }>""</Pager>
    }
    .into_any()
}

/// The headings of the table.
pub(crate) const HEADS: [&str; 9] = [
    "ID",
    "Title",
    "State",
    "Severity",
    "Actions waiting",
    "Detection source",
    "Incident",
    "Started",
    "Updated",
];

/// The rows of the table.
pub(crate) fn summaries(items: Vec<InvestigationSummary>) -> Vec<Vec<AnyView>> {
    let row = |of: InvestigationSummary| {
        let incident = of.incident_id.map_or_else(|| "–".into_any(), |id| link(incident_href(&id), id));
        vec![
            link(investigation_href(&of.id), of.id.clone()),
            text(of.title),
            of.state.label().into_any(),
            view! { <Badge look=of.severity.badge()/> }.into_any(),
            of.waiting.to_string().into_any(),
            optional(of.detection_source),
            incident,
            time(of.started_at),
            time(of.updated_at),
        ]
    };
    items.into_iter().map(row).collect()
}
