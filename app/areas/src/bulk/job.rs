//! A decision on many as it is carried out: how far it is, and what became of each action.
//!
//! It goes on whether somebody looks or not. The page looks again while it runs; without wasm there is a link for it.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_params_map};

use crate::actions::location::ListLocation;
use crate::bulk::bulk_items::BulkItems;
use crate::bulk::plan::{came_from, missing, no_such};
use crate::live::outage::Outage;
use api::{ApiError, Load, RetryBulk, load_job};
use domain::bulk::{Execution, Progress};
use domain::core::text::{format_count, pluralize};
use domain::{BulkId, BulkJob, BulkVerb, ErrorCode, ItemState, Lane};
use kit::clock::poll;
use kit::derived::{Derived, derived};
use kit::effect::effect;
use kit::failure::Failure;
use kit::handler::handler;
use kit::icon::Icon;
use kit::notice::{Announcement, Notice};
use kit::skeleton::Skeleton;

type Loaded = Load<Result<BulkJob, ApiError>>;

kit::page! {
    module: bulk,
    function: job / preload_job,
    paths: ["/action-center/jobs/:id"],
    view: view! { <Job/> }.into_any(),
}

/// The location of a page of items: job, filter and position.
#[derive(Debug, Clone, PartialEq, Eq)]
struct JobLocation {
    id: String,
    state: Option<ItemState>,
    after: Option<i64>,
}

impl JobLocation {
    fn href(&self, state: Option<ItemState>, after: Option<i64>) -> String {
        let mut href = format!("/action-center/jobs/{}", self.id);
        let mut sign = '?';
        for (name, value) in
            [("state", state.map(|of| of.to_string())), ("after", after.map(|of| of.to_string()))]
        {
            if let Some(value) = value {
                href.push(sign);
                href.push_str(name);
                href.push('=');
                href.push_str(&value);
                sign = '&';
            }
        }
        href
    }
}

/// The kind of content; it changes rarely, so that numbers can change without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    ChangeTargets(BulkVerb),
    Missing,
    Failed(ErrorCode),
}

/// The page of a job.
#[component]
fn Job() -> impl IntoView {
    // Of the router's URL, as that of a route stays as it was when only its parameter changes.
    let (params, query) = (use_params_map(), use_location().query);
    let location = Memo::new(move |_| {
        let (params, query) = (params.read(), query.read());
        JobLocation {
            id: params.get("id").unwrap_or_default(),
            state: query.get("state").and_then(|state| state.parse().ok()),
            after: query.get("after").and_then(|after| after.parse().ok()),
        }
    });
    let (outage, kept) = (Outage::current(), StoredValue::new(None));
    let job: Loaded = Load::new(
        move || location.get(),
        move |part| async move {
            let asked = part.href(part.state, part.after);
            let answer = open_job(part).await;
            outage.keep(kept, &asked, answer)
        },
    );
    outage.remember(kept, move || {
        let asked = location.with_untracked(|part| part.href(part.state, part.after));
        of_job(job, |job| (asked, job.clone()))
    });
    outage.again(move || job.refetch());
    let retry = ServerAction::<RetryBulk>::new();
    let before = retry.value().get_untracked().and_then(Result::err);
    let news = RwSignal::new(before.map(|error| Announcement::failed_before(error.code)));
    effect(move || {
        if retry.version().get() > 0
            && let Some(Err(error)) = retry.value().get_untracked()
        {
            news.set(Some(Announcement::failed(error.code, error.detail)));
        }
    });
    let going = derived(move || of_job(job, is_going).unwrap_or_default());
    poll(going, move || job.refetch());
    view! {
        <Title text="Result · Action center · Countersign"/>
            <div class="bulk">
                <Notice news/>
                <Transition fallback=Skeleton>
                    <JobView job location retry/>
                </Transition>
            </div>
    }
}

/// Whether something is still to come: decisions, or the reports of executors.
const fn is_going(job: &BulkJob) -> bool {
    job.is_running() || job.is_executing()
}

async fn open_job(part: JobLocation) -> Result<BulkJob, ApiError> {
    match part.id.parse::<BulkId>() {
        Ok(id) => load_job(id, part.state, part.after).await,
        Err(_) => Err(no_such()),
    }
}

fn of_job<T>(job: Loaded, take: impl FnOnce(&BulkJob) -> T) -> Option<T> {
    job.read().as_deref().and_then(|answer| answer.as_ref().ok().map(take))
}

#[component]
fn JobView(job: Loaded, location: Memo<JobLocation>, retry: ServerAction<RetryBulk>) -> impl IntoView {
    let shape = derived(move || {
        job.read().as_deref().map(|answer| match answer {
            Ok(job) => Shape::ChangeTargets(job.verb),
            Err(ApiError { code: ErrorCode::NotFound, .. }) => Shape::Missing,
            Err(error) => Shape::Failed(error.code),
        })
    });
    let content = move || {
        shape.get().map(|shape| match shape {
            Shape::ChangeTargets(verb) => shown(verb, job, location, retry),
            Shape::Missing => missing(),
            Shape::Failed(code) => {
                let href = Signal::derive(move || location.read().href(None, None));
                view! { <Failure title="The result could not be loaded" code href retry=move |()| job.refetch()/> }
                    .into_any()
            }
        })
    };
    view! { <div class="slot">{move || content()}</div> }.into_any()
}

fn shown(
    verb: BulkVerb,
    job: Loaded,
    location: Memo<JobLocation>,
    retry: ServerAction<RetryBulk>,
) -> AnyView {
    let progress = derived(move || of_job(job, |job| job.progress).unwrap_or_default());
    let running = derived(move || of_job(job, BulkJob::is_running).unwrap_or_default());
    let going = derived(move || of_job(job, is_going).unwrap_or_default());
    let execution = derived(move || of_job(job, |job| job.execution).unwrap_or_default());
    let retriable = derived(move || of_job(job, BulkJob::retriable).unwrap_or_default());
    let approval = derived(move || of_job(job, |job| job.approval_id.to_string()).unwrap_or_default());
    let reason = of_job(job, |job| job.reason.clone()).flatten();
    let back = of_job(job, |job| came_from(verb, &job.from)).unwrap_or_default();
    let items = derived(move || of_job(job, |job| job.items.clone()).unwrap_or_default());
    let next = derived(move || of_job(job, |job| job.next).flatten());
    let in_lane = move |lane: Lane| ListLocation::new(lane).with("approval", Some(&approval.get())).href();
    let title = move || headline(verb, progress.get(), execution.get(), running.get());
    let counters = move || counters(verb, execution.get());
    let waits = derived(move || of_job(job, |job| job.waits.clone()).flatten());
    let waits = move || {
        let line = |why: String| view! { <p class="bulk-reason">{why}</p> }.into_any();
        waits.get().map(line)
    };
    let words = move || {
        let progress = progress.get();
        format!(
            "{} of {} processed",
            format_count(progress.tried()),
            pluralize(progress.total() as u64, "action", "actions")
        )
    };
    let reason = reason.map(|reason| view! { <p class="bulk-reason">{reason}</p> });
    let refresh = move || {
        going.get().then(|| {
            view! {
                <a class="button" href=location.read().href(location.read().state, location.read().after) rel="external">
                    "Refresh"
                </a>
            }
            .into_any()
        })
    };
    let executing = (verb != BulkVerb::Reject).then(|| {
        view! {
            <a href=move || in_lane(Lane::InProgress)>"See what is in progress"</a>
        }
    });
    let pager = move || {
        next.get().map(|after| {
            view! {
                <a class="button" href=location.read().href(location.read().state, Some(after)) rel="next">
                    "Next"
                    <Icon name="right"/>
                </a>
            }
            .into_any()
        })
    };
    view! {
        <header class="bulk-head">
            <div aria-live="polite">
                <h1>{move || title()}</h1>
                <p>{move || words()}</p>
                {move || counters()}
                {move || waits()}
            </div>
            <progress
                class="bulk-progress"
                class:over=move || !running.get()
                aria-label="Processed"
                max=move || progress.get().total().to_string()
                value=move || progress.get().tried().to_string()
            ></progress>
            {reason}
        </header>
        <div class="bulk-answer">
            <div class="submit-row">
                {move || refresh()}
                {again(retriable, running, location, retry)}
                <a class="button" href=back>
                    "Back to the list"
                </a>
                <span class="bulk-links">
                    <a href=move || in_lane(Lane::History)>"See them in History"</a>
                    {executing}
                </span>
            </div>
        </div>
        <section class="bulk-part">
            <h2>"Each action"</h2>
            <nav class="bulk-states" aria-label="Results">
                {state_links(progress, location)}
            </nav>
            <BulkItems items lane=Lane::History/>
            <div class="bulk-more">{move || pager()}</div>
        </section>
    }
    .into_any()
}

/// What became of what was decided, by number; nothing where nothing is carried out.
fn counters(verb: BulkVerb, execution: Execution) -> Option<AnyView> {
    let done = if verb == BulkVerb::Undo { "undone" } else { "completed" };
    let counts = [
        (execution.running, "running i-play", "being carried out"),
        (execution.completed, "done i-check", done),
        (execution.failed, "failed i-cross", "failed"),
        (execution.unknown, "unknown i-question", "with an unknown end: a person must look"),
    ];
    let shown: Vec<_> = counts
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, tone, word)| {
            view! { <span class=format!("mark {tone}")>{format_count(count)} " " {word}</span> }.into_any()
        })
        .collect();
    (!shown.is_empty()).then(|| view! { <p class="bulk-counters">{shown}</p> }.into_any())
}

fn headline(verb: BulkVerb, progress: Progress, execution: Execution, running: bool) -> String {
    let decided = pluralize(progress.decided as u64, "action", "actions");
    let did = match verb {
        BulkVerb::Approve => "approved",
        BulkVerb::Reject => "rejected",
        BulkVerb::Undo if execution.running == 0 && !running => "undone or tried to",
        BulkVerb::Undo => "being undone",
        BulkVerb::Retry => "sent again",
    };
    if running {
        format!("{decided} {did} so far")
    } else {
        let not = progress.total() - progress.decided;
        let not = if not > 0 { format!(", {} not", format_count(not)) } else { String::new() };
        let lost = execution.failed + execution.unknown;
        let lost =
            if lost > 0 { format!(", {} failed or unknown", format_count(lost)) } else { String::new() };
        format!("{decided} {did}{not}{lost}")
    }
}

/// All, and each state that occurs, with its number.
fn state_links(progress: Derived<Progress>, location: Memo<JobLocation>) -> AnyView {
    let link = move |state: Option<ItemState>| {
        let count = move || {
            let mut progress = progress.get();
            match state {
                None => progress.total(),
                Some(state) => *progress.of(state),
            }
        };
        let shown = derived(move || state.is_none() || count() > 0);
        let link = move || {
            shown.get().then(|| {
                view! {
                    <a
                        href=move || location.read().href(state, None)
                        aria-current=move || (location.read().state == state).then_some("page")
                    >
                        {state.map_or("All", ItemState::label)}
                        <span class="number">{move || format_count(count())}</span>
                    </a>
                }
                .into_any()
            })
        };
        link.into_any()
    };
    let states = ItemState::ALL.iter().map(|state| link(Some(*state))).collect::<Vec<_>>();
    view! {
        {link(None)}
        {states}
    }
    .into_any()
}

/// The form that plans the rest of a job again.
fn again(
    retriable: Derived<usize>,
    running: Derived<bool>,
    location: Memo<JobLocation>,
    retry: ServerAction<RetryBulk>,
) -> AnyView {
    let count = derived(move || if running.get() { 0 } else { retriable.get() });
    let form = move || {
        let count = count.get();
        (count > 0).then(|| {
            let send = move |event: leptos::ev::SubmitEvent| {
                event.prevent_default();
                if let Ok(id) = location.read_untracked().id.parse() {
                    retry.dispatch(RetryBulk { id });
                }
            };
            view! {
                <form method="post" action=RetryBulk::PATH on:submit=handler(send)>
                    <input type="hidden" name="id" value=location.read_untracked().id.clone()/>
                    <button type="submit" class="button primary">
                        "Retry the " {format_count(count)} " that failed"
                    </button>
                </form>
            }
            .into_any()
        })
    };
    form.into_any()
}
