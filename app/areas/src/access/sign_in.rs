//! Signing in: plain forms that the server answers with a redirect, with or without wasm.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::actions::location::ListLocation;
use crate::page::PageContext;
use crate::page::demo_banner::DemoBanner;
use domain::actions::query::push_pair;
use domain::core::path::is_own_path;
use domain::site::ProviderName;
use domain::{Lane, Role};
use kit::icon::Icon;

kit::page! {
    module: sign_in,
    function: sign_in / preload_sign_in,
    paths: ["/sign-in"],
    framed: false,
    view: view! { <SignIn/> }.into_any(),
}

/// The roles of the demo's buttons, each alone but for the one that only works together.
const DEMO_ROLES: [&[Role]; 6] = [
    &[Role::GlobalAdministrator],
    &[Role::SecurityAdministrator],
    &[Role::SecurityOperator],
    &[Role::SecurityOperator, Role::SearchAndPurge],
    &[Role::SecurityReader],
    &[Role::ActiveRemediationActions],
];

/// Name and password; in the demo estate, a button a role.
#[component]
fn SignIn() -> impl IntoView {
    let query = use_query_map();
    let next = query.with_untracked(|query| own_path(query.get("next")));
    let problem = query.with_untracked(|query| query.get("error")).and_then(|code| sentence(&code));
    let around = use_context::<PageContext>();
    let demo = around.as_ref().is_some_and(|around| around.demo);
    let provider = around.and_then(|around| around.provider);
    let second = demo || provider.is_some();
    let provider = provider.map(|ProviderName(name)| provider_link(&name, &next, demo));
    let roles = demo.then(|| view! { <DemoRoles next=next.clone()/> });
    let body = view! {
        {roles}
        {provider}
        <form class="sign-in-form" method="post" action="/sign-in">
            <input type="hidden" name="next" value=next/>
            <CredentialFields/>
            <button class=if second { "button" } else { "button primary" } type="submit">
                "Sign in"
            </button>
        </form>
    };
    view! {
        <Title text="Sign in · Countersign"/>
        {lone("Sign in", problem, body.into_any())}
    }
}

/// A page without the frame: a heading, what stood against the last form, and what is below.
pub(crate) fn lone(heading: &'static str, problem: Option<&'static str>, body: AnyView) -> AnyView {
    let problem = problem.map(|text| {
        view! {
            <p class="notice-text bad" role="alert">
                <Icon name="triangle"/>
                <span>{text}</span>
            </p>
        }
    });
    view! {
        <main class="sign-in">
            <DemoBanner/>
            <div class="lone">
                <p class="sign-in-brand">
                    <Icon name="brand"/>
                    "Countersign"
                </p>
                <h1>{heading}</h1>
                {problem}
                {body}
            </div>
        </main>
    }
    .into_any()
}

/// A link, since browsers apply the policy for forms to the redirects of forms, too.
fn provider_link(name: &str, next: &str, demo: bool) -> AnyView {
    let mut query = String::new();
    push_pair(&mut query, "next", next);
    let href = format!("/sign-in/provider?{query}");
    view! {
        <a class=if demo { "button" } else { "button primary" } href=href rel="external">
            {format!("Sign in with {name}")}
        </a>
        <p class="divider">"or with a name and password"</p>
    }
    .into_any()
}

/// The name and the password of a sign-in form.
#[component]
pub(crate) fn CredentialFields() -> impl IntoView {
    view! {
        <label class="field">
            <span class="field-label">"Name"</span>
            <input type="text" name="name" autocomplete="username" autocapitalize="none" required/>
        </label>
        <label class="field">
            <span class="field-label">"Password"</span>
            <input type="password" name="password" autocomplete="current-password" required/>
        </label>
    }
}

/// One form a role, so that each button works alone.
#[component]
pub(crate) fn DemoRoles(
    /// The path to which each form leads.
    next: String,
) -> impl IntoView {
    let forms = DEMO_ROLES
        .iter()
        .map(|roles| {
            let roles: BTreeSet<Role> = roles.iter().copied().collect();
            let words = join(&roles, Role::as_str, "+");
            let labels = join(&roles, Role::label, " with ");
            view! {
                <form method="post" action="/demo/sign-in">
                    <input type="hidden" name="role" value=words/>
                    <input type="hidden" name="next" value=next.clone()/>
                    <button class="button" type="submit">
                        "Sign in as " {labels}
                    </button>
                </form>
            }
        })
        .collect_view();
    view! {
        <section class="demo-roles" aria-label="Demo roles">
            {forms}
        </section>
        <p class="divider">"or with a name and password"</p>
    }
}

fn join(roles: &BTreeSet<Role>, word: fn(Role) -> &'static str, between: &str) -> String {
    roles.iter().map(|role| word(*role)).collect::<Vec<_>>().join(between)
}

/// Only a path of this site may be gone back to; the server checks it again.
pub(crate) fn own_path(next: Option<String>) -> String {
    next.filter(|next| is_own_path(next)).unwrap_or_else(|| ListLocation::new(Lane::Pending).href())
}

/// The text of a code; anybody can write a URL, so no other text of it is shown.
fn sentence(code: &str) -> Option<&'static str> {
    Some(match code {
        "wrong" => "Name or password is wrong.",
        "locked" => "Too many attempts. Wait a minute, then try again.",
        "over" => "The time to show a second factor is over, or there were too many tries. Begin anew.",
        "expired" => "Your session is over. Sign in to go on.",
        "denied" => "Your roles do not open the Action center. It needs at least Security Reader.",
        "provider_down" => {
            "The identity provider does not answer. Try again in a moment, or sign in with a name and a password."
        }
        "provider_not_accepted" => {
            "What the identity provider answered was not accepted, so nobody was signed in. Try again."
        }
        "provider_declined" => "The identity provider did not sign you in. Try again.",
        "start_again" => "That sign-in was not begun in this browser, or took too long. Begin again.",
        "no_group" => {
            "The identity provider knows you, but none of your groups has a role here. An administrator can give one to a group."
        }
        "disabled" => "You are kept out of Countersign. An administrator can let you in again.",
        "name_taken" => {
            "Somebody else has your name here. An administrator can link that account to you, if it is yours."
        }
        "no_provider" => "There is no identity provider. Sign in with a name and a password.",
        "" => return None,
        _ => "Signing in did not work. Try again.",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_paths_are_gone_back_to() {
        let home = ListLocation::new(Lane::Pending).href();
        assert_eq!(own_path(Some("//evil.example".to_owned())), home);
        assert_eq!(own_path(None), home);
        assert_eq!(
            own_path(Some("/action-center/history?open=1".to_owned())),
            "/action-center/history?open=1"
        );
    }

    #[test]
    fn text_from_the_url_is_never_shown() {
        assert_eq!(sentence("Call 555-0100"), Some("Signing in did not work. Try again."));
        assert_eq!(sentence(""), None);
    }
}
