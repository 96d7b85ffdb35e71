//! The frame around the signed-in pages: navigation pane, demo banner, account.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::account::Account;
use super::demo_banner::DemoBanner;
use super::icon::Icon;
use super::lane_count::LaneCount;
use super::link_state::LinkState;
use super::pane_switch::PaneSwitch;
use super::toasts::ToastRegion;
use crate::ui::handler::handler;
use crate::ui::pane::Pane;
use crate::ui::theme;
use domain::Lane;

/// The path of the home page.
const HOME: &str = "/";

/// The navigation lists the pages that exist. To add one, add its link here.
#[component]
pub(in crate::ui) fn Frame(children: Children) -> impl IntoView {
    let (path, pane) = (use_location().pathname, Pane::current());
    let is_home = move || path.read().as_str() == HOME;
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
                <nav class="pane-nav" aria-label="Main">
                    <a class="pane-link" href=HOME aria-current=move || is_home().then_some("page") title="Home">
                        <Icon name="home"/>
                        <span class="pane-word">"Home"</span>
                    </a>
                    <p class="pane-section">"Actions & submissions"</p>
                    <a
                        class="pane-link"
                        href="/action-center"
                        aria-current=move || (!is_home()).then_some("true")
                        title="Action center"
                    >
                        <Icon name="shield"/>
                        <span class="pane-word">"Action center"</span>
                        <LaneCount lane=Lane::Pending/>
                    </a>
                </nav>
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
