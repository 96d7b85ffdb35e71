//! The command palette: every place of the application by the first letters of its name.

use leptos::ev::{Event, FocusEvent, KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{HtmlDialogElement, HtmlElement};

use crate::actions::chips::cleared;
use crate::actions::location::{ListLocation, Panel};
use domain::Lane;
use domain::actions::query::Period;
use kit::dialog::Dialog;
use kit::handler::handler;
use kit::theme;
use kit::toasts::Toasts;

/// The commands, each with its URL.
fn commands(location: &ListLocation) -> Vec<(String, String)> {
    let mut commands = vec![("Home".to_owned(), "/".to_owned())];
    commands.extend(
        Lane::ALL.iter().map(|lane| (format!("Go to {}", lane.label()), ListLocation::new(*lane).href())),
    );
    let panels = [
        ("Open the filters", Panel::Filters),
        ("Customize columns", Panel::Columns),
        ("Open saved views", Panel::Views),
    ];
    commands.extend(panels.map(|(name, panel)| (name.to_owned(), location.with_panel(Some(panel)).href())));
    commands.push(("Clear all filters".to_owned(), location.unfiltered().href()));
    if location.lane == Lane::Pending {
        commands.push(("Group similar".to_owned(), location.with_panel(Some(Panel::Similar)).href()));
    }
    if location.lane == Lane::History {
        commands.extend(Period::ALL.iter().map(|period| {
            let href =
                location.with("from", None).with("to", None).with("period", Some(period.as_str())).href();
            (format!("Show the {}", period.label().to_ascii_lowercase()), href)
        }));
    }
    commands
}

/// The dialog `palette`.
#[component]
pub fn Palette(
    /// The list's location.
    location: Memo<ListLocation>,
) -> impl IntoView {
    let toasts = Toasts::current();
    let typed = RwSignal::new(String::new());
    // Its links would be made anew for each place: not for who never opens it.
    let wanted = RwSignal::new(false);
    let found = move || {
        let typed = typed.read().to_ascii_lowercase();
        let matches =
            |name: &str| typed.split_whitespace().all(|word| name.to_ascii_lowercase().contains(word));
        let links = commands(&location.read())
            .into_iter()
            .filter(|(name, _)| matches(name))
            .map(|(name, href)| {
                view! { <li><a class="menu-item" href=href data-noscroll>{name}</a></li> }.into_any()
            })
            .collect_view();
        let theme = matches("Switch light and dark").then(|| {
            view! {
                <li>
                    <button type="button" class="menu-item" on:click=handler(|_: MouseEvent| theme::switch())>
                        "Switch light and dark"
                    </button>
                </li>
            }
        });
        view! { {links} {theme} }.into_any()
    };
    // Whatever was chosen, the palette has done its work.
    let chosen = move |event: MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        if let Some(Ok(Some(chosen))) = target.map(|target| target.closest("a, button")) {
            let location = location.read_untracked();
            let clears = location.filters().next().is_some()
                && chosen.get_attribute("href").is_some_and(|href| href == location.unfiltered().href());
            if clears {
                toasts.show(cleared(&location));
            }
            typed.set(String::new());
            dialog().iter().for_each(HtmlDialogElement::close);
        }
    };
    let first = move |event: KeyboardEvent| {
        let down = event.key() == "ArrowDown";
        if event.key() == "Enter" || down {
            event.prevent_default();
            let first = document().query_selector("#palette .menu-item").ok().flatten();
            let first = first.and_then(|first| first.dyn_into::<HtmlElement>().ok());
            match first {
                Some(first) if down => drop(first.focus()),
                Some(first) => first.click(),
                None => {}
            }
        }
    };
    view! {
        <Dialog id="palette" title="Go to">
            <div class="dialog-body">
                <label class="field">
                    <span class="visually-hidden">"Command"</span>
                    <input
                        type="text"
                        autofocus=true
                        autocomplete="off"
                        placeholder="Type a few letters"
                        prop:value=typed
                        on:focus=handler(move |_: FocusEvent| wanted.set(true))
                        on:input=handler(move |event: Event| typed.set(event_target_value(&event)))
                        on:keydown=handler(first)
                    />
                </label>
                <ul class="palette-list" on:click=handler(chosen)>
                    {move || wanted.get().then(|| found())}
                </ul>
            </div>
        </Dialog>
    }
    .into_any()
}

fn dialog() -> Option<HtmlDialogElement> {
    document().get_element_by_id("palette")?.dyn_into().ok()
}
