//! What would happen: the same words as beside a decision.

use leptos::prelude::*;

use crate::actions::badges::Badged;
use domain::actions::catalog::NOT_NEEDED;
use domain::actions::contract::{Availability, ExecutorView};
use domain::actions::take::TakePreview;
use domain::executors::ExecutorKind;
use domain::{ParameterName, Undo};
use kit::badge::Badge;
use kit::facts::{Fact, Facts};
use kit::icon::Icon;
use kit::time::localize;
use kit::visible_text::VisibleText;

/// The preview, with the form that confirms it where it may be taken.
pub(super) fn preview(of: &TakePreview, confirm: AnyView) -> AnyView {
    let action = &of.action;
    let info = action.action_type.info();
    let (icon, reversal) = match info.undo {
        Undo::By(reverse) => ("undo", format!("Can be undone: {}.", reverse.label())),
        Undo::Never(why) => ("triangle", format!("This can't be undone: {why}.")),
        Undo::NotNeeded => ("check", NOT_NEEDED.to_owned()),
    };
    let executor = match (&of.executor, &of.waits) {
        (Some(ExecutorView { kind: ExecutorKind::Simulated, .. }), None) => {
            "Only simulated: nothing real happens.".to_owned()
        }
        (Some(ExecutorView { kind: ExecutorKind::Manual, name, .. }), None) => {
            format!("To be done by hand, as {name}.")
        }
        (Some(ExecutorView { name, .. }), None) => format!("Carried out at once by {name}."),
        (_, Some(waits)) => waits.clone(),
        (None, None) => String::new(),
    };
    let answer = match &of.take {
        Availability::Allowed => confirm,
        Availability::Denied(why) => view! {
            <p class="closed">
                <Icon name="lock"/>
                <span><strong>"You can't take this: "</strong> {why.clone()}</span>
            </p>
        }
        .into_any(),
    };
    let mut facts: Vec<Fact> = vec![("Entity type", action.entity.kind().label().into_any())];
    facts.extend(
        action
            .entity
            .fields()
            .into_iter()
            .map(|field| -> Fact { (field.label, view! { <VisibleText text=field.value/> }.into_any()) }),
    );
    facts.push((
        action.asset.kind.label(),
        view! { <VisibleText text=action.asset.name.clone()/> }.into_any(),
    ));
    facts.extend(action.asset.criticality.map(|of| ("Criticality", of.label().into_any())));
    facts.extend(action.asset.device_group.clone().map(|of| ("Device group", of.into_any())));
    facts.extend(action.parameters.iter().map(|(name, value): (&ParameterName, &String)| -> Fact {
        let is_time = *name == ParameterName::Expiry;
        let text = if is_time { localize(value) } else { value.clone() };
        (name.label(), view! { <VisibleText text/> }.into_any())
    }));
    facts.extend(
        action
            .comment
            .clone()
            .map(|text| -> Fact { ("Comment", view! { <VisibleText text lines=true/> }.into_any()) }),
    );
    let line = |icon: &'static str, text: String| {
        view! {
            <p class="effect-line">
                <Icon name=icon/>
                <span><VisibleText text=localize(&text)/></span>
            </p>
        }
        .into_any()
    };
    view! {
        <section class="take-preview" aria-labelledby="take-preview">
            <h2 id="take-preview">{info.name}</h2>
            <p><Badge look=action.severity.badge()/></p>
            <section class="effect">
                <h3>"What would happen"</h3>
                <p>{info.effect}</p>
                {line("info", of.impact.clone())}
                {line(icon, reversal)}
                {line("play", executor)}
            </section>
            <Facts title="Target" facts/>
            {answer}
        </section>
    }
    .into_any()
}
