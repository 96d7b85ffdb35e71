//! Why a selection did not become a plan, on the page of the list: in words of its own, as little of the usual ones fits.

use leptos::prelude::*;

use api::{ApiError, PlanBulk};
use domain::ErrorCode;
use kit::icon::Icon;

/// Nothing while all is well. It also knows what a form without wasm left in the URL, of which only the code counts.
#[component]
pub(crate) fn BulkNotice(
    /// The request for a preview.
    plan: ServerAction<PlanBulk>,
) -> impl IntoView {
    let text = move || match plan.value().get() {
        Some(Err(error)) if plan.version().get() > 0 => Some(spoken(error)),
        Some(Err(error)) => Some(sentence(error.code).to_owned()),
        _ => None::<String>,
    };
    view! {
        <div role="alert">
            {move || {
                text()
                    .map(|text| {
                        view! {
                            <p class="notice-text bad">
                                <Icon name="triangle"/>
                                <span>{text}</span>
                            </p>
                        }
                        .into_any()
                    })
            }}
        </div>
    }
    .into_any()
}

/// The text for a failed answer.
fn spoken(error: ApiError) -> String {
    if error.code == ErrorCode::Invalid {
        format!("Nothing was changed: {}.", error.detail)
    } else {
        sentence(error.code).to_owned()
    }
}

/// The sentence for a code.
const fn sentence(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::Invalid => {
            "Nothing was changed: choose at least one action, and at most 10\u{2009}000. A filter, a time period or a \
             search narrows the list."
        }
        ErrorCode::Forbidden => "Nothing was changed: you may not decide on actions.",
        other => other.label(),
    }
}
