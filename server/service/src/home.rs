//! The home page.

use async_trait::async_trait;
use domain::home::HomeView;
use domain::home::contract::HomeBackend;
use domain::{Caller, Error, RowScope};

use super::Service;

#[async_trait]
impl HomeBackend for Service {
    async fn home(&self, caller: &Caller) -> Result<HomeView, Error> {
        Ok(self.store.home(&RowScope::of(caller)?, self.clock.now()).await?)
    }
}
