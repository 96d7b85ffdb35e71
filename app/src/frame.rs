//! The frame around the signed-in pages: navigation pane, demo banner, account.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::navigation::Navigation;
use areas::access::account::Account;
use areas::live::link_state::LinkState;
use areas::page::demo_banner::DemoBanner;
use areas::settings::pane::Pane;
use areas::settings::pane_switch::PaneSwitch;
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
pub(super) fn Frame(children: Children) -> impl IntoView {
    let path = use_location().pathname.get_untracked();
    let framed = areas::pages().any(|page| page.framed && page.matches(&path).is_some());
    provide_context(Framed(framed));
    if framed { around(children) } else { children() }
}

fn around(children: Children) -> AnyView {
    let pane = Pane::current();
    view! {
        <div class="frame" class:collapsed=move || pane.is_collapsed()>
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
                    <LinkState/>
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
                {children()}
            </main>
            <ToastRegion/>
        </div>
    }
    .into_any()
}
