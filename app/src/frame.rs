//! The frame around the signed-in pages: navigation pane, demo banner, account.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::navigation::Navigation;
use areas::access::account::Account;
use areas::access::session_over::SessionOver;
use areas::live::connection_state::ConnectionState;
use areas::live::outage::{Outage, OutageBanner};
use areas::page::demo_banner::DemoBanner;
use areas::page::pause_banner::PauseBanner;
use areas::page::stop_banner::StopBanner;
use areas::settings::pane::Pane;
use areas::settings::pane_switch::PaneSwitch;
use kit::effect::{after_paint, effect};
use kit::focus::focus;
use kit::handler::handler;
use kit::icon::Icon;
use kit::theme;
use kit::toasts::ToastRegion;

/// The path of the home page.
const HOME: &str = "/";

/// Whether the frame stands around the pages of this document: settled once, by its first address.
#[derive(Clone, Copy)]
pub(super) struct Framed(bool);

impl Framed {
    /// That of the document.
    pub(super) fn current() -> bool {
        use_context::<Self>().is_some_and(|framed| framed.0)
    }
}

/// Stays while the pages in it come and go; a page for everybody has none.
#[component]
pub(super) fn Frame(
    /// Whether another page is on its way.
    going: RwSignal<bool>,
    children: Children,
) -> impl IntoView {
    let path = use_location().pathname.get_untracked();
    let framed = areas::pages().any(|page| page.framed && page.matches(&path).is_some());
    provide_context(Framed(framed));
    if framed { around(going, children) } else { children() }
}

fn around(going: RwSignal<bool>, children: Children) -> AnyView {
    let pane = Pane::current();
    let title = arrival(going);
    let since = Outage::current().since;
    view! {
        <div class="frame" class:collapsed=move || pane.is_collapsed() class:disconnected=move || since.read().is_some()>
            <a class="skip" href="#content" rel="external">
                "Skip to content"
            </a>
            <header class="pane">
                <a class="brand" href=HOME title="Countersign">
                    <Icon name="brand"/>
                    <span class="pane-word">"Countersign"</span>
                </a>
                <Navigation/>
                <div class="pane-foot">
                    <ConnectionState/>
                    <PaneSwitch/>
                    <button
                        class="pane-link needs-wasm"
                        type="button"
                        title="Switch between light and dark"
                        on:click=handler(|_: MouseEvent| theme::switch())
                    >
                        <Icon name="theme"/>
                        <span class="pane-word">"Light or dark"</span>
                    </button>
                    <Account/>
                </div>
            </header>
            <main class="main" id="content" tabindex="-1">
                <DemoBanner/>
                <PauseBanner/>
                <StopBanner/>
                <OutageBanner/>
                {children()}
            </main>
            <ToastRegion/>
            <SessionOver/>
            <p class="visually-hidden" role="status">
                {move || title.get()}
            </p>
        </div>
    }
    .into_any()
}

/// The keyboard begins anew in each page, and its title is said, as when a page loads: the title of the page to which
/// somebody went last. What only changes what a page shows is no arrival: its focus is the page's own business.
fn arrival(going: RwSignal<bool>) -> RwSignal<String> {
    let title = RwSignal::new(String::new());
    let path = use_location().pathname;
    let current = move || {
        let path = path.get_untracked();
        areas::pages().position(|page| page.matches(&path).is_some())
    };
    let shown = StoredValue::new(current());
    effect(move || {
        if going.get() {
            return;
        }
        let before = shown.get_value();
        shown.set_value(current());
        if before != shown.get_value() {
            after_paint(move || {
                focus("#content");
                title.set(document().title());
            });
        }
    });
    title
}
