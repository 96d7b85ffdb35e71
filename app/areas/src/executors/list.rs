//! The list of executors, in the order in which they are asked.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;

use super::{ROOT, encoded};
use api::{ApiError, Load, MoveExecutor, load_executors};
use domain::core::text::format_count;
use domain::executors::contract::{ExecutorState, Health};
use kit::badge::{Badge, BadgeStyle};
use kit::failure::Failure;
use kit::navigation::NavigationRow;
use kit::skeleton::Skeleton;

type Loaded = Load<Result<Vec<ExecutorState>, ApiError>>;

kit::page! {
    module: executors,
    function: executors_list / preload_executors_list,
    paths: ["/settings/executors"],
    navigation: NavigationRow::new("Executors", "play", ROOT).in_section("Organisation"),
    view: view! { <Executors/> }.into_any(),
}

/// The badge of how an executor is.
pub(super) const fn badge(health: Health) -> BadgeStyle {
    let tone = match health {
        Health::Up => "done i-check",
        Health::Untried => "plain i-minus",
        Health::Paused => "waiting i-half",
        Health::Failing => "failed i-triangle",
        Health::Broken => "failed i-cross",
    };
    BadgeStyle { tone, label: health.label() }
}

/// The page of all executors.
#[component]
fn Executors() -> impl IntoView {
    let executors: Loaded = Load::new(|| (), |()| async move { load_executors().await });
    let content = move || {
        executors.get().map(|answer| match answer {
            Ok(executors) => table(executors),
            Err(ApiError { code, .. }) => {
                let retry = move |()| executors.refetch();
                view! { <Failure title="The executors could not be loaded" code href=ROOT retry/> }.into_any()
            }
        })
    };
    view! {
        <Title text="Executors · Settings · Countersign"/>
        <div class="executors">
            <header class="page-head">
                <h1>"Executors"</h1>
                <p>"What carries out approved actions. They are asked in this order, and the first that serves an action and can carry it out has it."</p>
            </header>
            <p>
                <a class="button primary" href="/settings/executors/new">"Add executor"</a>
            </p>
            <Transition fallback=Skeleton>
                <div class="slot">{move || content()}</div>
            </Transition>
        </div>
    }
}

fn table(executors: Vec<ExecutorState>) -> AnyView {
    if executors.is_empty() {
        return view! {
            <p class="executors-none">
                "None is connected, so nothing can be approved. Begin with one of the kind By hand: with it people carry out every type of action, and you connect what you have one by one."
            </p>
        }
        .into_any();
    }
    let mut place = 0;
    let rows: Vec<_> = executors
        .into_iter()
        .map(|state| {
            place += u32::from(!state.built_in);
            row(state, place)
        })
        .collect();
    view! {
        <table class="executors-table">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Kind"</th>
                    <th scope="col">"Serves"</th>
                    <th scope="col">"How it is"</th>
                    <th scope="col" class="number">"Waiting"</th>
                    <th scope="col" class="number">"Failures of 24 h"</th>
                    <th scope="col">"Order"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(state: ExecutorState, place: u32) -> AnyView {
    let ExecutorState { setup, built_in, health, backlog, failures, .. } = state;
    let href = format!("{ROOT}/{}", encoded(&setup.name));
    let label = format!("Ask {} earlier", setup.name);
    let earlier = (!built_in && place > 1).then(|| {
        view! {
            <form method="post" action=MoveExecutor::PATH>
                <input type="hidden" name="name" value=setup.name.clone()/>
                <input type="hidden" name="place" value=(place - 1).to_string()/>
                <button class="button" type="submit" aria-label=label>"Earlier"</button>
            </form>
        }
    });
    let serves = if built_in {
        "What it was started for".to_owned()
    } else {
        setup.serves.iter().map(domain::executors::ServeRule::in_words).collect::<Vec<_>>().join("; ")
    };
    view! {
        <tr>
            <th scope="row"><a href=href>{setup.name.clone()}</a></th>
            <td>{setup.kind.label()}</td>
            <td>{serves}</td>
            <td><Badge look=badge(health)/></td>
            <td class="number">{format_count(backlog)}</td>
            <td class="number">{format_count(failures)}</td>
            <td>{earlier}</td>
        </tr>
    }
    .into_any()
}
