//! The page of an investigation: what its header says, and its tabs.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::address::decoded;
use super::case_list::{CaseLocation, KeptColumns, pager, toolbar};
use super::records::{link, optional, optional_time, seconds, time};
use super::rows::cells_of;
use super::waiting::CaseRequests;
use crate::actions::badges::Badged;
use crate::actions::location::{incident_href, investigation_href};
use api::{ApiError, EndInvestigation, Load, load_investigation};
use domain::ErrorCode;
use domain::actions::contract::Availability;
use domain::cases::{CaseList, InvestigationView};
use domain::investigations::Tab;
use kit::badge::Badge;
use kit::effect::effect;
use kit::failure::Failure;
use kit::form::take;
use kit::handler::handler;
use kit::notice::{Announcement, Notice};
use kit::skeleton::Skeleton;
use kit::tabs::{Tab as TabLink, Tabs};

kit::page! {
    module: investigations,
    function: investigation / preload_investigation,
    paths: ["/investigations/:id"],
    view: view! { <Investigation/> }.into_any(),
}

type Loaded = Load<Result<InvestigationView, ApiError>>;

/// The page.
#[component]
fn Investigation() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let id = Memo::new(move |_| decoded(&params.read().get("id").unwrap_or_default()));
    let at = Memo::new(move |_| CaseLocation::of(investigation_href(&id.read()), &query.read()));
    let view: Loaded = Load::new(
        move || {
            let at = at.read();
            (id.get(), at.current(), at.asks())
        },
        |(id, tab, asks)| async move { load_investigation(id, Some(tab), asks).await },
    );
    let requests = CaseRequests::new();
    let end = ServerAction::<EndInvestigation>::new();
    let news = RwSignal::new(None);
    tell(news, requests, move || view.refetch());
    effect(move || {
        if end.version().get() == 0 {
            return;
        }
        news.set(match end.value().get_untracked() {
            Some(Err(error)) => Some(Announcement::failed(error.code, error.detail)),
            _ => Some(Announcement::Done("The investigation was ended.".to_owned())),
        });
        view.refetch();
    });
    let content = move || {
        let answer = view.get()?;
        Some(match answer {
            Ok(of) => shown(of, &at.get_untracked(), requests, end),
            Err(ApiError { code: ErrorCode::NotFound, .. }) => missing("investigation", "/investigations"),
            Err(ApiError { code, .. }) => {
                let href = Signal::derive(move || investigation_href(&id.read()));
                view! { <Failure title="The investigation could not be loaded" code href retry=move |()| view.refetch()/> }
                    .into_any()
            }
        })
    };
    view! {
        <Title text=move || format!("Investigation {} · Countersign", id.read())/>
        <div class="case">
            <Notice news/>
            <Transition fallback=Skeleton>
                <div class="slot">{move || content()}</div>
            </Transition>
        </div>
    }
}

/// Says what became of decisions and reports, and loads again what they changed.
pub(crate) fn tell(
    news: RwSignal<Option<Announcement>>,
    requests: CaseRequests,
    again: impl Fn() + Copy + Send + Sync + 'static,
) {
    // What a form without wasm came back with.
    if let Some(error) = requests.decide.value().get_untracked().and_then(Result::err) {
        news.set(Some(Announcement::failed_before(error.code)));
    }
    effect(move || {
        if requests.decide.version().get() == 0 {
            return;
        }
        news.set(match requests.decide.value().get_untracked() {
            Some(Err(error)) => Some(Announcement::failed(error.code, error.detail)),
            _ => Some(Announcement::Done("Decided.".to_owned())),
        });
        again();
    });
    told(news, requests.feedback.action);
    told(news, requests.feedback.evidence);
}

/// Says what became of a report.
fn told<S>(news: RwSignal<Option<Announcement>>, report: ServerAction<S>)
where
    S: ServerFn<Output = i64, Error = ApiError> + Clone + Send + Sync + 'static,
{
    effect(move || {
        if report.version().get() == 0 {
            return;
        }
        news.set(match report.value().get_untracked() {
            Some(Err(error)) => Some(Announcement::failed(error.code, error.detail)),
            _ => Some(Announcement::Done("Who proposed it is told.".to_owned())),
        });
    });
}

/// For an id that names nothing, or nothing that one may see.
pub(crate) fn missing(what: &'static str, href: &'static str) -> AnyView {
    view! {
        <div class="failure">
            <h2>"There is nothing here"</h2>
            <p>"No " {what} " of this id was reported, or you may not see it."</p>
            <a class="button primary" href=href>
                "Show all"
            </a>
        </div>
    }
    .into_any()
}

fn shown(
    of: InvestigationView,
    at: &CaseLocation,
    requests: CaseRequests,
    end: ServerAction<EndInvestigation>,
) -> AnyView {
    let InvestigationView { summary, duration, pending_time, queue_time, counts, page, cancel } = of;
    let (id, tab) = (summary.id.clone(), at.current());
    let tabs = Tab::ALL
        .iter()
        .map(|&of| {
            let count = counts.iter().find(|(known, _)| *known == of).map(|(_, count)| *count);
            let word = (of != Tab::Graph).then_some(of.as_str());
            TabLink {
                label: of.label(),
                href: Signal::stored(at.tab(word).href()),
                current: Signal::stored(of == tab),
                more: count.map(|count| view! { <span class="number">" " {count}</span> }).into_any(),
            }
        })
        .collect::<Vec<_>>();
    let bar = CaseList::of_tab(tab).map(|list| toolbar(KeptColumns::of_cases(list), at, &page.view));
    let cancel = match cancel {
        Availability::Allowed => Some(cancel_form(&id, end)),
        Availability::Denied(_) => None,
    };
    let incident =
        summary.incident_id.clone().map_or_else(|| "–".into_any(), |id| link(incident_href(&id), id));
    let facts = [
        ("Investigation ID", super::records::text(id.clone())),
        ("Started", time(summary.started_at)),
        ("Ended", optional_time(summary.ended_at)),
        ("Duration", seconds(duration).into_any()),
        ("Total pending time", seconds(pending_time).into_any()),
        ("Queued for", queue_time.map_or_else(|| "–".to_owned(), seconds).into_any()),
        ("Category", optional(summary.category.clone())),
        ("Detection source", optional(summary.detection_source.clone())),
        ("Incident", incident),
    ];
    let facts = facts
        .into_iter()
        .map(|(label, value)| view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.into_any())
        .collect_view();
    view! {
        <header class="case-part">
            <h1><kit::visible_text::VisibleText text=summary.title.clone()/></h1>
            <div class="case-badges">
                <span class="badge neutral i-info">{summary.state.label()}</span>
                <Badge look=summary.severity.badge()/>
                {cancel}
            </div>
            <dl class="case-facts">{facts}</dl>
        </header>
        <Tabs label="Parts of the investigation" tabs/>
        <section class="case-part" aria-label=tab.label()>
            {bar}
            {cells_of(page.rows, &page.view, at, requests, Some(&id))}
            {pager(at, &page.view)}
        </section>
    }
    .into_any()
}

fn cancel_form(id: &str, end: ServerAction<EndInvestigation>) -> AnyView {
    let send = move |event| {
        let id = take(&event, "id");
        end.dispatch(EndInvestigation { id });
    };
    view! {
        <form method="post" action=EndInvestigation::PATH on:submit=handler(send)>
            <input type="hidden" name="id" value=id.to_owned()/>
            <button type="submit" class="button">
                "End investigation"
            </button>
        </form>
    }
    .into_any()
}
