//! The preview of a decision on many: what would happen, what would not and why, and the one button.
//!
//! It is a stored plan, so what is confirmed is what stands here. Its form works without wasm.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::actions::location::{ListLocation, view_href};
use crate::bulk::bulk_items::BulkItems;
use crate::bulk::lifts::lifts;
use crate::live::outage::Outage;
use api::{ApiError, Load, StartBulk, load_plan};
use domain::actions::catalog::{NOT_NEEDED, Undo};
use domain::actions::proposal::MAX_COMMENT_LENGTH;
use domain::bulk::{LeftOut, PlanGroup};
use domain::core::text::{format_count, pluralize};
use domain::core::time::Timestamp;
use domain::{ActionType, BulkId, BulkPlan, BulkVerb, ErrorCode, Lane};
use kit::clock::ticking;
use kit::deadline::Deadline;
use kit::derived::derived;
use kit::effect::effect;
use kit::failure::Failure;
use kit::form::take;
use kit::handler::handler;
use kit::icon::Icon;
use kit::notice::{Announcement, Notice};
use kit::skeleton::Skeleton;
use kit::visible_text::VisibleText;

type Loaded = Load<Result<BulkPlan, ApiError>>;

kit::page! {
    module: bulk,
    function: plan / preload_plan,
    paths: ["/action-center/plans/:id"],
    view: view! { <Plan/> }.into_any(),
}

/// The page of a plan.
#[component]
fn Plan() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let (outage, kept) = (Outage::current(), StoredValue::new(None));
    let plan: Loaded = Load::new(
        move || id.get(),
        move |id| async move {
            let answer = open_plan(id.clone()).await;
            outage.keep(kept, &id, answer)
        },
    );
    outage.remember(kept, move || {
        let loaded = plan.read();
        let plan = loaded.as_deref()?.as_ref().ok()?;
        Some((plan.id.to_string(), plan.clone()))
    });
    outage.again(move || plan.refetch());
    let start = ServerAction::<StartBulk>::new();
    let before = start.value().get_untracked().and_then(Result::err);
    let news = RwSignal::new(before.map(|error| Announcement::failed_before(error.code)));
    let asked = StoredValue::new(false);
    effect(move || {
        if start.version().get() > 0
            && let Some(Err(error)) = start.value().get_untracked()
        {
            outage.note(error.code);
            asked.set_value(error.code == ErrorCode::NoAnswer);
            news.set(Some(match error.code {
                ErrorCode::NoAnswer => {
                    Announcement::Checking("We don't know yet whether it arrived. Checking…".to_owned())
                }
                ErrorCode::NotSignedIn => Announcement::RemoteChange(
                    "Nothing was sent: your session had ended. Sign in, then send it again.".to_owned(),
                ),
                code => Announcement::failed(code, error.detail),
            }));
            plan.refetch();
        }
    });
    // Once the server answers again, the plan says whether it was started.
    effect(move || {
        let Some(Ok(BulkPlan { started, .. })) = plan.get() else { return };
        if outage.since.read().is_none() && asked.get_value() {
            asked.set_value(false);
            news.set(Some(Announcement::Done(if started {
                "It had arrived, and was started.".to_owned()
            } else {
                "It had not arrived: nothing was started. Send it again.".to_owned()
            })));
        }
    });
    // What is typed stays while the plan is the same.
    let shape = derived(move || {
        plan.read().as_deref().map(|answer| match answer {
            Ok(plan) => (plan.id.to_string(), plan.started, plan.expires_at <= plan.rendered_at),
            Err(error) => (error.code.as_str().to_owned(), false, false),
        })
    });
    let content = move || {
        shape.get().and_then(|_| plan.read_untracked().as_deref().cloned()).map(|answer| match answer {
            Ok(plan) => shown(plan, start),
            Err(ApiError { code: ErrorCode::NotFound, .. }) => missing(),
            Err(ApiError { code, .. }) => {
                let href = Signal::derive(move || plan_href(&id.get()));
                view! { <Failure title="The preview could not be loaded" code href retry=move |()| plan.refetch()/> }
                    .into_any()
            }
        })
    };
    view! {
        <Title text="Preview · Action center · Countersign"/>
            <div class="bulk">
                <Notice news/>
                <Transition fallback=Skeleton>
                    <div class="slot">{move || content()}</div>
                </Transition>
            </div>
    }
}

async fn open_plan(id: String) -> Result<BulkPlan, ApiError> {
    match id.parse::<BulkId>() {
        Ok(id) => load_plan(id).await,
        Err(_) => Err(no_such()),
    }
}

/// For an address without an id in it; of other ids the server knows that they name nothing.
pub(crate) fn no_such() -> ApiError {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    ApiError { code: ErrorCode::NotFound, detail: String::new() }
}

fn plan_href(id: &str) -> String {
    format!("/action-center/plans/{id}")
}

/// The tab of the actions that a verb decides on.
const fn lane_of(verb: BulkVerb) -> Lane {
    match verb {
        BulkVerb::Approve | BulkVerb::Reject => Lane::Pending,
        BulkVerb::Undo | BulkVerb::Retry => Lane::History,
    }
}

/// The URL of the list where the actions were chosen.
pub(crate) fn came_from(verb: BulkVerb, from: &str) -> String {
    view_href(lane_of(verb), from)
}

/// Somebody else's plan, one that was cleared away, or none.
pub(crate) fn missing() -> AnyView {
    view! {
        <div class="failure">
            <Icon name="question"/>
            <h2>"There is nothing here"</h2>
            <p>"A preview is kept for a day, and only for the person who made it. Choose the actions again."</p>
            <a class="button primary" href=ListLocation::new(Lane::Pending).href()>
                "Open the Action center"
            </a>
        </div>
    }
    .into_any()
}

fn shown(plan: BulkPlan, start: ServerAction<StartBulk>) -> AnyView {
    let BulkPlan { id, verb, preview, items, expires_at, started, rendered_at } = plan;
    let is_over = expires_at <= rendered_at;
    let title = format!("{} {}", verb.label(), pluralize(preview.decidable as u64, "action", "actions"));
    let assets = pluralize(preview.assets as u64, "asset", "assets");
    let so_far = if started {
        "It was started; what stands here is what was planned."
    } else {
        "Nothing has happened yet."
    };
    let lead = match preview.critical_assets {
        _ if preview.decidable == 0 => "None of the actions can be decided by you now.".to_owned(),
        0 => format!("On {assets}. {so_far}"),
        critical => {
            format!("On {assets}, {} of high or very high criticality. {so_far}", format_count(critical))
        }
    };
    let (finals, others): (Vec<_>, Vec<_>) = preview.groups.into_iter().partition(|of| of.irreversible);
    let final_actions = finals.iter().map(|of| of.actions).sum::<usize>();
    let is_final = final_actions > 0;
    let more = preview.decidable.saturating_sub(items.len());
    let (lane, back) = (lane_of(verb), came_from(verb, &preview.from));
    let answer = if started {
        stopped("This was started already.", format!("/action-center/jobs/{id}"), "See how far it is")
    } else if is_over {
        let text =
            "This preview is older than ten minutes, and much may have changed. Choose the actions again.";
        stopped(text, back, "Back to the list")
    } else if preview.decidable == 0 {
        stopped("There is nothing to confirm.", back, "Back to the list")
    } else {
        confirm(
            Confirm { id, verb, count: preview.decidable, final_actions, back, expires_at, rendered_at },
            start,
        )
    };
    let finals = is_final.then(|| {
        view! {
            <section class="bulk-part final-part">
                <h2>
                    <Icon name="triangle"/>
                    "This can't be undone"
                </h2>
                {groups(finals, verb)}
            </section>
        }
    });
    let others = (!others.is_empty()).then(|| {
        let needs_none = |of: &PlanGroup| of.action_type.info().undo == Undo::NotNeeded;
        let heading = match others.iter().filter(|of| needs_none(of)).count() {
            _ if verb == BulkVerb::Reject => "None of this will be done",
            _ if verb == BulkVerb::Undo => "What undoes it",
            0 => "This can be undone",
            all if all == others.len() => "This changes nothing",
            _ => "This can be undone, or changes nothing",
        };
        view! {
            <section class="bulk-part">
                <h2>{heading}</h2>
                {groups(others, verb)}
            </section>
        }
    });
    let list = (!items.is_empty()).then(|| {
        view! {
            <section class="bulk-part">
                <h2>"Each action"</h2>
                <BulkItems items=items lane plan=verb/>
                {(more > 0).then(|| view! { <p class="bulk-more">"and " {format_count(more)} " more"</p> })}
            </section>
        }
    });
    view! {
        <header class="bulk-head">
            <h1>{title}</h1>
            <p>{lead}</p>
        </header>
        {finals}
        {others}
        {lifts(preview.lifts)}
        {left_out(preview.left_out)}
        {answer}
        {list}
    }
    .into_any()
}

fn groups(groups: Vec<PlanGroup>, verb: BulkVerb) -> AnyView {
    let effect_of = |of: ActionType| match (verb, of.info().undo) {
        (BulkVerb::Undo, Undo::By(reverse)) => format!("{}: {}", reverse.label(), reverse.info().effect),
        (BulkVerb::Reject, _) => "Nothing: it is not carried out.".to_owned(),
        _ => of.info().effect.to_owned(),
    };
    let what = match verb {
        BulkVerb::Approve | BulkVerb::Retry => "What it does",
        BulkVerb::Reject => "What happens",
        BulkVerb::Undo => "What the undo does",
    };
    let rows = groups
        .into_iter()
        .map(|group| {
            let info = group.action_type.info();
            let never = match info.undo {
                Undo::Never(why) if group.irreversible => Some(format!("This can't be undone: {why}.")),
                Undo::NotNeeded if verb == BulkVerb::Approve => Some(NOT_NEEDED.to_owned()),
                Undo::Never(_) | Undo::By(_) | Undo::NotNeeded => None,
            };
            view! {
                <tr>
                    <th scope="row">{info.name}</th>
                    <td class="number">{format_count(group.actions)}</td>
                    <td class="number">{format_count(group.assets)}</td>
                    <td class="number">{format_count(group.critical_assets)}</td>
                    <td class="why">
                        {effect_of(group.action_type)}
                        {never.map(|why| view! { " " <strong>{why}</strong> })}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="bulk-table by-type" tabindex="0" role="region" aria-label="By action type">
            <table>
                <thead>
                    <tr>
                        <th scope="col">"Action type"</th>
                        <th scope="col" class="number">"Actions"</th>
                        <th scope="col" class="number">"Assets"</th>
                        <th scope="col" class="number critical-assets">"High criticality"</th>
                        <th scope="col">{what}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn left_out(groups: Vec<LeftOut>) -> Option<AnyView> {
    if groups.is_empty() {
        return None;
    }
    let count = groups.iter().map(|group| group.actions).sum::<usize>();
    let rows = groups
        .into_iter()
        .map(|LeftOut { reason, actions, examples }| {
            let shown = examples.len();
            let names = examples.into_iter().map(|of| of.entity).collect::<Vec<_>>().join(", ");
            let more = if actions > shown { ", …" } else { "" };
            view! {
                <tr>
                    <td class="number">{format_count(actions)}</td>
                    <th scope="row" class="why">{reason}</th>
                    <td class="why"><VisibleText text=names/> {more}</td>
                </tr>
            }
        })
        .collect_view();
    let title = format!("{} left out", pluralize(count as u64, "action", "actions"));
    let view = view! {
        <section class="bulk-part">
            <h2>
                <Icon name="lock"/>
                {title}
            </h2>
            <div class="bulk-table left-out" tabindex="0" role="region" aria-label="Left out">
                <table>
                    <thead>
                        <tr>
                            <th scope="col" class="number">"Actions"</th>
                            <th scope="col">"Why"</th>
                            <th scope="col">"Which"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    };
    Some(view.into_any())
}

fn stopped(text: &'static str, href: String, link: &'static str) -> AnyView {
    view! {
        <div class="bulk-answer">
            <p>{text}</p>
            <a class="button primary" href=href>
                {link}
            </a>
        </div>
    }
    .into_any()
}

/// The content of the form.
struct Confirm {
    id: BulkId,
    verb: BulkVerb,
    count: usize,
    /// How many of them can't be undone.
    final_actions: usize,
    back: String,
    expires_at: Timestamp,
    rendered_at: Timestamp,
}

fn confirm(of: Confirm, start: ServerAction<StartBulk>) -> AnyView {
    let Confirm { id, verb, count, final_actions, back, expires_at, rendered_at } = of;
    let now = ticking(derived(move || rendered_at));
    let label = match verb {
        BulkVerb::Approve | BulkVerb::Retry => "Comment (optional)",
        BulkVerb::Reject => "Why they must not happen",
        BulkVerb::Undo => "Why they are undone",
    };
    let button = format!("{} {}", verb.label(), pluralize(count as u64, "action", "actions"));
    let class = if final_actions > 0 { "button danger" } else { "button primary" };
    let final_warning = (final_actions > 0).then(|| {
        let which = match final_actions {
            all if all == count => "This".to_owned(),
            some => format!("{} of {}", format_count(some), format_count(count)),
        };
        view! {
            <p class="final">
                <Icon name="triangle"/>
                {which}
                " can't be undone"
            </p>
        }
    });
    let busy = start.pending();
    let send = move |event| {
        let reason = Some(take(&event, "reason"));
        start.dispatch(StartBulk { id, reason });
    };
    view! {
        <form method="post" action=StartBulk::PATH class="bulk-answer" on:submit=handler(send)>
            <input type="hidden" name="id" value=id.to_string()/>
            <label class="field">
                <span class="field-label">{label}</span>
                <textarea
                    name="reason"
                    rows="2"
                    required=verb.needs_reason()
                    maxlength=MAX_COMMENT_LENGTH.to_string()
                ></textarea>
            </label>
            <div class="submit-row">
                <button type="submit" class=class disabled=move || busy.get()>
                    {button}
                </button>
                <a class="button" href=back>
                    "Cancel"
                </a>
                {final_warning}
                <span class="bulk-time">
                    "Time to confirm: " <Deadline until=expires_at now/>
                </span>
            </div>
        </form>
    }
    .into_any()
}
