//! The page of one executor: how it is, what it can do and serves, and its last answers. Also the form that adds one.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_params_map};

use super::deliveries::Deliveries;
use super::list::badge;
use super::{ROOT, add, change, encoded};
use api::{
    AddExecutor, ApiError, ChangeExecutor, Load, PauseExecutor, RemoveExecutor, ReplayDelivery, RevokeHost,
    SetExecutorSteps, load_executor,
};
use domain::ErrorCode;
use domain::core::text::pluralize;
use domain::core::time::Timestamp;
use domain::executors::ExecutorKind;
use domain::executors::contract::{ExecutorAnswer, ExecutorDetail, ExecutorState, TestResult};
use kit::badge::Badge;
use kit::facts::{Fact, Facts};
use kit::failure::Failure;
use kit::skeleton::Skeleton;
use kit::time::{full, localize};
use kit::visible_text::VisibleText;

type Loaded = Load<Result<Option<(ExecutorDetail, Option<TestResult>)>, ApiError>>;

kit::page! {
    module: executors,
    function: executor / preload_executor,
    paths: ["/settings/executors/:name"],
    view: view! { <Executor/> }.into_any(),
}

/// The page of one executor, or of one that is to be added.
#[component]
fn Executor() -> impl IntoView {
    let (params, query) = (use_params_map(), use_location().query);
    let name = Memo::new(move |_| params.read().get("name").unwrap_or_default());
    let test = Memo::new(move |_| query.read().get("test").is_some());
    let executor: Loaded = Load::new(
        move || (name.get(), test.get()),
        |(name, test)| async move {
            if name == "new" { Ok(None) } else { load_executor(name, test).await.map(Some) }
        },
    );
    let added = ServerAction::<AddExecutor>::new();
    let paused = ServerAction::<PauseExecutor>::new();
    let removed = ServerAction::<RemoveExecutor>::new();
    let changed = ServerAction::<ChangeExecutor>::new();
    let steps = ServerAction::<SetExecutorSteps>::new();
    let replayed = ServerAction::<ReplayDelivery>::new();
    let revoked = ServerAction::<RevokeHost>::new();
    let failed = move || {
        let errors = [
            added.value().get().and_then(Result::err),
            changed.value().get().and_then(Result::err),
            steps.value().get().and_then(Result::err),
            replayed.value().get().and_then(Result::err),
            revoked.value().get().and_then(Result::err),
            paused.value().get().and_then(Result::err),
            removed.value().get().and_then(Result::err),
        ];
        errors.into_iter().flatten().next().map(|error| said(&error))
    };
    let content = move || {
        executor.get().map(|answer| match answer {
            Ok(None) => {
                let kind = query.read().get("kind").and_then(|kind| kind.parse().ok());
                add::form(kind, failed())
            }
            Ok(Some((detail, tested))) => page(detail, tested, failed()),
            Err(ApiError { code, .. }) => {
                let retry = move |()| executor.refetch();
                view! { <Failure title="The executor could not be loaded" code href=ROOT retry/> }.into_any()
            }
        })
    };
    let title = move || {
        let name = name.get();
        let what = if name == "new" { "Add executor".to_owned() } else { name };
        format!("{what} · Executors · Countersign")
    };
    view! {
        <Title text=title/>
        <div class="executors">
            <p><a href=ROOT>"All executors"</a></p>
            <Transition fallback=Skeleton>
                <div class="slot">{move || content()}</div>
            </Transition>
        </div>
    }
}

/// What went wrong: its details, where they explain.
fn said(error: &ApiError) -> String {
    match error.code {
        ErrorCode::Invalid | ErrorCode::Conflict | ErrorCode::Forbidden if !error.detail.is_empty() => {
            format!("{} {}", error.code.label(), error.detail)
        }
        code => code.label().to_owned(),
    }
}

fn page(detail: ExecutorDetail, tested: Option<TestResult>, failure: Option<String>) -> AnyView {
    let ExecutorDetail { state, can, answers, rendered_at } = detail;
    let name = state.setup.name.clone();
    let tested = tested.map(|TestResult { works, says }| {
        let class = if works { "notice-text good" } else { "notice-text bad" };
        view! { <p class=class role="status"><VisibleText text=localize(&says)/></p> }
    });
    view! {
        <header class="page-head">
            <h1>{name.clone()}</h1>
            <p><Badge look=badge(state.health)/> " " <VisibleText text=localize(&state.says)/></p>
        </header>
        {failure.map(|text| view! { <p class="notice-text bad" role="alert">{text}</p> })}
        {tested}
        {buttons(&state)}
        {change::forms(&state.setup, state.built_in, state.has_secret)}
        {revocation(&state)}
        <Facts title="Executor" facts=facts(&state, can)/>
        {attempts(answers, rendered_at)}
        {(state.setup.kind == ExecutorKind::Webhook).then(|| view! { <Deliveries name/> })}
    }
    .into_any()
}

fn buttons(state: &ExecutorState) -> AnyView {
    let name = state.setup.name.clone();
    let here = format!("{ROOT}/{}", encoded(&name));
    let change = (!state.built_in).then(|| {
        let (word, paused) = if state.paused { ("Resume", "false") } else { ("Pause", "true") };
        view! {
            <form method="post" action=PauseExecutor::PATH>
                <input type="hidden" name="name" value=name.clone()/>
                <input type="hidden" name="paused" value=paused/>
                <input type="hidden" name="back" value=here.clone()/>
                <button class="button" type="submit">{word}</button>
            </form>
            <form method="post" action=RemoveExecutor::PATH>
                <input type="hidden" name="name" value=name.clone()/>
                <button class="button" type="submit" disabled=state.backlog != 0>"Remove"</button>
            </form>
        }
    });
    view! {
        <div class="executor-buttons">
            <form method="get" action=here.clone()>
                <button class="button primary" type="submit" name="test" value="1">"Test"</button>
            </form>
            {change}
        </div>
    }
    .into_any()
}

/// Ends what the key of an enrolled host is good for.
fn revocation(state: &ExecutorState) -> Option<AnyView> {
    let is_enrolled = state.setup.kind == ExecutorKind::Responder && !state.built_in;
    let name = state.setup.name.clone();
    let form = || {
        view! {
            <details class="fold">
                <summary class="button">"Revoke its key…"</summary>
                <form class="executor-form" method="post" action=RevokeHost::PATH>
                    <input type="hidden" name="name" value=name/>
                    <p>
                        "The host gets no order from then on, and none of its reports is believed. What it has and did not report ends as Unknown when its time is over. A new code enrols it anew, with another key."
                    </p>
                    <button class="button danger" type="submit">"Revoke key"</button>
                </form>
            </details>
        }
        .into_any()
    };
    is_enrolled.then(form)
}

fn facts(state: &ExecutorState, can: Vec<String>) -> Vec<Fact> {
    let setup = &state.setup;
    let list = |items: Vec<String>| {
        let items =
            items.into_iter().map(|text| view! { <li><VisibleText text/></li> }.into_any()).collect_view();
        view! { <ul>{items}</ul> }.into_any()
    };
    let mut facts: Vec<Fact> = vec![("Kind", setup.kind.label().into_any())];
    facts.extend(setup.settings.url.clone().map(|url| ("URL", view! { <VisibleText text=url/> }.into_any())));
    if setup.settings.internal {
        facts.push(("Address", "May lie inside of this network".into_any()));
    }
    facts.extend(
        setup.settings.profile.clone().map(|text| ("Profile", view! { <VisibleText text/> }.into_any())),
    );
    if state.has_secret {
        facts.push(("Secret", "Kept, sealed; never shown".into_any()));
    }
    if !can.is_empty() {
        facts.push(("It can", list(can)));
    }
    let rules = setup.serves.iter().map(domain::executors::ServeRule::in_words).collect();
    facts.push(("Serves", if state.built_in { "What it was started for".into_any() } else { list(rules) }));
    facts.push(("At a time", setup.concurrency.to_string().into_any()));
    facts.extend(setup.rate.map(|rate| ("A minute", rate.to_string().into_any())));
    facts.extend(setup.time_limit.map(|limit| ("Report within", format!("{limit} s").into_any())));
    facts.extend(setup.settings.due_hours.map(|hours| ("Done within", format!("{hours} h").into_any())));
    facts.push(("Waiting", pluralize(state.backlog, "command", "commands").into_any()));
    facts.push(("Failures of 24 h", state.failures.to_string().into_any()));
    facts
}

fn attempts(answers: Vec<ExecutorAnswer>, _rendered_at: Timestamp) -> AnyView {
    if answers.is_empty() {
        return view! { <p>"It has had nothing to do yet."</p> }.into_any();
    }
    let rows: Vec<_> = answers
        .into_iter()
        .map(|ExecutorAnswer { at, action, result, detail, .. }| {
            let href = format!("/action-center/history?open={action}");
            view! {
                <tr>
                    <td>{full(at)}</td>
                    <td>{result.label()}</td>
                    <td><VisibleText text=detail/></td>
                    <td><a href=href>"Action"</a></td>
                </tr>
            }
            .into_any()
        })
        .collect();
    view! {
        <section class="executor-answers">
            <h2>"Last answers"</h2>
            <table class="executors-table">
                <thead>
                    <tr>
                        <th scope="col">"When"</th>
                        <th scope="col">"What came of it"</th>
                        <th scope="col">"In words"</th>
                        <th scope="col">"Of"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}
