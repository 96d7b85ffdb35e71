//! What stands in place of content that did not load: what happened, and a way to try again.

use leptos::prelude::*;

use crate::handler::handler;
use crate::icon::Icon;
use domain::ErrorCode;

/// A placeholder for content that could not be loaded: a title, the sentence of the error, and a link that works
/// without wasm.
#[component]
pub fn Failure(
    /// The title: what could not be loaded.
    title: &'static str,
    /// The code of the error.
    code: ErrorCode,
    /// The URL that loads the content again, or the first page of it.
    #[prop(into)]
    href: Signal<String>,
    /// Loads the content again without a navigation.
    #[prop(into)]
    retry: Callback<()>,
) -> impl IntoView {
    // What the server refused once it refuses again: there the link leads to the beginning.
    let refused = code == ErrorCode::Invalid;
    let again = move |event: leptos::ev::MouseEvent| {
        if !refused {
            event.prevent_default();
            retry.run(());
        }
    };
    view! {
        <div class="failure">
            <Icon name="triangle"/>
            <h2>{title}</h2>
            <p>{failed_to_read(code)}</p>
            <a class="button" href=move || href.get() on:click=handler(again)>
                {if refused { "Show all" } else { "Try again" }}
            </a>
        </div>
    }
    .into_any()
}

/// The sentence for an error of reading: those of decisions would mislead, as reading changes nothing.
#[must_use]
pub const fn failed_to_read(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::NotSignedIn => "Your session is over. Sign in to go on.",
        ErrorCode::Invalid => {
            "This list has no such filter or page, or no longer has it. Remove what is wrong, or show the list without filters."
        }
        ErrorCode::Busy => "The server is busy. Nothing is lost; try again in a few seconds.",
        ErrorCode::NoAnswer => {
            "The server can't be reached. Nothing is lost; it loads by itself once it answers."
        }
        other => other.label(),
    }
}
