//! Saved views: lists with a name, of which one may be where a person begins.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::actions::location::{ListLocation, view_href};
use api::{DeleteView, SaveView, SetDefaultView};
use domain::SavedView;
use domain::settings::preference::MAX_NAME_LENGTH;
use kit::form::take;
use kit::handler::handler;
use kit::icon::Icon;
use kit::visible_text::VisibleText;

/// The requests that change the person's saved views.
#[derive(Clone, Copy)]
pub struct ViewChanges {
    /// Saves a view.
    pub save: ServerAction<SaveView>,
    /// Deletes a view.
    pub delete: ServerAction<DeleteView>,
    /// Makes a view the default.
    pub default: ServerAction<SetDefaultView>,
    /// The view that was deleted last.
    pub forgotten: StoredValue<Option<SavedView>>,
}

impl ViewChanges {
    /// No request is pending.
    #[expect(clippy::new_without_default, reason = "it makes signals, which belong to a page")]
    pub fn new() -> Self {
        Self {
            save: ServerAction::new(),
            delete: ServerAction::new(),
            default: ServerAction::new(),
            forgotten: StoredValue::new(None),
        }
    }

    /// A number that increases with each answer.
    pub fn version(self) -> usize {
        self.save.version().get() + self.delete.version().get() + self.default.version().get()
    }
}

/// The views, and the form that saves what the list shows now.
#[component]
pub fn ViewList(
    /// The list's location.
    location: Memo<ListLocation>,
    /// The person's views.
    views: Vec<SavedView>,
    /// The page's pending changes.
    changes: ViewChanges,
) -> impl IntoView {
    let save = changes.save;
    let back = move || location.read().href();
    let send = move |event: SubmitEvent| {
        let is_default = take(&event, "is_default") == "true";
        let name = take(&event, "name");
        let ListLocation { lane, .. } = location.get_untracked();
        save.dispatch(SaveView {
            name,
            lane,
            shows: location.read_untracked().shows(),
            is_default,
            back: None,
        });
    };
    let failed = move || {
        let error = save.value().get().and_then(Result::err);
        error.map(|error| view! { <p class="field-error" role="alert">{error.detail}</p> }.into_any())
    };
    let empty = views.is_empty().then(|| {
        view! { <p class="side-panel-note">"A saved view is a list with a name: its filters, order and columns."</p> }
    });
    let items = views.into_iter().map(|view| item(view, location, changes)).collect_view();
    view! {
        {empty}
        <ul class="view-list">{items}</ul>
        <form class="view-form" method="post" action=SaveView::PATH on:submit=handler(send)>
            <input type="hidden" name="lane" value=move || location.read().lane.as_str()/>
            <input type="hidden" name="shows" value=move || location.read().shows()/>
            <input type="hidden" name="back" value=move || back()/>
            <label class="field">
                <span class="field-label">"Save what the list shows now as"</span>
                <input name="name" required maxlength=MAX_NAME_LENGTH.to_string() autocomplete="off"/>
            </label>
            <label class="facet-value">
                <input type="checkbox" name="is_default" value="true"/>
                "Begin with it"
            </label>
            {move || failed()}
            <button class="button" type="submit">
                "Save view"
            </button>
        </form>
    }
    .into_any()
}

fn item(view: SavedView, location: Memo<ListLocation>, changes: ViewChanges) -> AnyView {
    let forgotten = view.clone();
    let SavedView { id, name, lane, shows, is_default } = view;
    let href = view_href(lane, &shows);
    let open = location.get_untracked();
    let current = open.lane == lane && open.shows() == shows;
    let back = location.get_untracked().href();
    let first = (!is_default).then_some(id);
    let (delete, default) = (changes.delete, changes.default);
    let star = if is_default { "star-full" } else { "star" };
    let begin = if is_default { "No longer begin with this view" } else { "Begin with this view" };
    let forget = format!("Delete the view {name}");
    let first_field = first.map(|id| view! { <input type="hidden" name="id" value=id.to_string()/> });
    view! {
        <li class="view-item">
            <a href=href aria-current=current.then_some("true") data-noscroll>
                <VisibleText text=name/>
            </a>
            <span class="meta">{lane.label()}</span>
            <form
                method="post"
                action=SetDefaultView::PATH
                on:submit=handler(move |event: SubmitEvent| {
                    event.prevent_default();
                    default.dispatch(SetDefaultView { id: first, back: None });
                })
            >
                {first_field}
                <input type="hidden" name="back" value=back.clone()/>
                <button class="icon-button" type="submit" title=begin aria-label=begin>
                    <Icon name=star/>
                </button>
            </form>
            <form
                method="post"
                action=DeleteView::PATH
                on:submit=handler(move |event: SubmitEvent| {
                    event.prevent_default();
                    changes.forgotten.set_value(Some(forgotten.clone()));
                    delete.dispatch(DeleteView { id, back: None });
                })
            >
                <input type="hidden" name="id" value=id.to_string()/>
                <input type="hidden" name="back" value=back/>
                <button class="icon-button" type="submit" title=forget.clone() aria-label=forget>
                    <Icon name="cross"/>
                </button>
            </form>
        </li>
    }
    .into_any()
}
