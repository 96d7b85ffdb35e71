//! Forms that change an executor: what is set up of it, and the steps of what is done by hand.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use api::{ChangeExecutor, SetExecutorSteps};
use domain::ActionType;
use domain::actions::proposal::MAX_COMMENT_LENGTH;
use domain::executors::{ExecutorKind, ExecutorSetup};
use kit::kept::Kept;

/// The forms; nothing of one that comes with the server.
pub(super) fn forms(setup: &ExecutorSetup, built_in: bool, has_secret: bool) -> Option<AnyView> {
    if built_in {
        return None;
    }
    let kept = Kept::of_address();
    // The two forms have no field of one name.
    let (is_steps, is_there) = (!kept.or("action_type", "").is_empty(), kept.is_there());
    let steps = (setup.kind == ExecutorKind::Manual).then(|| steps(setup, &kept, is_steps));
    let view = view! {
        {kept.notice()}
        <details class="fold" open=is_there && !is_steps>
            <summary class="button">"Change…"</summary>
            {settings(setup, has_secret, &kept)}
        </details>
        {steps}
    };
    Some(view.into_any())
}

fn field(label: &'static str, name: &'static str, value: String) -> AnyView {
    view! {
        <label class="field">
            <span class="field-label">{label}</span>
            <input name=name value=value maxlength="2000"/>
        </label>
    }
    .into_any()
}

/// The secret that takes the place of the one that is kept. That of a consumer may be a certificate, of many lines.
fn another_secret(is_consumer: bool) -> AnyView {
    if is_consumer {
        return view! {
            <label class="field">
                <span class="field-label">
                    "Another token, or a certificate and its key as PEM (it stays as it is, if empty)"
                </span>
                <textarea name="secret" rows="3" spellcheck="false" autocomplete="off"></textarea>
            </label>
        }
        .into_any();
    }
    view! {
        <label class="field">
            <span class="field-label">"Another secret (it stays as it is, if empty)"</span>
            <input name="secret" type="password" autocomplete="off"/>
        </label>
    }
    .into_any()
}

fn settings(setup: &ExecutorSetup, has_secret: bool, kept: &Kept) -> AnyView {
    let ExecutorSetup { name, kind, settings, serves, concurrency, rate, time_limit } = setup.clone();
    let text = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let field = |label, name, usual: String| field(label, name, kept.or(name, usual));
    let remote = kind.info().has_url.then(|| {
        view! {
            {field("URL", "url", settings.url.clone().unwrap_or_default())}
            <label class="check">
                <input name="internal" type="checkbox" value="true" checked=kept.is_checked("internal", settings.internal)/>
                "Its address may lie inside of this network (private, link-local or loopback)"
            </label>
        }
    });
    let profile = (kind == ExecutorKind::OpenC2)
        .then(|| field("Actuator profile", "profile", settings.profile.clone().unwrap_or_default()));
    let is_consumer = kind == ExecutorKind::OpenC2;
    let options = (is_consumer || !settings.options.is_empty()).then(|| {
        let json = kept.or("options", settings.options_text());
        view! {
            <label class="field">
                <span class="field-label">"Its settings, as a JSON object"</span>
                <textarea name="options" rows="6" required=!is_consumer spellcheck="false">{json}</textarea>
            </label>
        }
    });
    let due = (kind == ExecutorKind::Manual)
        .then(|| field("Hours until it should be done (optional)", "due_hours", text(settings.due_hours)));
    let secret = has_secret.then(|| another_secret(is_consumer));
    let rules = serves.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let rules = kept.or("serves", rules);
    view! {
        <form class="executor-form" method="post" action=ChangeExecutor::PATH>
            <input type="hidden" name="name" value=name/>
            <input type="hidden" name="kind" value=kind.as_str()/>
            {remote}
            {profile}
            {options}
            {secret}
            <label class="field">
                <span class="field-label">"What it serves: a rule a line, * for everything; the first that fits is named"</span>
                <textarea name="serves" rows="4" required spellcheck="false">{rules}</textarea>
            </label>
            {due}
            {field("At a time", "concurrency", concurrency.to_string())}
            {field("A minute (any number, if empty)", "rate", text(rate))}
            {field("Seconds until what was handed over is unknown", "time_limit", text(time_limit))}
            <button class="button primary" type="submit">"Save"</button>
        </form>
    }
    .into_any()
}

/// A form for each type whose steps are others than the usual, and one for another type.
fn steps(setup: &ExecutorSetup, kept: &Kept, open: bool) -> AnyView {
    let chosen = kept.or("action_type", "");
    let own = setup.settings.steps.iter().map(|(of, text)| {
        let label = format!("Steps of {} (the usual ones, if empty)", of.label());
        let which = view! { <input type="hidden" name="action_type" value=of.as_str()/> }.into_any();
        let text = if chosen == of.as_str() { kept.or("steps", "") } else { text.clone() };
        template(&setup.name, which, label, text)
    });
    let options = ActionType::ALL
        .iter()
        .filter(|of| !setup.settings.steps.contains_key(of))
        .map(|of| {
            view! { <option value=of.as_str() selected=chosen == of.as_str()>{of.label()}</option> }
                .into_any()
        })
        .collect_view();
    let which = view! {
        <label class="field">
            <span class="field-label">"Type of action"</span>
            <select name="action_type" required>{options}</select>
        </label>
    };
    let is_another = setup.settings.steps.keys().all(|of| of.as_str() != chosen);
    let text = if is_another { kept.or("steps", "") } else { String::new() };
    let another = template(&setup.name, which.into_any(), "Steps in words".to_owned(), text);
    view! {
        <details class="fold" open=open>
            <summary class="button">"Steps…"</summary>
            <p class="hint">
                "What people read. " <code>"{entity}"</code> ", " <code>"{asset}"</code> ", " <code>"{type}"</code> " and "
                <code>"{reason}"</code> " stand for those of the action."
            </p>
            {own.collect_view()}
            {another}
        </details>
    }
    .into_any()
}

fn template(name: &str, which: AnyView, label: String, text: String) -> AnyView {
    view! {
        <form class="executor-form" method="post" action=SetExecutorSteps::PATH>
            <input type="hidden" name="name" value=name.to_owned()/>
            {which}
            <label class="field">
                <span class="field-label">{label}</span>
                <textarea name="steps" rows="4" maxlength=MAX_COMMENT_LENGTH.to_string()>{text}</textarea>
            </label>
            <button class="button" type="submit">"Save steps"</button>
        </form>
    }
    .into_any()
}
