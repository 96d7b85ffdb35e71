//! `/design`: every part in every state, for whoever builds pages. Only in development builds of the server.
//!
//! Rendered by the server alone, under the policy of every page but without hydration, so it costs the browser's half
//! nothing; what opens, opens natively. `?theme=dark` or `light` overrides the system's choice. Each module is a chapter
//! and hands over sections; to show a new part, add a [`section`] to the chapter where one would look for it.

use axum::http::request::Parts;
use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::components::Router;

use super::document::send_policy;
use domain::site::SiteInfo;

mod details;
mod layers;
mod lists;
mod sample;
mod states;
mod tokens;
mod words;

/// The gallery's own style sheet, beside the one of the product.
pub const DESIGN_CSS: &str = include_str!("gallery.css");

/// Its id, its heading, and what stands below.
type Chapter = (&'static str, &'static str, fn() -> AnyView);

const CHAPTERS: [Chapter; 6] = [
    ("tokens", "Tokens", tokens::chapter),
    ("words", "Words and controls", words::chapter),
    ("lists", "Lists", lists::chapter),
    ("layers", "What floats", layers::chapter),
    ("details", "Details", details::chapter),
    ("states", "Instead of content", states::chapter),
];

/// The document.
///
/// # Panics
/// If the server provides no [`SiteInfo`], like every page.
#[must_use]
pub fn design() -> impl IntoView {
    let SiteInfo { css, .. } = expect_context::<SiteInfo>();
    send_policy();
    provide_meta_context();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <title>"Design · Countersign"</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=css/>
                <link rel="stylesheet" href="/design.css"/>
                <MetaTags/>
            </head>
            <body>
                <Router>
                    <Gallery/>
                </Router>
            </body>
        </html>
    }
}

fn theme() -> Option<&'static str> {
    let request = use_context::<Parts>()?;
    let query = request.uri.query()?;
    ["light", "dark"].into_iter().find(|theme| query.split('&').any(|pair| pair == format!("theme={theme}")))
}

#[component]
fn Gallery() -> impl IntoView {
    let links = CHAPTERS.map(|(id, title, _)| {
        view! {
            <li>
                <a href=format!("#{id}") rel="external">
                    {title}
                </a>
            </li>
        }
    });
    let chapters = CHAPTERS.map(|(id, title, chapter)| {
        view! {
            <section class="gallery-chapter" id=id aria-labelledby=format!("{id}-title")>
                <h2 id=format!("{id}-title")>{title}</h2>
                {chapter()}
            </section>
        }
    });
    view! {
        <main class="gallery" id="content" tabindex="-1">
            <header class="gallery-head">
                <h1>"Design"</h1>
                <ul>
                    {links.collect_view()}
                    <li>
                        <a href="?theme=light" rel="external">"Light"</a>
                    </li>
                    <li>
                        <a href="?theme=dark" rel="external">"Dark"</a>
                    </li>
                </ul>
            </header>
            {chapters.collect_view()}
        </main>
    }
}

/// One part in its states.
fn section(title: &'static str, content: impl IntoView + 'static) -> AnyView {
    view! {
        <section class="gallery-part">
            <h3>{title}</h3>
            <div class="gallery-states">{content.into_any()}</div>
        </section>
    }
    .into_any()
}
