//! A button that copies a value, whole and as it is.

use crate::handler::handler;
use crate::icon::Icon;
use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// A button that copies a text to the clipboard, and shows a tick afterwards.
#[component]
pub fn Copy(
    /// The text to copy.
    text: String,
    /// The name of the value, for the tooltip.
    label: &'static str,
) -> impl IntoView {
    let done = RwSignal::new(false);
    let title = move || if done.get() { "Copied".to_owned() } else { format!("Copy {label}") };
    let copy = move |_| {
        // A page that did not come over a safe channel has no clipboard.
        if !window().is_secure_context() {
            return;
        }
        let promise = window().navigator().clipboard().write_text(&text);
        leptos::task::spawn_local(async move {
            done.set(JsFuture::from(promise).await.is_ok());
        });
    };
    view! {
        <button type="button" class="copy needs-wasm" title=move || title() aria-label=move || title() on:click=handler(copy)>
            {move || view! { <Icon name=if done.get() { "check" } else { "copy" }/> }.into_any()}
        </button>
    }
    .into_any()
}
