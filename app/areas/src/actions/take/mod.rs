//! Take action: a form made from the catalog, the preview of what it would do, and the one button.
//!
//! The address is the state: the type, every field, and whether a preview was asked for. Both forms work without wasm.

mod form;
mod preview;

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use self::form::{Fields, TypeChoice};
use self::preview::preview;
use crate::actions::location::{ListLocation, TAKE_PATH as PATH};
use api::{ApiError, Load, TakeAction, load_take_form};
use domain::actions::query::push_pair;
use domain::actions::take::{TakeForm, TakePreview};
use domain::{ActionType, EntityKind, Lane};
use kit::effect::effect;
use kit::failure::Failure;
use kit::form::take;
use kit::handler::handler;
use kit::notice::{Announcement, Notice};
use kit::skeleton::Skeleton;
use kit::url::with_query;

kit::page! {
    module: take_action,
    function: take_page / preload_take_page,
    paths: ["/action-center/take"],
    view: view! { <TakePage/> }.into_any(),
}

/// What the address says of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filled {
    /// The fields by their names.
    pub(super) pairs: Vec<(String, String)>,
    /// Whether a preview was asked for.
    pub(super) previewed: bool,
}

impl Filled {
    /// What a field holds.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The type that was chosen.
    pub(super) fn action_type(&self) -> Option<ActionType> {
        self.value("type")?.parse().ok()
    }

    /// The kind of entity that was chosen, or the first that the type takes.
    pub(super) fn kind(&self) -> Option<EntityKind> {
        let kinds = self.action_type()?.info().entities;
        let chosen = self.value("kind").and_then(|text| text.parse().ok());
        chosen.filter(|kind| kinds.contains(kind)).or_else(|| kinds.first().copied())
    }

    fn encoded(&self) -> String {
        let mut query = String::new();
        for (name, value) in &self.pairs {
            push_pair(&mut query, name, value);
        }
        query
    }
}

/// The page.
#[component]
fn TakePage() -> impl IntoView {
    let url = use_location();
    let filled = Memo::new(move |_| {
        let query = url.query.read();
        let pairs = (&*query).into_iter().filter(|(name, value)| {
            !value.is_empty() && !name.starts_with("__") && name.as_ref() != "preview"
        });
        let pairs = pairs.map(|(name, value)| (name.to_string(), value.to_owned())).collect();
        Filled { pairs, previewed: query.get("preview").is_some() }
    });
    let key = move || filled.with(|filled| (filled.encoded(), filled.previewed));
    let form: Load<Result<TakeForm, ApiError>> =
        Load::new(key, |(fields, previewed)| async move { load_take_form(fields, previewed).await });
    let send = ServerAction::<TakeAction>::new();
    let before = send.value().get_untracked().and_then(Result::err);
    let news = RwSignal::new(before.map(|error| Announcement::failed_before(error.code)));
    effect(move || {
        if send.version().get() > 0
            && let Some(Err(error)) = send.value().get_untracked()
        {
            news.set(Some(Announcement::failed(error.code, error.detail)));
        }
    });
    let content = move || {
        let answer = form.get()?;
        let filled = filled.get_untracked();
        Some(match answer {
            Ok(form) => shown(&form, &filled, send),
            Err(ApiError { code, .. }) => {
                view! { <Failure title="The form could not be loaded" code href=PATH retry=move |()| form.refetch()/> }
                    .into_any()
            }
        })
    };
    view! {
        <Title text="Take action · Action center · Countersign"/>
        <div class="take">
            <header class="take-head">
                <h1>"Take action"</h1>
                <p>
                    "What you take is carried out at once, in your name. It needs the permission that approving it would need. "
                    <a href=ListLocation::new(Lane::Pending).href()>"Back to the Action center"</a>
                </p>
            </header>
            <Notice news/>
            <TypeChoice filled/>
            <Transition fallback=Skeleton>
                <div class="slot">{move || content()}</div>
            </Transition>
        </div>
    }
}

fn shown(form: &TakeForm, filled: &Filled, send: ServerAction<TakeAction>) -> AnyView {
    let Some((action_type, kind)) = filled.action_type().zip(filled.kind()) else {
        return view! { <p class="take-hint">"Choose what to do: the form follows from it."</p> }.into_any();
    };
    let preview = form.preview.as_ref().map(|of| preview(of, confirm(filled, send, of)));
    view! {
        <Fields filled=filled.clone() action_type kind form=form.clone()/>
        {preview}
    }
    .into_any()
}

/// The one button, with all that stands in the form.
fn confirm(filled: &Filled, send: ServerAction<TakeAction>, of: &TakePreview) -> AnyView {
    let fields = filled.encoded();
    let is_final = filled.action_type().is_some_and(|of| matches!(of.info().undo, domain::Undo::Never(_)));
    let busy = send.pending();
    let on_submit = move |event| {
        let fields = take(&event, "fields");
        let break_glass = take(&event, "break_glass") == "true";
        send.dispatch(TakeAction { fields, break_glass });
    };
    let sure = is_final.then(|| {
        view! {
            <label class="check">
                <input type="checkbox" required/>
                "I know that this can't be undone"
            </label>
        }
    });
    let alone = of.protection.as_ref().map(|_| {
        view! {
            <label class="check">
                <input type="checkbox" name="break_glass" value="true"/>
                "Break-glass: at once, without somebody else. The reason above is reviewed later"
            </label>
        }
    });
    let label = if of.waits.is_some() { "Ask for a decision" } else { "Take action" };
    view! {
        <form method="post" action=TakeAction::PATH class="take-confirm" on:submit=handler(on_submit)>
            <input type="hidden" name="fields" value=fields/>
            {sure}
            {alone}
            <div class="submit-row">
                <button type="submit" class=if is_final { "button danger" } else { "button primary" } disabled=move || busy.get()>
                    {label}
                </button>
                <a class="button" href=with_query(PATH.to_owned(), &filled.encoded())>
                    "Change"
                </a>
            </div>
        </form>
    }
    .into_any()
}
