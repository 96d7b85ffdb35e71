//! The panels beside the list of the Action center: what they load, and which part shows it.
//!
//! To add one, add it to `Panel`, to [`Loads`] what it shows, and to [`side_panel`] its part.

pub mod column_panel;
pub mod filter_panel;
mod similar_panel;
pub mod view_panel;

use leptos::prelude::*;

use crate::actions::location::{ListLocation, Panel};
use crate::actions::panels::column_panel::ColumnForm;
use crate::actions::panels::column_panel::Saving;
use crate::actions::panels::filter_panel::FilterForm;
use crate::actions::panels::similar_panel::BucketList;
use crate::actions::panels::view_panel::ViewChanges;
use crate::actions::panels::view_panel::ViewList;
use api::{ApiError, Load};
use domain::actions::query::Counts;
use domain::actions::similar::Buckets;
use domain::core::text::pluralize;
use domain::core::time::Timestamp;
use domain::{Lane, Preferences, SavedView};
use kit::clock::ticking;
use kit::derived::{Derived, derived};
use kit::panel::SidePanel;
use kit::skeleton::Skeleton;

/// The person's preferences.
pub type Settings = Load<Result<Preferences, ApiError>>;
/// The counts of the list by facet; `None` if they are not needed.
pub type Counting = Load<Option<(Lane, Result<Counts, ApiError>)>>;
/// The person's saved views; `None` if they are not needed.
pub type Views = Load<Option<Result<Vec<SavedView>, ApiError>>>;
/// The groups of similar actions; `None` if they are not needed.
pub type Grouping = Load<Option<Result<Buckets, ApiError>>>;

kit::part! {
    module: panels,
    function: panel / preload_panel,
    as: PANELS,
    view: |
        panel: Panel,
        location: Memo<ListLocation>,
        loads: PanelData,
        saving: Saving,
        changes: ViewChanges,
    | side_panel(panel, location, loads, saving, changes),
}

/// The data of all panels.
#[derive(Clone, Copy)]
pub struct PanelData {
    preferences: Derived<Option<Preferences>>,
    /// Whether the preferences are loaded.
    known: Derived<bool>,
    views: Views,
    /// The tab.
    pub lane: Memo<Lane>,
    counted: Derived<Option<Counts>>,
    /// Whether it could be counted, and for which tab. Once for a tab: afterwards only numbers change.
    counted_well: Derived<Option<(Lane, bool)>>,
    /// A later answer that says the same leaves the links, and the focus on one of them, alone.
    found: Derived<Option<Result<Buckets, ApiError>>>,
    /// The current time for the ages in the groups.
    now: Derived<Timestamp>,
}

impl PanelData {
    /// Belongs to the page, so that it outlives each panel: what loads may come when its panel is gone.
    pub fn new(
        location: Memo<ListLocation>,
        counting: Counting,
        settings: Settings,
        views: Views,
        grouping: Grouping,
    ) -> Self {
        let rendered_at = derived(move || {
            let answer = grouping.read();
            let buckets = answer.as_deref().and_then(|answer| answer.as_ref()?.as_ref().ok());
            buckets.map_or(Timestamp::UNIX_EPOCH, |buckets| buckets.rendered_at)
        });
        let timeless = |buckets| Buckets { rendered_at: Timestamp::UNIX_EPOCH, ..buckets };
        Self {
            preferences: derived(move || settings.get().and_then(Result::ok)),
            known: derived(move || settings.read().is_some()),
            views,
            lane: Memo::new(move |_| location.read().lane),
            counted: derived(move || {
                counting.read().as_deref().and_then(|answer| answer.as_ref()?.1.as_ref().ok().cloned())
            }),
            counted_well: derived(move || {
                let answer = counting.read();
                answer
                    .as_deref()
                    .and_then(|answer| answer.as_ref().map(|(lane, answer)| (*lane, answer.is_ok())))
            }),
            found: derived(move || grouping.get().flatten().map(|answer| answer.map(timeless))),
            now: ticking(rendered_at),
        }
    }
}

/// A link below the panel, on screens where the panel covers the list.
fn back_to_list(location: Memo<ListLocation>, counts: &Counts) -> AnyView {
    let over = if counts.more { "over " } else { "" };
    let text = format!("Show {over}{}", pluralize(counts.matches, "action", "actions"));
    view! {
        <a class="button primary sheet-end" href=move || location.read().with_panel(None).href() data-noscroll>
            {text}
        </a>
    }
    .into_any()
}

/// The panel's content waits for its own data, and for nothing else.
fn side_panel(
    panel: Panel,
    location: Memo<ListLocation>,
    loads: PanelData,
    saving: Saving,
    changes: ViewChanges,
) -> AnyView {
    let PanelData { preferences, known, views, lane, counted, counted_well, found, now } = loads;
    let (title, content) = match panel {
        Panel::Filters => {
            let content = move || {
                counted_well.get().map(|(_, counted_well)| {
                    let note = (!counted_well).then(|| {
                        view! { <p class="side-panel-note">"The values could not be counted. The address may ask for what there is not."</p> }
                    });
                    view! {
                        {note}
                        <FilterForm location counted/>
                        {move || counted.get().map(|counts| back_to_list(location, &counts))}
                    }
                    .into_any()
                })
            };
            ("Filters", view! { <Transition fallback=Skeleton>{move || content()}</Transition> }.into_any())
        }
        Panel::Columns => {
            let content = move || {
                let lane = lane.get();
                // What is saved from here comes back as it was sent: the form stays as it is.
                let table =
                    known.get().then(|| preferences.get_untracked())?.unwrap_or_default().table(lane).clone();
                Some(view! { <ColumnForm location table saving/> }.into_any())
            };
            (
                "Customize columns",
                view! { <Transition fallback=Skeleton>{move || content()}</Transition> }.into_any(),
            )
        }
        Panel::Views => {
            let content = move || {
                views.get().flatten().map(|answer| match answer {
                    Ok(views) => view! { <ViewList location views changes/> }.into_any(),
                    Err(error) => view! { <p class="side-panel-note">{error.detail}</p> }.into_any(),
                })
            };
            (
                "Saved views",
                view! { <Transition fallback=Skeleton>{move || content()}</Transition> }.into_any(),
            )
        }
        Panel::Similar => {
            let note = |text: String| view! { <p class="side-panel-note">{text}</p> }.into_any();
            let content = move || {
                if lane.get() != Lane::Pending {
                    return Some(note("Only what waits for a decision is grouped.".to_owned()));
                }
                found.get().map(|answer| match answer {
                    Ok(buckets) => view! { <BucketList location buckets now/> }.into_any(),
                    Err(error) => note(error.detail),
                })
            };
            (
                "Similar actions",
                view! { <Transition fallback=Skeleton>{move || content()}</Transition> }.into_any(),
            )
        }
    };
    let close = Signal::derive(move || location.read().with_panel(None).href());
    view! { <SidePanel id=panel.as_str() title close>{content}</SidePanel> }.into_any()
}
