//! The form that adds an executor.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use api::{AddExecutor, Load, MakeResponderCode, propose_executor_key};
use domain::executors::ExecutorKind;
use kit::kept::Kept;

/// Which actuator of a consumer is meant, for example.
const SPECIFIERS: &str = r#"{"specifiers": {"hostname": "fw-1"}}"#;

/// The form for one kind; the others are links.
pub(super) fn form(kind: Option<ExecutorKind>, failure: Option<String>) -> AnyView {
    let kinds: Vec<_> = ExecutorKind::ALL
        .iter()
        .copied()
        .filter(|kind| kind.info().can_be_added)
        .map(|of| {
            let href = format!("/settings/executors/new?kind={of}");
            let current = (kind == Some(of)).then_some("page");
            view! {
                <li>
                    <a class="button" href=href aria-current=current>{of.label()}</a>
                    " "
                    {of.info().purpose}
                </li>
            }
            .into_any()
        })
        .collect();
    let form = kind.filter(|kind| kind.info().can_be_added).map(|kind| view! { <Form kind/> });
    view! {
        <header class="page-head">
            <h1>"Add executor"</h1>
        </header>
        <ul class="executor-kinds">{kinds}</ul>
        <Enrol/>
        {failure.map(|text| view! { <p class="notice-text bad" role="alert">{text}</p> })}
        {form}
    }
    .into_any()
}

/// Makes a code by which the responder on a host is taken in.
#[component]
fn Enrol() -> impl IntoView {
    let made = ServerAction::<MakeResponderCode>::new();
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let asset = kit::form::take(&event, "asset");
        made.dispatch(MakeResponderCode { asset });
    };
    let said = move || {
        made.value().get().map(|answer| match answer {
            Ok(code) => view! {
                <p role="status">
                    "Run this on the host within 15 minutes; the code is good once and not shown again: "
                    <code>{format!("countersign responder --server URL --enrol {code} --root / --vault /var/lib/countersign/vault")}</code>
                </p>
            }
            .into_any(),
            Err(error) => {
                let text = if error.detail.is_empty() { error.code.label().to_owned() } else { error.detail };
                view! { <p class="notice-text bad" role="alert">{text}</p> }.into_any()
            }
        })
    };
    view! {
        <details class="fold">
            <summary class="button">"Enrol a host…"</summary>
            <form class="executor-form" method="post" action=MakeResponderCode::PATH on:submit=send>
                <label class="field">
                    <span class="field-label">"Device on which a responder of ours runs"</span>
                    <input name="asset" required maxlength="60"/>
                </label>
                <button class="button" type="submit">"Make a code"</button>
            </form>
            {said}
        </details>
    }
}

#[component]
fn Form(kind: ExecutorKind) -> impl IntoView {
    let kept = Kept::of_address();
    let info = kind.info();
    let remote = info.has_url.then(|| {
        view! {
            <label class="field">
                <span class="field-label">"URL"</span>
                <input name="url" type="url" value=kept.or("url", "") required maxlength="2000" placeholder="https://soar.example/countersign"/>
            </label>
            <label class="check">
                <input name="internal" type="checkbox" value="true" checked=kept.is_checked("internal", false)/>
                "Its address may lie inside of this network (private, link-local or loopback)"
            </label>
        }
    });
    let profile = (kind == ExecutorKind::OpenC2).then(|| {
        view! {
            <label class="field">
                <span class="field-label">"Actuator profile"</span>
                <input name="profile" value=kept.or("profile", "") maxlength="100" placeholder="slpf"/>
            </label>
        }
    });
    let options = info.example.map(|example| {
        view! {
            <label class="field">
                <span class="field-label">"Its settings, as a JSON object"</span>
                <textarea name="options" rows="6" required spellcheck="false">{kept.or("options", example)}</textarea>
            </label>
        }
    });
    let further = (kind == ExecutorKind::OpenC2).then(|| {
        view! {
            <label class="field">
                <span class="field-label">"Further settings, as a JSON object (optional)"</span>
                <textarea name="options" rows="3" spellcheck="false" placeholder=SPECIFIERS>{kept.or("options", "")}</textarea>
            </label>
        }
    });
    let due = (kind == ExecutorKind::Manual).then(|| {
        view! {
            <label class="field">
                <span class="field-label">"Hours until it should be done (optional)"</span>
                <input name="due_hours" value=kept.or("due_hours", "") inputmode="numeric" maxlength="4"/>
            </label>
        }
    });
    let secret = match kind {
        ExecutorKind::Webhook => Some(view! { <WebhookKey/> }.into_any()),
        ExecutorKind::OpenC2 => Some(
            view! {
                <label class="field">
                    <span class="field-label">"Bearer token (24 or more visible characters)"</span>
                    <input name="secret" type="password" minlength="24" autocomplete="off"/>
                </label>
                <label class="field">
                    <span class="field-label">"Or for mutual TLS: a certificate and its key, as PEM"</span>
                    <textarea name="identity" rows="3" spellcheck="false" autocomplete="off"></textarea>
                </label>
                <label class="field">
                    <span class="field-label">
                        "The authority that its own certificate must be of, as PEM (optional)"
                    </span>
                    <textarea name="authority" rows="3" spellcheck="false">{kept.or("authority", "")}</textarea>
                </label>
            }
            .into_any(),
        ),
        _ => info.secret.map(|what| {
            view! {
                <label class="field">
                    <span class="field-label">{what}</span>
                    <input name="secret" type="password" required autocomplete="off"/>
                </label>
            }
            .into_any()
        }),
    };
    view! {
        {kept.notice()}
        <form class="executor-form" method="post" action=AddExecutor::PATH>
            <input type="hidden" name="kind" value=kind.as_str()/>
            <label class="field">
                <span class="field-label">"Name (a-z, 0-9, '.', '_' and '-'; it never changes)"</span>
                <input name="name" value=kept.or("name", "") required maxlength="64" pattern="[a-z0-9][a-z0-9._\\-]*"/>
            </label>
            {remote}
            {profile}
            {options}
            {further}
            {secret}
            <label class="field">
                <span class="field-label">"What it serves: a rule a line, * for everything"</span>
                <textarea name="serves" rows="4" required>{kept.or("serves", "*")}</textarea>
            </label>
            <p class="hint">
                "For example: " <code>"kind=device; name=web-*; group=Servers; type=isolate_device,release_from_isolation"</code>
            </p>
            {due}
            <details class="fold" open=kept.is_there()>
                <summary class="button">"Limits…"</summary>
                <label class="field">
                    <span class="field-label">"At a time"</span>
                    <input name="concurrency" value=kept.or("concurrency", "") inputmode="numeric" placeholder="4" maxlength="2"/>
                </label>
                <label class="field">
                    <span class="field-label">"A minute"</span>
                    <input name="rate" value=kept.or("rate", "") inputmode="numeric" maxlength="5"/>
                </label>
                <label class="field">
                    <span class="field-label">"Seconds until what was handed over is unknown"</span>
                    <input name="time_limit" value=kept.or("time_limit", "") inputmode="numeric" maxlength="7"/>
                </label>
            </details>
            <button class="button primary" type="submit">"Add executor"</button>
        </form>
    }
}

/// The key that signs both ways: made by the server, to be copied before the form is sent.
#[component]
fn WebhookKey() -> impl IntoView {
    let key = Load::new(|| (), |()| async move { propose_executor_key().await.unwrap_or_default() });
    let field = move || {
        let key = key.get()?;
        Some(view! {
            <label class="field">
                <span class="field-label">
                    "The key that signs both ways: copy it to the other side now, it is not shown again"
                </span>
                <input name="secret" value=key required autocomplete="off" spellcheck="false"/>
            </label>
        })
    };
    view! { <Suspense fallback=|| ()>{move || field()}</Suspense> }
}
