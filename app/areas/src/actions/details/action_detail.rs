//! One action with all that a person needs to decide on it, in the order of the questions: what is it, what would
//! happen, to what, why, who, and what came before. The decision stands at the end and stays in view.

use leptos::html::H2;
use leptos::prelude::*;

use crate::actions::badges::Badged;
use crate::actions::details::decide::Decide;
use crate::actions::details::decide::Decisions;
use crate::actions::details::follow_up_form::FollowUpForms;
use crate::actions::details::links::{alert, outside};
use crate::actions::details::packages;
use crate::actions::details::protection::{broken, protection};
use crate::actions::details::targets::targets;
use crate::actions::details::timeline::{revisions, timeline};
use crate::actions::details::undo_form::UndoForm;
use crate::actions::details::verdict_form::verdict_form;
use crate::actions::location::{ListLocation, email_href, incident_href, investigation_href};
use domain::actions::catalog::NOT_NEEDED;
use domain::actions::contract::{ActionDetail, ExecutorView, Twin};
use domain::actions::entity::{Field, FieldKind};
use domain::actions::parameter::ParameterName;
use domain::core::time::Timestamp;
use domain::executors::ExecutorKind;
use domain::executors::contract::Health;
use domain::investigations::email::email_id;
use domain::{Action, ActionId, ActionType, Decision, Evidence, Status, Undo, UndoState};
use kit::badge::Badge;
use kit::copy::Copy;
use kit::deadline::Deadline;
use kit::derived::Derived;
use kit::effect::effect;
use kit::facts::{Fact, Facts};
use kit::icon::Icon;
use kit::time::{full, localize};
use kit::visible_text::VisibleText;
use kit::when::When;

/// What the details share with the page.
#[derive(Clone, Copy)]
pub struct DetailContext {
    /// The list's location.
    pub location: Memo<ListLocation>,
    /// The page's current time.
    pub now: Derived<Timestamp>,
    /// The page's pending decisions.
    pub decisions: Decisions,
    /// Set when the person opened or decided something: the heading then takes the focus.
    pub wants_focus: StoredValue<bool>,
}

/// Renders once for each version of the action, so that nothing typed for one state is sent for another.
#[component]
pub fn ActionDetailBody(
    /// The action with its details.
    detail: ActionDetail,
    /// What it shares with the page.
    setting: DetailContext,
) -> impl IntoView {
    let DetailContext { location, now, decisions, wants_focus } = setting;
    let heading = NodeRef::<H2>::new();
    effect(move || {
        if let Some(heading) = heading.get()
            && wants_focus.get_value()
        {
            wants_focus.set_value(false);
            drop(heading.focus());
        }
    });
    let action = &detail.action;
    let pending = action.decision == Decision::Pending;
    let had_effect = action.lifecycle().is_ok_and(|lifecycle| lifecycle.state().had_effect());
    let decide = pending.then(|| view! { <Decide detail=detail.clone() decisions/> }.into_any());
    let undo = had_effect.then(|| view! { <UndoForm detail=detail.clone() decisions/> }.into_any());
    view! {
        <div class="detail">
            <DetailHead action=action.clone() heading now/>
            {effect_section(&detail, pending, location).into_any()}
            <Facts title="Target" facts=target(&detail, now)/>
            {targets(&detail.targets)}
            <Facts title="Parameters" facts=parameters(&detail, now)/>
            <Facts title="Why" facts=why(action)/>
            {evidence(&action.evidence).into_any()}
            <Facts title="Proposal" facts=proposal(action, now)/>
            <Facts title="Decision" facts=decision(action, now)/>
            <Facts title="Break-glass" facts=broken(detail.break_glass.as_ref())/>
            <Facts title="Execution" facts=execution(&detail, now)/>
            <Facts title="Undo" facts=undo_links(&detail, location)/>
            {revisions(&detail.revisions, now).into_any()}
            {timeline(&detail, location, now).into_any()}
            <Facts title="Identifiers" facts=identifiers(action)/>
            {decide}
            {undo}
            {verdict_form(&detail)}
            <FollowUpForms detail decisions/>
        </div>
    }
}

/// The head of the details: what is also known from the list.
#[component]
pub fn DetailHead(
    /// The action.
    action: Action,
    /// Its heading.
    heading: NodeRef<H2>,
    /// The page's present, once it is known what time is left.
    #[prop(optional)]
    now: Option<Derived<Timestamp>>,
) -> impl IntoView {
    let until = action.expires_at;
    let deadline = now.filter(|_| action.decision == Decision::Pending);
    let title = action.entity.title();
    view! {
        <header class="detail-head">
            <h2 tabindex="-1" node_ref=heading>
                {action.action_type.label()}
            </h2>
            <p class="detail-entity">
                <VisibleText text=title.clone()/>
            </p>
            {(action.asset.name != title).then(|| {
                view! {
                    <p class="detail-asset">
                        {action.asset.kind.label()} " " <VisibleText text=action.asset.name.clone()/>
                        {action.target_count.map(|count| format!(" and {} more", count.saturating_sub(1)))}
                    </p>
                }
            })}
            <p class="detail-badges">
                <Badge look=action.severity.badge()/>
                <Badge look=action.decision.badge()/>
                {(action.status != Status::None).then(|| view! { <Badge look=action.status.badge()/> })}
                {(action.undo != UndoState::None).then(|| view! { <Badge look=action.undo.badge()/> })}
                {deadline.map(|now| view! { <span class="detail-deadline">"Expires: " <Deadline until now/></span> })}
            </p>
        </header>
    }
    .into_any()
}

/// Others that do the same to the same, each with a link.
fn twins(twins: &[Twin], location: Memo<ListLocation>) -> AnyView {
    let lines = twins.iter().map(|twin| {
        let (id, says) = (twin.id, localize(&twin.says));
        view! {
            <p class="effect-line strong">
                <Icon name="copy"/>
                <span>
                    <VisibleText text=says/> " "
                    <a href=move || location.read().with_open(id).href() data-noscroll>"Open the other action"</a>
                </span>
            </p>
        }
        .into_any()
    });
    lines.collect_view().into_any()
}

fn effect_section(
    detail: &ActionDetail,
    pending: bool,
    location: Memo<ListLocation>,
) -> impl IntoView + use<> {
    let info = detail.action.action_type.info();
    let reversal = match info.undo {
        Undo::By(reverse) => view! {
            <p class="effect-line">
                <Icon name="undo"/>
                <span>"Can be undone: " {reverse.label()} "."</span>
            </p>
        }
        .into_any(),
        Undo::Never(why) => view! {
            <p class="effect-line strong">
                <Icon name="triangle"/>
                <span>"This can't be undone: " {why} "."</span>
            </p>
        }
        .into_any(),
        Undo::NotNeeded => line("check", NOT_NEEDED.to_owned()),
    };
    view! {
        <section class="effect">
            <h3>{if pending { "What would happen" } else { "What this action does" }}</h3>
            <p>{info.effect}</p>
            {line("info", detail.impact.clone())}
            {protection(detail.protection.as_ref(), &detail.action)}
            {detail.held.clone().filter(|_| pending).map(|why| line("clock", why))}
            {twins(&detail.twins, location)}
            {reversal}
            {pending.then(|| executor(detail))}
        </section>
    }
}

fn executor(detail: &ActionDetail) -> AnyView {
    let Some(ExecutorView { name, kind, rule, health, says }) = &detail.executor else {
        let none = || "No executor is connected for this.".to_owned();
        return line("play", detail.unserved.clone().unwrap_or_else(none));
    };
    let mut text = match kind {
        ExecutorKind::Simulated => return line("play", "Only simulated: nothing real happens.".to_owned()),
        ExecutorKind::Manual => format!("Done by hand, as {name}."),
        _ => format!("Carried out by {name}."),
    };
    if let Some(rule) = rule {
        text = format!("{text} By {rule}.");
    }
    // Where people do it there is nothing that could be down.
    if *kind != ExecutorKind::Manual || *health == Health::Paused {
        text = format!("{text} {says}");
    }
    line(if matches!(health, Health::Failing | Health::Broken) { "triangle" } else { "play" }, text)
}

fn line(icon: &'static str, text: String) -> AnyView {
    view! {
        <p class="effect-line">
            <Icon name=icon/>
            <span><VisibleText text=localize(&text)/></span>
        </p>
    }
    .into_any()
}

fn text(label: &'static str, value: Option<&String>) -> Option<Fact> {
    value.map(|value| (label, view! { <VisibleText text=value.clone() lines=true/> }.into_any()))
}

/// A sentence of the server's, in which times are in UTC.
fn localized(label: &'static str, sentence: Option<&String>) -> Option<Fact> {
    text(label, sentence.map(|sentence| localize(sentence)).as_ref())
}

fn mono(label: &'static str, value: String) -> Fact {
    copied(label, value, "code")
}

fn copied(label: &'static str, value: String, class: &'static str) -> Fact {
    (
        label,
        view! { <span class=class><VisibleText text=value.clone()/></span> <Copy text=value label/> }
            .into_any(),
    )
}

fn time(label: &'static str, at: Timestamp, now: Derived<Timestamp>) -> Fact {
    (label, view! { {full(at)} <span class="relative">" (" <When at now/> ")"</span> }.into_any())
}

fn target(detail: &ActionDetail, now: Derived<Timestamp>) -> Vec<Fact> {
    let action = &detail.action;
    let asset = &action.asset;
    let kind = action.entity.kind().label();
    let mut facts = vec![("Entity type", kind.into_any())];
    facts.extend(action.entity.fields().into_iter().map(|Field { kind, label, value }| match kind {
        FieldKind::Text => copied(label, value, ""),
        FieldKind::Code => mono(label, value),
        FieldKind::Plain => (label, value.into_any()),
    }));
    let email = |id: &str| ("Email", view! { <a href=email_href(id)>"Open the email page"</a> }.into_any());
    facts.extend(email_id(&action.entity).map(email));
    facts.extend(action.entity.time().map(|(label, at)| time(label, at, now)));
    if asset.name != action.entity.title() {
        facts.push(copied(asset.kind.label(), asset.name.clone(), ""));
    }
    facts.extend(asset.criticality.map(|criticality| ("Criticality", criticality.label().into_any())));
    facts.extend(text("Device group", asset.device_group.as_ref()));
    let hunt = |url: &String| ("Elsewhere", outside("Go hunt".to_owned(), Some(url.clone())));
    facts.extend(detail.hunt.as_ref().map(hunt));
    facts
}

fn parameters(detail: &ActionDetail, now: Derived<Timestamp>) -> Vec<Fact> {
    let fact = |(name, value): (&ParameterName, &String)| match value.parse() {
        Ok(at) if *name == ParameterName::Expiry => (
            name.label(),
            view! { {full(at)} <span class="relative">" (" <Deadline until=at now/> ")"</span> }.into_any(),
        ),
        _ => mono(name.label(), value.clone()),
    };
    let mut facts: Vec<_> = detail.action.parameters.iter().map(fact).collect();
    facts.extend(localized("At its end", detail.end.as_ref()));
    facts
}

fn why(action: &Action) -> Vec<Fact> {
    let verdict =
        action.verdict.map(|verdict| ("Verdict", view! { <Badge look=verdict.badge()/> }.into_any()));
    let alert = action.alert.as_ref().map(|of| ("Alert", alert(of, action.investigation_id.as_deref())));
    let mut facts = Vec::new();
    facts.extend(verdict);
    facts.extend(text("Comment", action.comment.as_ref()));
    facts.extend(alert);
    facts.extend(text("Campaign", action.campaign.as_ref()));
    let page = |label: &'static str, id: &String, href: String| -> Fact {
        (label, view! { <a href=href><VisibleText text=id.clone()/></a> }.into_any())
    };
    let of = action.investigation_id.as_ref();
    facts.extend(of.map(|id| page("Investigation", id, investigation_href(id))));
    facts.extend(action.incident_id.as_ref().map(|id| page("Incident", id, incident_href(id))));
    facts
}

fn evidence(evidence: &[Evidence]) -> impl IntoView + use<> {
    let items = evidence
        .iter()
        .map(|piece| {
            view! {
                <li>
                    <p class="evidence-title">
                        <VisibleText text=piece.title.clone()/>
                        {piece.verdict.map(|verdict| view! { <Badge look=verdict.badge()/> })}
                        {piece.technique.clone().map(|text| view! { <code><VisibleText text/></code> })}
                    </p>
                    <p class="evidence-detail">
                        <VisibleText text=piece.detail.clone() lines=true/>
                    </p>
                </li>
            }
            .into_any()
        })
        .collect_view();
    (!evidence.is_empty()).then(|| {
        view! {
            <section class="facts">
                <h3>"Evidence"</h3>
                <ul class="evidence">{items}</ul>
            </section>
        }
    })
}

fn proposal(action: &Action, now: Derived<Timestamp>) -> Vec<Fact> {
    let by = &action.proposed_by;
    let who = view! { <VisibleText text=by.label()/> " (" {by.kind.label()} ")" };
    let mut facts = vec![
        ("Proposed by", who.into_any()),
        ("Source", action.source.label().into_any()),
        time("Proposed", action.proposed_at, now),
    ];
    if action.decision == Decision::Pending {
        let until = action.expires_at;
        facts.push((
            "Expires",
            view! { {full(until)} <span class="relative">" (" <Deadline until now/> ")"</span> }.into_any(),
        ));
    }
    facts
}

fn decision(action: &Action, now: Derived<Timestamp>) -> Vec<Fact> {
    if action.decision == Decision::Pending {
        return Vec::new();
    }
    let summary = |name: String, at: Option<Timestamp>| {
        view! {
            {action.decision.label()} " by " <VisibleText text=name/> " "
            {at.map(|at| view! { <When at now/> })}
        }
    };
    let what = match &action.decided_by {
        Some(by) => summary(by.label(), action.decided_at).into_any(),
        None => action.decision.label().into_any(),
    };
    let mut facts = vec![("Decision", what)];
    facts.extend(action.decided_at.map(|at| ("Decided", full(at).into_any())));
    facts.extend(text("Reason", action.reason.as_ref()));
    facts.extend(action.approval_id.map(|id| mono("Approval ID", id.to_string())));
    facts
}

fn execution(detail: &ActionDetail, now: Derived<Timestamp>) -> Vec<Fact> {
    let action = &detail.action;
    if action.status == Status::None {
        return Vec::new();
    }
    let mut facts = vec![("Status", view! { <Badge look=action.status.badge()/> }.into_any())];
    if action.status == Status::Unknown {
        let text = "It was sent and no trustworthy answer came back. A person has to look at the target, and settles it here.";
        facts.push(("What it means", text.into_any()));
    }
    facts.extend(localized("Held", detail.held.as_ref()));
    let label = if detail.task.is_some() { "To be done by hand" } else { "Detail" };
    // The output of a command stays as the host printed it.
    let is_output = action.action_type == ActionType::LiveResponseCommand;
    let fact = if is_output { text } else { localized };
    facts.extend(fact(label, action.status_detail.as_ref()));
    facts.extend(text("Executor", action.executor.as_ref()));
    if let Some(task) = &detail.task {
        let who = task.assigned_to.clone().unwrap_or_else(|| "Nobody yet".to_owned());
        facts.push(("In hand", view! { <VisibleText text=who/> }.into_any()));
        facts.extend(task.due_at.map(|at| time("Due", at, now)));
    }
    facts.extend(packages::facts(detail));
    facts.push(time("Updated", action.updated_at, now));
    facts
}

fn undo_links(detail: &ActionDetail, location: Memo<ListLocation>) -> Vec<Fact> {
    let action = &detail.action;
    let link = |label: &'static str, id: ActionId| -> Fact {
        (label, view! { <a href=move || location.read().with_open(id).href() data-noscroll>"Open the other action"</a> }.into_any())
    };
    let state = (action.undo != UndoState::None)
        .then(|| ("State", view! { <Badge look=action.undo.badge()/> }.into_any()));
    let mut facts = Vec::new();
    facts.extend(state);
    facts.extend(localized("Waits", detail.undo_waits.as_ref()));
    facts.extend(action.undo_of.map(|id| link("Reverses", id)));
    facts.extend(action.undone_by.map(|id| link("Reversed by", id)));
    facts
}

fn identifiers(action: &Action) -> Vec<Fact> {
    let mut facts = vec![mono("Action ID", action.id.to_string())];
    facts.extend(action.external_id.clone().map(|id| mono("External ID", id)));
    facts.extend(action.alert.as_ref().map(|alert| mono("Alert ID", alert.id.clone())));
    facts.push(mono("Version", action.version.to_string()));
    facts.push(mono("Digest", action.digest.clone()));
    if let Some(technique) = action.action_type.info().technique {
        facts.push(("D3FEND", format!("{} {}", technique.id, technique.name).into_any()));
    }
    facts
}
