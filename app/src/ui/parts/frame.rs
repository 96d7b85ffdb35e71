//! The frame around the signed-in pages: navigation pane, demo banner, account.

use leptos::prelude::*;

use super::account::Account;
use super::demo_banner::DemoBanner;
use super::icon::Icon;
use super::lane_count::LaneCount;
use super::link_state::LinkState;
use crate::domain::Lane;
use crate::ui::place::Place;
use crate::ui::theme;

/// The navigation lists the pages that exist. To add one, add its link here.
#[component]
pub(in crate::ui) fn Frame<V: IntoView + 'static>(children: TypedChildren<V>) -> impl IntoView {
    let children = children.into_inner();
    view! {
        <div class="frame">
            <a class="skip" href="#content" rel="external">
                "Skip to content"
            </a>
            <header class="pane">
                <a class="brand" href=Place::of(Lane::Pending).href() title="Countersign">
                    <Icon name="brand"/>
                    <span class="pane-word">"Countersign"</span>
                </a>
                <nav class="pane-nav" aria-label="Main">
                    <p class="pane-section">"Actions & submissions"</p>
                    <a class="pane-link" href=Place::of(Lane::Pending).href() aria-current="true" title="Action center">
                        <Icon name="shield"/>
                        <span class="pane-word">"Action center"</span>
                        <LaneCount lane=Lane::Pending/>
                    </a>
                </nav>
                <div class="pane-foot">
                    <LinkState/>
                    <button
                        class="pane-link needs-wasm"
                        type="button"
                        title="Switch between light and dark"
                        on:click=|_| theme::switch()
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
        </div>
    }
}
