//! What became of the last thing that the person did, announced and shown above the details.

use leptos::prelude::*;

use crate::icon::Icon;
use crate::time::localize;
use crate::visible_text::VisibleText;
use domain::ErrorCode;

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announcement {
    /// A command succeeded.
    Done(String),
    /// It is not known yet what became of a command.
    Checking(String),
    /// Somebody else changed what is shown.
    RemoteChange(String),
    /// A command failed.
    Failed {
        /// The code of the error.
        code: ErrorCode,
        /// Why the request was refused; never from a URL.
        detail: Option<String>,
    },
}

impl Announcement {
    /// The failure of an answer that this page received.
    #[must_use]
    pub fn failed(code: ErrorCode, detail: String) -> Self {
        // Where the code says it all, its sentence alone is calmer.
        let explains = matches!(
            code,
            ErrorCode::Forbidden | ErrorCode::Invalid | ErrorCode::Conflict | ErrorCode::NoExecutor
        );
        Self::Failed { code, detail: explains.then_some(detail) }
    }

    /// The failure in the URL to which a form without wasm came back: anybody can write one, so only the code counts.
    pub const fn failed_before(code: ErrorCode) -> Self {
        Self::Failed { code, detail: None }
    }
}

/// A live region, rendered also while it is empty: screen readers announce what changes in it.
#[component]
pub fn Notice(
    /// The announcement, if there is one.
    news: RwSignal<Option<Announcement>>,
) -> impl IntoView {
    let said = move || {
        let (class, icon, text) = match news.get()? {
            Announcement::Done(text) => ("notice-text good", "check", text),
            Announcement::Checking(text) => ("notice-text heard-text", "clock", text),
            Announcement::RemoteChange(text) => ("notice-text heard-text", "info", text),
            Announcement::Failed { code, detail } => {
                let detail = detail.map(|detail| format!(" {}", sentence(&detail))).unwrap_or_default();
                ("notice-text bad", "triangle", format!("{}{detail}", code.label()))
            }
        };
        let said = view! {
            <p class=class>
                <Icon name=icon/>
                <span><VisibleText text=localize(&text)/></span>
            </p>
        };
        Some(said.into_any())
    };
    view! {
        <div class="notice" role="status" aria-live="polite">
            {move || said()}
        </div>
    }
}

fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if detail.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}
