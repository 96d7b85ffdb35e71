//! What was done, said in passing at the lower edge of the page, with a way back where there is one.
//!
//! Only the browser says it. Nothing is said here that stands elsewhere on the page, and nothing that must be read.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::interval;
use crate::effect::effect;
use crate::focus::{focus, has_focus};
use crate::handler::handler;
use crate::icon::Icon;
use leptos::ev::MouseEvent;
use leptos::prelude::*;

/// Maximum number of toasts that are shown at a time.
const MAX_TOASTS: usize = 3;
/// Seconds for which a toast is shown. The time starts again while the pointer or the focus is on any toast.
const TOAST_SECONDS: u32 = 10;
const ONE_SECOND: Duration = Duration::from_secs(1);

/// The button or link of a toast.
#[derive(Clone)]
pub enum ToastAction {
    /// A button that reverts what was done.
    Undo(Arc<dyn Fn() + Send + Sync>),
    /// A link with its label and its URL.
    To(&'static str, String),
}

/// A short message about something that was done.
#[derive(Clone)]
pub struct Toast {
    topic: &'static str,
    text: String,
    action: Option<ToastAction>,
    /// Set while something runs: how much is done, of how much if that is known. The toast stays until another one of its
    /// topic replaces it.
    going: Option<(u64, Option<u64>)>,
    /// The number of toasts before it.
    number: u32,
}

impl Toast {
    /// A toast. A later one of the same topic replaces it, unless the topic is empty. Texts from outside are to be
    /// escaped by [`escape_controls`](domain::core::text::escape_controls).
    pub const fn new(topic: &'static str, text: String, action: Option<ToastAction>) -> Self {
        Self { topic, text, action, going: None, number: 0 }
    }

    /// The toast of something that runs: done, and in total if that is known.
    #[must_use]
    pub fn until(self, going: Option<(u64, Option<u64>)>) -> Self {
        Self { going, ..self }
    }
}

/// The toasts that are shown; provided through context.
#[derive(Clone, Copy)]
pub struct Toasts {
    slots: [RwSignal<Option<Toast>>; MAX_TOASTS],
    said: StoredValue<u32>,
}

impl Toasts {
    fn new() -> Self {
        Self { slots: [(); MAX_TOASTS].map(|()| RwSignal::new(None)), said: StoredValue::new(0) }
    }

    /// Provides the toasts in the context of all pages.
    pub fn provide() {
        provide_context(Self::new());
    }

    /// The toasts of the context; outside of the application, toasts that are never shown.
    pub fn current() -> Self {
        use_context().unwrap_or_else(Self::new)
    }

    /// Shows a toast.
    pub fn show(self, toast: Toast) {
        let number =
            self.said.try_update_value(|said| std::mem::replace(said, *said + 1)).unwrap_or_default();
        // Nothing makes room while it goes on.
        let number = if toast.going.is_some() { u32::MAX } else { number };
        let shown =
            self.slots.map(|slot| slot.read_untracked().as_ref().map(|toast| (toast.topic, toast.number)));
        self.slots[room(shown, toast.topic)].set(Some(Toast { number, ..toast }));
    }

    /// Whether a toast of this topic is shown.
    pub fn shows(self, topic: &str) -> bool {
        self.slots.iter().any(|slot| slot.read_untracked().as_ref().is_some_and(|toast| toast.topic == topic))
    }

    /// Removes the toasts whose undo belongs to the page that is being left.
    pub fn forget_undo(self) {
        for slot in self.slots {
            // Where all goes, they may be gone already.
            let undoes = slot
                .try_with_untracked(|toast| {
                    matches!(toast, Some(Toast { action: Some(ToastAction::Undo(_)), .. }))
                })
                .unwrap_or_default();
            if undoes {
                slot.set(None);
            }
        }
    }
}

/// The slot of the next toast: that of its topic, a free one, or that of the oldest toast.
fn room(shown: [Option<(&str, u32)>; MAX_TOASTS], topic: &str) -> usize {
    let same = |of: &Option<(&str, u32)>| of.is_some_and(|(known, _)| !topic.is_empty() && known == topic);
    // Nothing is older than anything.
    let oldest = || shown.iter().enumerate().min_by_key(|(_, of)| of.map(|(_, number)| number));
    shown.iter().position(same).or_else(|| oldest().map(|(at, _)| at)).unwrap_or_default()
}

/// A live region, rendered also while it is empty: screen readers announce what changes in it.
#[component]
pub fn ToastRegion() -> impl IntoView {
    let slots = Toasts::current().slots.map(|slot| {
        effect(move || {
            if slot.read().as_ref().is_none_or(|toast| toast.going.is_some()) {
                return;
            }
            let left = Cell::new(TOAST_SECONDS);
            interval(ONE_SECOND, move || {
                let held = document().query_selector(".toasts:is(:hover, :focus-within)");
                left.set(if matches!(held, Ok(Some(_))) { TOAST_SECONDS } else { left.get() - 1 });
                if left.get() == 0 {
                    slot.set(None);
                }
            });
        });
        move || slot.get().map(|toast| item(toast, slot))
    });
    view! {
        <div class="toasts" role="status" aria-atomic="false">
            {slots.into_iter().collect_view()}
        </div>
    }
    .into_any()
}

/// The view of a toast in its slot.
pub fn item(toast: Toast, slot: RwSignal<Option<Toast>>) -> AnyView {
    let Toast { text, action, going, .. } = toast;
    let leave = move || {
        // What had the focus is gone; the keyboard goes on in the page.
        if has_focus(".toasts") {
            focus("#content");
        }
        slot.set(None);
    };
    let action = action.map(|action| match action {
        ToastAction::Undo(undo) => {
            let take_back = move |_| {
                leave();
                undo();
            };
            view! { <button class="button quiet" type="button" on:click=handler(take_back)>"Undo"</button> }.into_any()
        }
        ToastAction::To(word, href) => {
            view! { <a class="button quiet" href=href data-noscroll on:click=handler(move |_: MouseEvent| leave())>{word}</a> }
                .into_any()
        }
    });
    // A number that changes twice a second is not for every ear.
    let live = going.is_some().then_some("off");
    let bar = going.and_then(|(done, total)| {
        Some(view! { <progress class="toast-bar" max=total?.to_string() value=done.to_string() aria-hidden="true"></progress> })
    });
    view! {
        <div class="toast">
            <p class="toast-text" aria-live=live>
                {text}
            </p>
            {bar}
            {action}
            <button class="icon-button" type="button" title="Dismiss" aria-label="Dismiss" on:click=handler(move |_: MouseEvent| leave())>
                <Icon name="cross"/>
            </button>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn a_topic_is_said_once_and_the_oldest_makes_room() {
        let cases = [
            ([None, None, None], "", 0),
            ([Some(("", 0)), None, None], "", 1),
            ([None, Some(("export", 1)), None], "export", 1),
            ([None, Some(("export", 1)), None], "columns", 0),
            ([Some(("", 4)), Some(("", 2)), Some(("", 3))], "", 1),
            ([Some(("", 4)), Some(("columns", 2)), Some(("filters", 3))], "filters", 2),
            ([Some(("export", u32::MAX)), Some(("", 2)), Some(("", 1))], "", 2),
        ];
        for (shown, topic, want) in cases {
            assert_eq!(room(shown, topic), want, "{shown:?} {topic}");
        }
    }
}
