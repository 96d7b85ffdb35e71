//! Says where decisions are made that no rule decides now, since when and why.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use domain::automation::Stop;
use kit::time::full;
use kit::visible_text::VisibleText;

/// Pages on which it is said.
const PAGES: [&str; 3] = ["/action-center/pending", "/investigations", "/incidents"];

/// Why no rule decides, as far as this document knows.
#[derive(Clone, Copy)]
pub struct StopNotice(pub RwSignal<Option<Stop>>);

/// The banner; nothing while rules decide, and on other pages.
#[component]
pub fn StopBanner() -> impl IntoView {
    let path = use_location().pathname;
    let notice = use_context::<StopNotice>();
    move || {
        let stop = notice?.0.get()?;
        let shown = path.with(|path| PAGES.iter().any(|page| path.starts_with(page)));
        shown.then(|| {
            let reason = stop.reason.map(|reason| view! { ": " <VisibleText text=reason/> });
            view! {
                <div class="pause-banner" role="status">
                    <p>
                        <strong>"All automation is stopped. "</strong>
                        "By " <VisibleText text=stop.by/> " since " {full(stop.since)} {reason}
                        ". What a rule would approve waits here for a person."
                    </p>
                </div>
            }
            .into_any()
        })
    }
}
