//! What people set for themselves, and the views that they saved: each sees and changes only their own.

use async_trait::async_trait;
use domain::settings::contract::{NewView, SettingsBackend};
use domain::settings::preference::{MAX_VIEWS, view_name};
use domain::{Caller, Denied, Error, Preference, Preferences, SavedView, ViewId};

use super::clock::new_id;
use super::zone::zone;
use super::{Service, detached};
use store::Transaction;

#[async_trait]
impl SettingsBackend for Service {
    async fn preferences(&self, caller: &Caller) -> Result<Preferences, Error> {
        Ok(self.store.preferences(caller.own()?).await?)
    }

    async fn prefer(&self, caller: &Caller, preference: Preference) -> Result<(), Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.set_preference(&caller, &preference).await }).await
    }

    async fn views(&self, caller: &Caller) -> Result<Vec<SavedView>, Error> {
        Ok(self.store.saved_views(caller.own()?).await?)
    }

    async fn save_view(&self, caller: &Caller, view: NewView) -> Result<SavedView, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.add_view(&caller, view).await }).await
    }

    async fn delete_view(&self, caller: &Caller, id: ViewId) -> Result<(), Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.remove_view(&caller, id).await }).await
    }

    async fn set_default_view(&self, caller: &Caller, id: Option<ViewId>) -> Result<(), Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.make_default(&caller, id).await }).await
    }
}

impl Service {
    async fn set_preference(&self, caller: &Caller, preference: &Preference) -> Result<(), Error> {
        let by = caller.authorize_own()?;
        preference.check()?;
        let now = self.clock.now();
        if let Preference::TimeZone(name) = preference
            && zone(name, now).is_none()
        {
            return Err(Error::invalid(
                "/time_zone",
                "names no time zone; one is called Europe/Berlin, for example",
            ));
        }
        let mut tx = self.store.begin().await?;
        let done = tx.set_preference(&by, preference, now).await?;
        finish(tx, done.then_some(()).ok_or(Denied::Revoked.into())).await
    }

    async fn add_view(&self, caller: &Caller, new: NewView) -> Result<SavedView, Error> {
        let (by, now) = (caller.authorize_own()?, self.clock.now());
        let view = SavedView {
            id: new_id(now),
            name: view_name(&new.name)?.to_owned(),
            lane: new.query.lane,
            shows: new.query.shows(),
            is_default: new.is_default,
        };
        let mut tx = self.store.begin().await?;
        if tx.insert_view(&by, &view, now).await? {
            return finish(tx, Ok(view)).await;
        }
        drop(tx);
        let others = self.store.saved_views(caller.own()?).await?;
        let folded = |name: &str| name.chars().flat_map(char::to_lowercase).collect::<String>();
        Err(if others.iter().any(|other| folded(&other.name) == folded(&view.name)) {
            Error::invalid("/name", "is the name of another view of yours")
        } else if others.len() >= MAX_VIEWS {
            Error::invalid(
                "/",
                format!("there are {MAX_VIEWS} saved views, the most that are kept; delete one first"),
            )
        } else {
            Denied::Revoked.into()
        })
    }

    async fn remove_view(&self, caller: &Caller, id: ViewId) -> Result<(), Error> {
        let by = caller.authorize_own()?;
        let mut tx = self.store.begin().await?;
        let done = tx.delete_view(&by, id, self.clock.now()).await?;
        finish(tx, done.then_some(()).ok_or_else(|| Error::NotFound(id.into()))).await
    }

    async fn make_default(&self, caller: &Caller, id: Option<ViewId>) -> Result<(), Error> {
        let by = caller.authorize_own()?;
        let mut tx = self.store.begin().await?;
        let done = tx.set_default_view(&by, id, self.clock.now()).await?;
        match id {
            Some(id) if !done => Err(Error::NotFound(id.into())),
            _ => finish(tx, Ok(())).await,
        }
    }
}

/// Commits what was done; what was refused is rolled back.
async fn finish<T>(tx: Box<dyn Transaction>, result: Result<T, Error>) -> Result<T, Error> {
    let done = result?;
    tx.commit().await?;
    Ok(done)
}
