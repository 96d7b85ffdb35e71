//! The screens.

use leptos::prelude::*;

/// The document that the server renders around every page.
#[must_use]
pub fn shell() -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head></head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The application.
#[component]
pub fn App() -> impl IntoView {
    view! { <p>"Countersign"</p> }
}
