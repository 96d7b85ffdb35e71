//! Signing in again over the page whose session is over, so that what was typed there is kept.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{FormData, HtmlDialogElement, HtmlFormElement, UrlSearchParams};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

use crate::access::second_step::{SecondStepForm, WRONG};
use crate::access::sign_in::{CredentialFields, DemoRoles};
use crate::live::outage::Outage;
use crate::live::stream::Live;
use crate::page::PageContext;
use api::session;
use kit::dialog::{Dialog, show_dialog};
use kit::effect::after_paint;
use kit::form::sent;
use kit::handler::handler;
use kit::icon::Icon;
use kit::lazy::part;

/// The id of the dialog.
const DIALOG: &str = "session-over";
/// Where the server leads whoever signed in here: nobody goes there.
const NEXT: &str = "/healthz";

kit::part! {
    module: sign_in,
    function: session_over / preload_session_over,
    as: SESSION_OVER,
    view: |outage: Outage| {
        view! { <SignInAgain outage/> }.into_any()
    },
}

/// The dialog, once the session is over.
#[component]
pub fn SessionOver() -> impl IntoView {
    let outage = Outage::current();
    move || outage.signed_out.get().then(|| part(session_over(outage), || ().into_any()))
}

/// The failure of an attempt to sign in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Wrong,
    WrongFactor,
    NoAnswer,
}

/// What an attempt led to.
enum Reached {
    SignedIn,
    SecondStep,
    Failed(Outcome),
}

#[component]
fn SignInAgain(outage: Outage) -> impl IntoView {
    let live = Live::current();
    let context = use_context::<PageContext>();
    let demo = context.as_ref().is_some_and(|context| context.demo);
    let name = context.and_then(|context| context.who).map(|who| who.name);
    let failed = RwSignal::new(None);
    let busy = RwSignal::new(false);
    let second = RwSignal::new(false);
    let send = move |event: SubmitEvent| {
        // The dialog's own form closes it.
        let Some(form) = event.target().and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else {
            return;
        };
        if form.method() != "post" {
            return;
        }
        let _ = sent(&event);
        let name = name.clone();
        busy.set(true);
        spawn_local(async move {
            let reached = sign_in(&form).await;
            if matches!(reached, Reached::SignedIn) {
                match session().await {
                    // Another person does not find what this one typed.
                    Ok(who) if name.is_some_and(|name| name != who.name) => {
                        drop(window().location().reload());
                    }
                    _ => {
                        close();
                        outage.signed_out.set(false);
                        live.connect_again.notify();
                    }
                }
            }
            if matches!(reached, Reached::SecondStep) {
                second.set(true);
            }
            failed.set(if let Reached::Failed(outcome) = reached { Some(outcome) } else { None });
            busy.set(false);
        });
    };
    after_paint(|| {
        show_dialog(DIALOG);
    });
    let problem = move || {
        failed.get().map(|outcome| {
            let text = match outcome {
                Outcome::Wrong => "Name or password is wrong.",
                Outcome::WrongFactor => WRONG,
                Outcome::NoAnswer => "The server did not answer. Try again.",
            };
            view! {
                <p class="notice-text bad">
                    <Icon name="triangle"/>
                    <span>{text}</span>
                </p>
            }
            .into_any()
        })
    };
    view! {
        <Dialog id=DIALOG title="Your session is over">
            <div class="dialog-body session-over" on:submit=handler(send)>
                <p>"What you typed is kept, and nothing of it was sent. Sign in to go on where you are."</p>
                <div role="status">{move || problem()}</div>
                {move || if second.get() {
                    view! { <SecondStepForm next=NEXT.to_owned()/> }.into_any()
                } else {
                    view! {
                        {demo.then(|| view! { <DemoRoles next=NEXT.to_owned()/> })}
                        <form class="sign-in-form" method="post" action="/sign-in">
                            <input type="hidden" name="next" value=NEXT/>
                            <CredentialFields/>
                            <button class="button primary" type="submit" disabled=move || busy.get()>
                                "Sign in"
                            </button>
                        </form>
                    }
                    .into_any()
                }}
            </div>
        </Dialog>
    }
}

/// Sends a sign-in form as the browser would, but for leaving the page.
async fn sign_in(form: &HtmlFormElement) -> Reached {
    let answer = async {
        let data = FormData::new_with_form(form).ok()?;
        let pairs = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_body(&pairs);
        let action = form.get_attribute("action")?;
        let answer = JsFuture::from(window().fetch_with_str_and_init(&action, &request)).await.ok()?;
        answer.dyn_into::<Response>().ok()
    };
    match answer.await {
        Some(answer)
            if answer.ok() && answer.url().split('?').next().is_some_and(|url| url.ends_with(NEXT)) =>
        {
            Reached::SignedIn
        }
        Some(answer) if answer.ok() && answer.url().contains("/sign-in/second-step?error=") => {
            Reached::Failed(Outcome::WrongFactor)
        }
        Some(answer) if answer.ok() && answer.url().contains("/sign-in/second-step?") => Reached::SecondStep,
        Some(answer) if answer.status() < 500 => Reached::Failed(Outcome::Wrong),
        _ => Reached::Failed(Outcome::NoAnswer),
    }
}

fn close() {
    let dialog = document().get_element_by_id(DIALOG).and_then(|it| it.dyn_into::<HtmlDialogElement>().ok());
    if let Some(dialog) = dialog {
        dialog.close();
    }
}
