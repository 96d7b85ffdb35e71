//! The page of an incident: what waits, what happened in order, what belongs to it, and what people say of it.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::actions::badges::Badged;
use crate::actions::location::incident_href;
use crate::investigations::address::decoded;
use crate::investigations::page::{missing, tell};
use crate::investigations::records::{optional, text, time};
use crate::investigations::rows::{alerts_table, evidence_table, history_table, investigations_table};
use crate::investigations::waiting::{CaseRequests, waiting};
use api::{ApiError, ChangeIncident, CommentIncident, Load, load_incident};
use domain::ErrorCode;
use domain::actions::contract::Availability;
use domain::core::text::pluralize;
use domain::incidents::{
    Classification, IncidentComment, IncidentStatus, IncidentSummary, IncidentView, MAX_COMMENT, StoryLine,
};
use kit::badge::Badge;
use kit::effect::effect;
use kit::failure::Failure;
use kit::form::take;
use kit::handler::handler;
use kit::icon::Icon;
use kit::notice::{Announcement, Notice};
use kit::skeleton::Skeleton;
use kit::visible_text::VisibleText;

kit::page! {
    module: investigations,
    function: incident / preload_incident,
    paths: ["/incidents/:id"],
    view: view! { <Incident/> }.into_any(),
}

type Loaded = Load<Result<IncidentView, ApiError>>;

/// The page.
#[component]
fn Incident() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| decoded(&params.read().get("id").unwrap_or_default()));
    let view: Loaded = Load::new(move || id.get(), |id| async move { load_incident(id).await });
    let requests = CaseRequests::new();
    let change = ServerAction::<ChangeIncident>::new();
    let comment = ServerAction::<CommentIncident>::new();
    let news = RwSignal::new(None);
    tell(news, requests, move || view.refetch());
    effect(move || {
        if change.version().get() == 0 {
            return;
        }
        news.set(match change.value().get_untracked() {
            Some(Err(error)) => Some(Announcement::failed(error.code, error.detail)),
            _ => Some(Announcement::Done("Saved.".to_owned())),
        });
        view.refetch();
    });
    effect(move || {
        if comment.version().get() == 0 {
            return;
        }
        if let Some(Err(error)) = comment.value().get_untracked() {
            news.set(Some(Announcement::failed(error.code, error.detail)));
        }
        view.refetch();
    });
    let content = move || {
        let answer = view.get()?;
        Some(match answer {
            Ok(of) => shown(of, requests, change, comment),
            Err(ApiError { code: ErrorCode::NotFound, .. }) => missing("incident", "/incidents"),
            Err(ApiError { code, .. }) => {
                let href = Signal::derive(move || incident_href(&id.read()));
                view! { <Failure title="The incident could not be loaded" code href retry=move |()| view.refetch()/> }
                    .into_any()
            }
        })
    };
    view! {
        <Title text=move || format!("Incident {} · Countersign", id.read())/>
        <div class="case">
            <Notice news/>
            <Transition fallback=Skeleton>
                <div class="slot">{move || content()}</div>
            </Transition>
        </div>
    }
}

fn shown(
    of: IncidentView,
    requests: CaseRequests,
    change: ServerAction<ChangeIncident>,
    comment: ServerAction<CommentIncident>,
) -> AnyView {
    let IncidentView { summary, story, pending, decided, comments, .. } = of;
    let may = matches!(of.change, Availability::Allowed);
    let warning = (summary.status == IncidentStatus::Resolved && summary.waiting > 0).then(|| {
        let waiting = pluralize(summary.waiting, "action still waits", "actions still wait");
        view! {
            <p class="final">
                <Icon name="triangle"/>
                "It is resolved, but " {waiting} " for a decision."
            </p>
        }
        .into_any()
    });
    let care = if may { change_form(&summary, change) } else { care(&summary) };
    let comment_form = may.then(|| comment_form(&summary.id, comment));
    view! {
        <header class="case-part">
            <h1><VisibleText text=summary.title.clone()/></h1>
            <p class="case-badges">
                <span class="badge neutral i-info">{summary.status.label()}</span>
                <Badge look=summary.severity.badge()/>
                <span class="case-lead">
                    {pluralize(summary.investigations, "investigation", "investigations")} ", "
                    {pluralize(summary.waiting, "action waits", "actions wait")}
                </span>
            </p>
            {warning}
            {care}
        </header>
        {part("Evidence and Response", view! {
            {waiting(pending, requests)}
            {evidence_table(of.evidence)}
            {history_table(decided)}
        }.into_any())}
        {part("Story", tell_story(story))}
        {part("Alerts", alerts_table(of.alerts))}
        {part("Investigations", investigations_table(of.investigations))}
        {part("Comments", view! { {said(comments)} {comment_form} }.into_any())}
    }
    .into_any()
}

fn part(heading: &'static str, content: AnyView) -> AnyView {
    view! {
        <section class="case-part">
            <h2>{heading}</h2>
            {content}
        </section>
    }
    .into_any()
}

fn tell_story(lines: Vec<StoryLine>) -> AnyView {
    if lines.is_empty() {
        return view! { <p class="records-empty">"Nothing is known of it yet."</p> }.into_any();
    }
    let lines = lines
        .into_iter()
        .map(|line| view! { <li>{time(line.at)} <span>{text(line.text)}</span></li> }.into_any())
        .collect_view();
    view! { <ol class="case-story">{lines}</ol> }.into_any()
}

fn care(summary: &IncidentSummary) -> AnyView {
    view! {
        <dl class="case-facts">
            <div><dt>"Assigned to"</dt><dd>{optional(summary.assigned_to.clone())}</dd></div>
            <div><dt>"Classification"</dt><dd>{summary.classification.map_or("–", |of| of.label())}</dd></div>
        </dl>
    }
    .into_any()
}

fn change_form(summary: &IncidentSummary, change: ServerAction<ChangeIncident>) -> AnyView {
    let (id, expected_version) = (summary.id.clone(), summary.version);
    let of = id.clone();
    let send = move |event| {
        let status = take(&event, "status").parse().ok();
        let (classification, assigned_to) = (take(&event, "classification"), take(&event, "assigned_to"));
        change.dispatch(ChangeIncident {
            id: of.clone(),
            expected_version,
            status,
            classification,
            assigned_to,
        });
    };
    let status = summary.status;
    let statuses = IncidentStatus::ALL
        .iter()
        .map(|of| view! { <option value=of.as_str() selected=*of == status>{of.label()}</option> }.into_any())
        .collect_view();
    let class = summary.classification;
    let classes = Classification::ALL
        .iter()
        .map(|of| {
            view! { <option value=of.as_str() selected=Some(*of) == class>{of.label()}</option> }.into_any()
        })
        .collect_view();
    view! {
        <form method="post" action=ChangeIncident::PATH class="case-filter" on:submit=handler(send)>
            <input type="hidden" name="id" value=id/>
            <input type="hidden" name="expected_version" value=expected_version.to_string()/>
            <label class="field">
                <span class="field-label">"Status"</span>
                <select name="status">{statuses}</select>
            </label>
            <label class="field">
                <span class="field-label">"Classification"</span>
                <select name="classification">
                    <option value="">"Not classified"</option>
                    {classes}
                </select>
            </label>
            <label class="field">
                <span class="field-label">"Assigned to"</span>
                <input name="assigned_to" value=summary.assigned_to.clone().unwrap_or_default() autocomplete="off"/>
            </label>
            <button type="submit" class="button">"Save"</button>
        </form>
    }
    .into_any()
}

fn said(comments: Vec<IncidentComment>) -> AnyView {
    let rows = comments
        .into_iter()
        .map(|of| {
            view! {
                <li>
                    {time(of.at)} <strong>{text(of.by)}</strong>
                    <span><VisibleText text=of.text lines=true/></span>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! { <ul class="case-story">{rows}</ul> }.into_any()
}

fn comment_form(id: &str, comment: ServerAction<CommentIncident>) -> AnyView {
    let send = move |event| {
        let (id, text) = (take(&event, "id"), take(&event, "text"));
        comment.dispatch(CommentIncident { id, text });
    };
    view! {
        <form method="post" action=CommentIncident::PATH class="waiting-form" on:submit=handler(send)>
            <input type="hidden" name="id" value=id.to_owned()/>
            <label class="field">
                <span class="field-label">"Comment"</span>
                <textarea name="text" rows="2" required maxlength=MAX_COMMENT.to_string()></textarea>
            </label>
            <button type="submit" class="button">"Add comment"</button>
        </form>
    }
    .into_any()
}
