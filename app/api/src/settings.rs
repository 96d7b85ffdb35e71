//! What a person sets for themselves, and the views that they saved.
//!
//! Each works as a plain form too: `back` is the path of the page on which the form stands.

use leptos::prelude::*;

use super::codec::Answer;
use super::error::ApiError;
#[cfg(feature = "ssr")]
use super::request;
use domain::settings::preference::{ColorScheme, ColumnChoice, Density};
use domain::{Lane, Preferences, SavedView, ViewId};

/// What the person set.
#[server(endpoint = "load_preferences", prefix = "/api", output = Answer)]
pub async fn load_preferences() -> Result<Preferences, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.preferences(&caller).await.map_err(|error| request::fail(&error))
}

/// Keeps how the list of a tab is shown.
#[server(endpoint = "save_table", prefix = "/api", output = Answer)]
pub async fn save_table(
    lane: Lane,
    #[server(default)] columns: Vec<ColumnChoice>,
    density: Density,
    limit: u16,
    back: Option<String>,
) -> Result<(), ApiError> {
    use domain::{Preference, TablePreference};
    let (backend, caller) = request::enter().await?;
    let table = TablePreference { columns, density, limit };
    backend.prefer(&caller, Preference::Table(lane, table)).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Shows the list of a tab as if nothing had been chosen.
#[server(endpoint = "reset_table", prefix = "/api", output = Answer)]
pub async fn reset_table(lane: Lane, back: Option<String>) -> Result<(), ApiError> {
    use domain::Preference;
    let (backend, caller) = request::enter().await?;
    backend.prefer(&caller, Preference::DefaultTable(lane)).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// The person's saved views, by name.
#[server(endpoint = "load_views", prefix = "/api", output = Answer)]
pub async fn load_views() -> Result<Vec<SavedView>, ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.views(&caller).await.map_err(|error| request::fail(&error))
}

/// Saves what a list shows under a name. `shows` is the query, encoded as in a URL.
#[server(endpoint = "save_view", prefix = "/api", output = Answer)]
pub async fn save_view(
    name: String,
    lane: Lane,
    #[server(default)] shows: String,
    #[server(default)] is_default: bool,
    back: Option<String>,
) -> Result<SavedView, ApiError> {
    use domain::settings::contract::NewView;
    let (backend, caller) = request::enter().await?;
    let query = request::query(lane, &shows, None).map_err(|error| request::fail(&error))?;
    let view = NewView { name, query, is_default };
    let saved = backend.save_view(&caller, view).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(saved)
}

/// Forgets a view.
#[server(endpoint = "delete_view", prefix = "/api", output = Answer)]
pub async fn delete_view(id: ViewId, back: Option<String>) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.delete_view(&caller, id).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Makes a view the default; without an id, none is.
#[server(endpoint = "set_default_view", prefix = "/api", output = Answer)]
pub async fn set_default_view(id: Option<ViewId>, back: Option<String>) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.set_default_view(&caller, id).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Keeps the zone in which times are shown.
#[server(endpoint = "save_time_zone", prefix = "/api", output = Answer)]
pub async fn save_time_zone(time_zone: String, back: Option<String>) -> Result<(), ApiError> {
    use domain::Preference;
    let (backend, caller) = request::enter().await?;
    backend.prefer(&caller, Preference::TimeZone(time_zone)).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Keeps whether the navigation pane shows icons only.
#[server(endpoint = "save_pane", prefix = "/api", output = Answer)]
pub async fn save_pane(collapsed: bool, back: Option<String>) -> Result<(), ApiError> {
    use domain::Preference;
    let (backend, caller) = request::enter().await?;
    backend
        .prefer(&caller, Preference::PaneCollapsed(collapsed))
        .await
        .map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Keeps whether pages are light or dark.
#[server(endpoint = "save_color_scheme", prefix = "/api", output = Answer)]
pub async fn save_color_scheme(color_scheme: ColorScheme, back: Option<String>) -> Result<(), ApiError> {
    use domain::Preference;
    let (backend, caller) = request::enter().await?;
    backend
        .prefer(&caller, Preference::ColorScheme(color_scheme))
        .await
        .map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}

/// Keeps how much room rows take, in all lists.
#[server(endpoint = "save_density", prefix = "/api", output = Answer)]
pub async fn save_density(density: Density, back: Option<String>) -> Result<(), ApiError> {
    use domain::{Preference, TablePreference};
    let (backend, caller) = request::enter().await?;
    let set = backend.preferences(&caller).await.map_err(|error| request::fail(&error))?;
    for &lane in Lane::ALL {
        let table = TablePreference { density, ..set.table(lane).clone() };
        let kept = backend.prefer(&caller, Preference::Table(lane, table)).await;
        kept.map_err(|error| request::fail(&error))?;
    }
    request::go_back(back.as_deref());
    Ok(())
}

/// Changes one's own name to show.
#[server(endpoint = "rename_own", prefix = "/api", output = Answer)]
pub async fn rename_own(display_name: String, back: Option<String>) -> Result<(), ApiError> {
    let (backend, caller) = request::enter().await?;
    backend.rename_own(&caller, &display_name).await.map_err(|error| request::fail(&error))?;
    request::go_back(back.as_deref());
    Ok(())
}
