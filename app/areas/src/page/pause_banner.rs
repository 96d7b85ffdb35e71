//! Says to administrators on every page that nothing is handed to executors, why, and lets them go on.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::page::PageContext;

/// The banner of a pause of dispatch; nothing while there is none.
#[component]
pub fn PauseBanner() -> impl IntoView {
    let pause = use_context::<PageContext>().and_then(|around| around.pause);
    let path = use_location().pathname;
    pause.map(|pause| {
        view! {
            <form class="pause-banner" role="alert" method="post" action="/api/resume_dispatch">
                <input type="hidden" name="back" value=move || path.get()/>
                <p>
                    <strong>"Nothing is handed to executors. "</strong>
                    {pause.reason}
                    " Going on would send "
                    <strong>{pause.open}</strong>
                    " commands, which are listed under "
                    <a href="/action-center/in-progress">"In progress"</a>
                    "; what was done since then may be done once more or taken back."
                </p>
                <button class="button danger" type="submit">
                    "Go on and send them"
                </button>
            </form>
        }
    })
}
