//! What people set for themselves.

use async_trait::async_trait;
use domain::{Authorized, Preference, Preferences, SavedView, UserId, ViewId};
use jiff::Timestamp;

use crate::error::Result;

/// Reads of preferences and saved views.
#[async_trait]
pub trait ReadSettings: Send + Sync {
    /// What a person set, and the defaults for the rest.
    async fn preferences(&self, user: UserId) -> Result<Preferences>;

    /// The names of the columns that a person chose for the list that is kept under this name; none if they chose none.
    async fn list_columns(&self, user: UserId, list: &str) -> Result<Vec<String>>;

    /// The views that a person saved, by name.
    async fn saved_views(&self, user: UserId) -> Result<Vec<SavedView>>;
}

/// Writes of preferences and saved views by their owner.
#[async_trait]
pub trait WriteSettings: Send {
    /// Sets something for the person who writes. False if they may no longer write.
    async fn set_preference(
        &mut self,
        by: &Authorized,
        preference: &Preference,
        now: Timestamp,
    ) -> Result<bool>;

    /// Saves a view for the person who writes, in place of another as the default if it is one. False if they have
    /// one of that name or as many as they may, or may no longer write; then nothing may be committed.
    async fn insert_view(&mut self, by: &Authorized, view: &SavedView, now: Timestamp) -> Result<bool>;

    /// Deletes a view of the person who writes. False if they have none such, or may no longer write.
    async fn delete_view(&mut self, by: &Authorized, id: ViewId, now: Timestamp) -> Result<bool>;

    /// Makes a view of the person who writes their default, or none. False if they have none such, or may no longer
    /// write; then nothing may be committed.
    async fn set_default_view(&mut self, by: &Authorized, id: Option<ViewId>, now: Timestamp)
    -> Result<bool>;
}
