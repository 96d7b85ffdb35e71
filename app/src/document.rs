//! The document around every page. Server only: here the policy, the nonce and the asset paths come together.

use axum::http::{HeaderName, HeaderValue, header::CONTENT_SECURITY_POLICY};
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;

use super::application::App;
use domain::settings::contract::PageSettings;
use domain::settings::preference::ColorScheme;
use domain::site::{BundlePaths, SiteInfo};

/// The document that the server renders around every page; sets the page's Content-Security-Policy.
///
/// # Panics
/// If the server provides no [`SiteInfo`]: a fault of its set-up that the first request shows.
#[must_use]
pub fn shell() -> impl IntoView {
    let SiteInfo { app: BundlePaths { js, wasm, splits }, css, .. } = expect_context::<SiteInfo>();
    let request = use_context::<axum::http::request::Parts>();
    let settings = request.as_ref().and_then(|request| request.extensions.get::<PageSettings>());
    let scheme = settings.map(|settings| settings.color_scheme).unwrap_or_default();
    let theme = (scheme != ColorScheme::System).then(|| scheme.as_str());
    let needed =
        request.map(|request| areas::needed(request.uri.path(), request.uri.query().unwrap_or_default()));
    let files: Vec<_> = needed
        .unwrap_or_default()
        .into_iter()
        .filter_map(|piece| splits.get(piece.module))
        .flatten()
        .collect();
    send_policy();
    let mut later: Vec<_> = splits.values().flatten().filter(|file| !files.contains(file)).collect();
    later.sort();
    let start = start_script(&js, &wasm, &files, &later);
    let parts = files
        .into_iter()
        .map(|file| {
            view! {
                <link
                    rel="preload"
                    href=format!("/pkg/{file}.wasm")
                    r#as="fetch"
                    r#type="application/wasm"
                    crossorigin="anonymous"
                />
            }
        })
        .collect_view();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-scheme=scheme.as_str() data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link
                    rel="preload"
                    href="/fonts/inter-latin.woff2"
                    r#as="font"
                    r#type="font/woff2"
                    crossorigin="anonymous"
                />
                <link rel="stylesheet" href=css/>
                <link rel="modulepreload" href=js/>
                <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
                {parts}
                <MetaTags/>
                <script type="module" nonce=use_nonce()>
                    {start}
                </script>
            </head>
            <body>
                <App/>
                // After the application: hydration starts at the first child and never looks further.
                <div id="stopped" class="stopped" role="alert" hidden>
                    <p>"The page stopped working. What was acknowledged before is safe."</p>
                    <a href="" rel="external">
                        "Reload"
                    </a>
                </div>
            </body>
        </html>
    }
}

/// Loads the wasm and hydrates. The paths are quoted as Rust strings, which JavaScript reads the same for what a path
/// may hold.
fn start_script(js: &str, wasm: &str, parts: &[&String], later: &[&String]) -> String {
    let names = |parts: &[&String]| parts.iter().map(|part| format!("{part}.wasm")).collect::<Vec<_>>();
    let (parts, later) = (names(parts), names(later));
    format!(
        "import start, {{ hydrate, expect }} from {js:?};\nexpect({parts:?});\n\
         await start({{ module_or_path: {wasm:?} }});\nhydrate();\n\
         (self.requestIdleCallback ?? setTimeout)(() => expect({later:?}));"
    )
}

/// Where browsers report what the policy kept them from (`server/web/src/csp.rs`).
const CSP_REPORTS: &str = "/csp-reports";

/// The one policy, the same in demo, tests and production. A header, since a `<meta>` can't forbid framing.
pub(super) fn send_policy() {
    let Some(response) = use_context::<ResponseOptions>() else { return };
    let nonce = use_nonce().map(|nonce| format!(" 'nonce-{nonce}'")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'{nonce} 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
         img-src 'self' data:; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
         object-src 'none'; frame-ancestors 'none'; report-uri {CSP_REPORTS}; report-to csp"
    );
    if let Ok(endpoints) = HeaderValue::from_str(&format!("csp=\"{CSP_REPORTS}\"")) {
        response.insert_header(HeaderName::from_static("reporting-endpoints"), endpoints);
    }
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(CONTENT_SECURITY_POLICY, policy);
    }
}
