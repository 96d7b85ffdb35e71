//! People and groups as a directory brings them in: who leaves there can do nothing here, at once.
//!
//! It sees only whom it brought in. As everywhere, the last who can administer stays.

mod groups;
mod people;

use async_trait::async_trait;
use domain::directory::contract::DirectoryBackend;
use domain::directory::{
    DirectoryGroup, DirectoryPage, DirectoryPerson, DirectoryQuery, GroupRecord, PersonRecord,
};
use domain::{Caller, DirectoryGroupId, Error, UserId};

use super::{Service, detached};
use crate::identity::sign_in::DIRECTORY_PATH;

#[async_trait]
impl DirectoryBackend for Service {
    fn directory_url(&self) -> String {
        format!("{}{DIRECTORY_PATH}", self.base_url)
    }

    async fn directory_people(
        &self,
        caller: &Caller,
        query: DirectoryQuery,
    ) -> Result<DirectoryPage<DirectoryPerson>, Error> {
        caller.authorize_provisioning()?;
        Ok(self.store.directory_people(&query).await?)
    }

    async fn add_directory_person(
        &self,
        caller: &Caller,
        record: PersonRecord,
    ) -> Result<DirectoryPerson, Error> {
        let by = caller.authorize_provisioning()?;
        let service = self.clone();
        detached(async move { service.bring_in(&by, record).await }).await
    }

    async fn change_directory_person(
        &self,
        caller: &Caller,
        id: UserId,
        record: PersonRecord,
        seen: Option<i64>,
    ) -> Result<DirectoryPerson, Error> {
        let by = caller.authorize_provisioning()?;
        let service = self.clone();
        detached(async move { service.replace_record(&by, id, record, seen).await }).await
    }

    async fn remove_directory_person(&self, caller: &Caller, id: UserId) -> Result<(), Error> {
        let by = caller.authorize_provisioning()?;
        let service = self.clone();
        detached(async move { service.take_out(&by, id).await }).await
    }

    async fn directory_groups(
        &self,
        caller: &Caller,
        query: DirectoryQuery,
    ) -> Result<DirectoryPage<DirectoryGroup>, Error> {
        caller.authorize_provisioning()?;
        Ok(self.store.directory_groups(&query).await?)
    }

    async fn add_directory_group(
        &self,
        caller: &Caller,
        record: GroupRecord,
    ) -> Result<DirectoryGroup, Error> {
        let by = caller.authorize_provisioning()?;
        let service = self.clone();
        detached(async move { service.bring_in_group(&by, record).await }).await
    }

    async fn change_directory_group(
        &self,
        caller: &Caller,
        id: DirectoryGroupId,
        record: GroupRecord,
        seen: Option<i64>,
    ) -> Result<DirectoryGroup, Error> {
        let by = caller.authorize_provisioning()?;
        let service = self.clone();
        detached(async move { service.replace_group(&by, id, record, seen).await }).await
    }

    async fn remove_directory_group(&self, caller: &Caller, id: DirectoryGroupId) -> Result<(), Error> {
        let by = caller.authorize_provisioning()?;
        let service = self.clone();
        detached(async move { service.take_out_group(&by, id).await }).await
    }
}
