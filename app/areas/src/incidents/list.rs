//! The list of incidents, the latest change first.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::actions::badges::Badged;
use crate::actions::location::incident_href;
use crate::investigations::records::{link, optional, table, text, time};
use api::{ApiError, Load, list_incidents};
use domain::actions::query::push_pair;
use domain::incidents::{IncidentList, IncidentStatus, IncidentSummary};
use kit::badge::Badge;
use kit::failure::Failure;
use kit::pager::{Neighbours, Pager};
use kit::skeleton::Skeleton;
use kit::url::with_query;

kit::page! {
    module: investigations,
    function: incidents / preload_incidents,
    paths: ["/incidents"],
    view: view! { <Incidents/> }.into_any(),
}

const PATH: &str = "/incidents";

/// The page.
#[component]
fn Incidents() -> impl IntoView {
    let query = use_query_map();
    let status = Memo::new(move |_| query.read().get("status").and_then(|text| text.parse().ok()));
    let cursor = Memo::new(move |_| query.read().get("cursor").filter(|text| !text.is_empty()));
    let list: Load<Result<IncidentList, ApiError>> = Load::new(
        move || (status.get(), cursor.get()),
        |(status, cursor)| async move { list_incidents(status, cursor).await },
    );
    let content = move || {
        let answer = list.get()?;
        Some(match answer {
            Ok(list) => shown(list, status.get_untracked()),
            Err(ApiError { code, .. }) => view! {
                <Failure title="The incidents could not be loaded" code href=PATH retry=move |()| list.refetch()/>
            }
            .into_any(),
        })
    };
    let options = IncidentStatus::ALL
        .iter()
        .map(|&of| {
            view! {
                <option value=of.as_str() selected=move || status.get() == Some(of)>
                    {of.label()}
                </option>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <Title text="Incidents · Countersign"/>
        <div class="case">
            <h1>"Incidents"</h1>
            <form class="case-filter" action=PATH>
                <label class="field">
                    <span class="field-label">"Status"</span>
                    <select name="status">
                        <option value="">"All"</option>
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

fn shown(list: IncidentList, status: Option<IncidentStatus>) -> AnyView {
    let next = list.next.map(|cursor| {
        let mut query = String::new();
        if let Some(status) = status {
            push_pair(&mut query, "status", status.as_str());
        }
        push_pair(&mut query, "cursor", &cursor);
        with_query(PATH.to_owned(), &query)
    });
    let count = list.items.len() as u64;
    let row = |of: IncidentSummary| {
        vec![
            link(incident_href(&of.id), of.id.clone()),
            text(of.title),
            of.status.label().into_any(),
            view! { <Badge look=of.severity.badge()/> }.into_any(),
            of.classification.map_or("–", |of| of.label()).into_any(),
            optional(of.assigned_to),
            of.investigations.to_string().into_any(),
            of.waiting.to_string().into_any(),
            time(of.started_at),
            time(of.updated_at),
        ]
    };
    let heads = [
        "ID",
        "Title",
        "Status",
        "Severity",
        "Classification",
        "Assigned to",
        "Investigations",
        "Actions waiting",
        "Started",
        "Updated",
    ];
    let empty = if status.is_some() {
        "No incident has this status."
    } else {
        "No tool has reported an incident yet."
    };
    view! {
        {table("Incidents", &heads, list.items.into_iter().map(row).collect(), empty)}
        <Pager neighbours=move || Neighbours {
            previous: None,
            next: next.clone(),
            summary: domain::core::text::pluralize(count, "incident", "incidents"),
        }>""</Pager>
    }
    .into_any()
}
