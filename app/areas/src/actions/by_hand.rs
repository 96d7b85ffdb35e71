//! What is to be done by hand: each task with its steps, who has it in hand, and until when; assigned right there.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use api::{ApiError, AssignTask, Load, load_tasks};
use domain::actions::tasks::{Task, TaskHolder, TaskList};
use domain::core::time::Timestamp;
use domain::{Action, ActionId};
use kit::copy::Copy;
use kit::failure::Failure;
use kit::navigation::NavigationRow;
use kit::skeleton::Skeleton;
use kit::time::{Left, full};
use kit::visible_text::VisibleText;

kit::page! {
    module: take_action,
    function: by_hand / preload_by_hand,
    paths: ["/by-hand"],
    navigation: NavigationRow::new("To be done by hand", "check", PATH),
    view: view! { <ByHand/> }.into_any(),
}

/// Where the list is.
const PATH: &str = "/by-hand";

/// The page.
#[component]
fn ByHand() -> impl IntoView {
    let query = use_query_map();
    let holder = Memo::new(move |_| {
        let given = query.read().get("holder").and_then(|text| text.parse().ok());
        given.unwrap_or(TaskHolder::Anybody)
    });
    let list: Load<Result<TaskList, ApiError>> =
        Load::new(move || holder.get(), |holder| async move { load_tasks(holder).await });
    let assigned = ServerAction::<AssignTask>::new();
    let failed = move || {
        let error = assigned.value().get().and_then(Result::err)?;
        let text = if error.detail.is_empty() { error.code.label().to_owned() } else { error.detail };
        Some(view! { <p class="notice-text bad" role="alert">{text}</p> })
    };
    let content = move || {
        let answer = list.get()?;
        Some(match answer {
            Ok(list) => shown(list, holder.get_untracked()),
            Err(ApiError { code, .. }) => view! {
                <Failure title="The tasks could not be loaded" code href=PATH retry=move |()| list.refetch()/>
            }
            .into_any(),
        })
    };
    let filters = TaskHolder::ALL
        .iter()
        .map(|&of| {
            let href = format!("{PATH}?holder={of}");
            view! {
                <a class="button" href=href aria-current=move || (holder.get() == of).then_some("page")>{of.label()}</a>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <Title text="To be done by hand · Countersign"/>
        <div class="case">
            <header class="page-head">
                <h1>"To be done by hand"</h1>
                <p>"Approved, and carried out by people. What is due first stands first."</p>
            </header>
            <p class="task-filters">{filters}</p>
            {move || failed()}
            <Transition fallback=Skeleton>
                <div class="slot">{move || content()}</div>
            </Transition>
        </div>
    }
}

/// Where an action is open that is under way.
fn action_href(id: ActionId) -> String {
    format!("/action-center/in-progress?open={id}")
}

fn shown(list: TaskList, holder: TaskHolder) -> AnyView {
    let TaskList { tasks, rendered_at } = list;
    if tasks.is_empty() {
        let text = match holder {
            TaskHolder::Anybody => "Nothing is to be done by hand.",
            TaskHolder::Nobody => "Somebody has each task in hand.",
            TaskHolder::Me => "You have nothing in hand.",
        };
        return view! { <p>{text}</p> }.into_any();
    }
    let items: Vec<_> = tasks.into_iter().map(|of| task(of, rendered_at, holder)).collect();
    view! { <ul class="task-list">{items}</ul> }.into_any()
}

fn task(of: Task, now: Timestamp, holder: TaskHolder) -> AnyView {
    let Task { action, steps, assigned_to, due_at } = of;
    let Action { id, version, digest, .. } = action.clone();
    let (title, asset) = (action.entity.title(), action.asset.name.clone());
    let due = due_at.map(|due| {
        let class = if due < now { "task-due late" } else { "task-due" };
        view! { <p class=class>"Due " {full(due)} " (" {Left::until(due, now).text(due)} ")"</p> }
    });
    let who = assigned_to.unwrap_or_else(|| "Nobody yet".to_owned());
    let heading = format!("{} · {}", action.action_type.label(), asset);
    let to = format!(
        "To whom {} on {asset} is assigned (user name; yourself if empty)",
        action.action_type.label()
    );
    view! {
        <li class="task">
            <h2><a href=action_href(id)><VisibleText text=heading/></a></h2>
            <p><VisibleText text=title.clone()/> " " <Copy text=title label="Target"/></p>
            {due}
            <p class="task-steps"><VisibleText text=steps lines=true/></p>
            <p>"In hand: " <VisibleText text=who/></p>
            <form method="post" action=AssignTask::PATH class="task-form">
                <input type="hidden" name="id" value=id.to_string()/>
                <input type="hidden" name="expected_version" value=version.to_string()/>
                <input type="hidden" name="digest" value=digest/>
                <input type="hidden" name="back" value=format!("{PATH}?holder={holder}")/>
                <input name="to" maxlength="100" aria-label=to placeholder="user name; empty for me"/>
                <button class="button" type="submit">"Assign"</button>
                <a class="button" href=action_href(id)>"Done, or could not be done…"</a>
            </form>
        </li>
    }
    .into_any()
}
