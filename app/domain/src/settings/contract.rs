//! What is asked of the server about what a person set for themselves.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::actions::query::ActionQuery;
use crate::core::error::Error;
use crate::core::id::ViewId;
use crate::core::zone::Zone;
use crate::settings::preference::{ColorScheme, Preference, Preferences, SavedView};

/// The part of the server that keeps preferences and saved views.
#[async_trait]
pub trait SettingsBackend: Send + Sync {
    /// What the caller set for themselves.
    async fn preferences(&self, caller: &Caller) -> Result<Preferences, Error>;

    /// Sets one thing for the caller. Of two at once the later one holds.
    async fn prefer(&self, caller: &Caller, preference: Preference) -> Result<(), Error>;

    /// The views that the caller saved, by name.
    async fn views(&self, caller: &Caller) -> Result<Vec<SavedView>, Error>;

    /// Saves a view for the caller.
    async fn save_view(&self, caller: &Caller, view: NewView) -> Result<SavedView, Error>;

    /// Forgets a view of the caller's.
    async fn delete_view(&self, caller: &Caller, id: ViewId) -> Result<(), Error>;

    /// Makes a view of the caller's the default, or none.
    async fn set_default_view(&self, caller: &Caller, id: Option<ViewId>) -> Result<(), Error>;
}

/// A view to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewView {
    /// Its name, as it was typed.
    pub name: String,
    /// What it shows; a cursor is dropped.
    pub query: ActionQuery,
    /// Whether it becomes the default in place of another.
    pub is_default: bool,
}

/// What a person set that every page needs from its first byte on; an extension of the page's request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSettings {
    /// Whether the navigation pane shows icons only.
    pub pane_collapsed: bool,
    /// In which absolute times are shown.
    pub zone: Zone,
    /// Whether pages are light or dark.
    #[serde(default)]
    pub color_scheme: ColorScheme,
    /// The saved view with which the Action center begins.
    pub default_view: Option<SavedView>,
}
