//! The frame of a page of settings: links to the others, a heading, what became of the last form, and what is loaded.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::page::PageContext;
use crate::settings::step_up_dialog::step_up_dialog;
use api::{ApiError, Load, load_what_can};
use domain::{ErrorCode, Permission};
use kit::failure::Failure;
use kit::notice::{Announcement, Notice};
use kit::skeleton::Skeleton;
use kit::tabs::{Tab, Tabs};

/// A page of settings with its address; those of administrators are shown to these alone.
const SHEETS: [(&str, &str, bool); 12] = [
    ("My account", "/settings", false),
    ("People", "/settings/people", true),
    ("Roles", "/settings/roles", true),
    ("Device groups", "/settings/device-groups", true),
    ("Automation", "/settings/automation", true),
    ("Policies", "/settings/policies", false),
    ("Time to decide", "/settings/decision-times", true),
    ("Sign-in", "/settings/sign-in", true),
    ("API tokens", "/settings/tokens", true),
    ("Sessions", "/settings/sessions", true),
    ("Second factors", "/settings/second-factors", true),
    ("Who can decide", "/settings/deciders", true),
];

/// What a page of settings shares: what became of the last form, and what loads again after one.
#[derive(Clone, Copy)]
pub(super) struct Sheet {
    /// What became of the last form.
    pub(super) news: RwSignal<Option<Announcement>>,
    /// Grows with each form that was sent; what is loaded depends on it.
    pub(super) sent: RwSignal<u32>,
    /// Grows each time that a form asked for a second factor.
    pub(super) step_up: RwSignal<u32>,
}

impl Sheet {
    /// A page, with the failure to which a form without scripts came back.
    pub(super) fn new() -> Self {
        let query = use_location().query;
        let failed = query.with_untracked(|query| query.get("__err")).map(|_| {
            // Anybody can write an address: it says that a form failed, and nothing else.
            Announcement::failed_before(ErrorCode::Invalid)
        });
        Self { news: RwSignal::new(failed), sent: RwSignal::new(0), step_up: RwSignal::new(0) }
    }

    /// Loads something, again after each form.
    pub(super) fn load<T, F>(self, fetch: impl Fn() -> F + Send + Sync + 'static) -> Load<Result<T, ApiError>>
    where
        T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
        F: Future<Output = Result<T, ApiError>> + Send + 'static,
    {
        Load::new(move || self.sent.get(), move |_| fetch())
    }

    /// The page around what it shows.
    pub(super) fn page(self, title: &'static str, lead: &'static str, body: AnyView) -> AnyView {
        let administers =
            use_context::<PageContext>().and_then(|context| context.who).is_some_and(|who| who.administers);
        let path = use_location().pathname;
        let tabs = SHEETS
            .into_iter()
            .filter(|(_, _, administration)| administers || !administration)
            .map(|(label, href, _)| Tab {
                label,
                href: Signal::stored(href.to_owned()),
                current: Signal::derive(move || {
                    let path = path.read();
                    let below = path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/'));
                    *path == href || (below && href != "/settings")
                }),
                more: ().into_any(),
            })
            .collect();
        view! {
            <Title text=format!("{title} · Settings · Countersign")/>
            <div class="settings">
                <header class="page-head">
                    <h1>{title}</h1>
                    <p class="settings-lead">{lead}</p>
                </header>
                <Tabs label="Settings" tabs/>
                <div class="settings-body">
                    <Notice news=self.news/>
                    {body}
                </div>
                {self.asks()}
            </div>
        }
        .into_any()
    }
}

impl Sheet {
    /// The dialog that asks for a second factor, once a form needed one.
    pub(super) fn asks(self) -> AnyView {
        let asked = Memo::new(move |_| self.step_up.get() > 0);
        let dialog =
            move || asked.get().then(|| kit::lazy::part(step_up_dialog(self.step_up), || ().into_any()));
        view! { {move || dialog()} }.into_any()
    }
}

/// What is loaded, once it is there; or why it is not, and who could help.
pub(super) fn loaded<T: Clone + Send + Sync + 'static>(
    load: Load<Result<T, ApiError>>,
    show: impl Fn(Arc<Result<T, ApiError>>, &T) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let content = move || {
        load.read().map(|answer| match &*answer {
            Ok(value) => show(Arc::clone(&answer), value),
            Err(error) if error.code == ErrorCode::Forbidden => refused(error),
            Err(error) => {
                let href = Signal::stored(use_location().pathname.get_untracked());
                let retry = move |()| load.refetch();
                view! { <Failure title="This could not be loaded" code=error.code href retry/> }.into_any()
            }
        })
    };
    view! {
        <Transition fallback=Skeleton>
            <div class="slot">{move || content()}</div>
        </Transition>
    }
    .into_any()
}

/// For who may not: why, and who could help.
fn refused(error: &ApiError) -> AnyView {
    let detail = error.detail.clone();
    let own = Load::new(|| (), |()| load_what_can(None));
    let helpers = move || {
        let answer = own.read()?;
        let answer = (*answer).as_ref().ok()?;
        let of = answer.permissions.iter().find(|of| of.permission == Permission::Administer)?;
        let names = of.holders.join(", ");
        let text =
            if names.is_empty() { "Nobody here can.".to_owned() } else { format!("{names} can help.") };
        Some(view! { <p>{text}</p> }.into_any())
    };
    view! {
        <section class="settings-part refused">
            <h2>"This page is for administrators"</h2>
            <p>{detail}</p>
            <Suspense>{move || helpers()}</Suspense>
        </section>
    }
    .into_any()
}

/// A titled part of a page.
pub(super) fn part(title: &'static str, note: Option<&'static str>, body: AnyView) -> AnyView {
    view! {
        <section class="settings-part">
            <h2>{title}</h2>
            {note.map(|note| view! { <p class="settings-note">{note}</p> })}
            {body}
        </section>
    }
    .into_any()
}

/// A table with its headings; where there are no rows, a sentence in its place.
pub(super) fn table(
    label: &'static str,
    headings: &'static [&'static str],
    rows: Vec<Vec<AnyView>>,
    none: &'static str,
) -> AnyView {
    if rows.is_empty() {
        return view! { <p class="settings-note">{none}</p> }.into_any();
    }
    let rows: Vec<_> = rows
        .into_iter()
        .map(|cells| {
            let cells: Vec<_> = cells
                .into_iter()
                .zip(headings)
                .map(|(cell, heading)| view! { <td data-label=*heading>{cell}</td> }.into_any())
                .collect();
            view! { <tr>{cells}</tr> }.into_any()
        })
        .collect();
    let headings: Vec<_> =
        headings.iter().map(|heading| view! { <th scope="col">{*heading}</th> }.into_any()).collect();
    view! {
        <div class="settings-table" role="region" aria-label=label tabindex="0">
            <table>
                <thead>
                    <tr>{headings}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
