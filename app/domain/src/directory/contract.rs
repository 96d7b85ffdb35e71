//! What a directory asks of the server.

use async_trait::async_trait;

use super::{DirectoryGroup, DirectoryPage, DirectoryPerson, DirectoryQuery, GroupRecord, PersonRecord};
use crate::access::Caller;
use crate::core::error::Error;
use crate::core::id::{DirectoryGroupId, UserId};

/// The part of the server that a directory writes people and groups to. All of it is for tokens that were made for it.
#[async_trait]
pub trait DirectoryBackend: Send + Sync {
    /// The address that a directory is given.
    fn directory_url(&self) -> String;

    /// People of the directory.
    async fn directory_people(
        &self,
        caller: &Caller,
        query: DirectoryQuery,
    ) -> Result<DirectoryPage<DirectoryPerson>, Error>;

    /// Brings in a person.
    async fn add_directory_person(
        &self,
        caller: &Caller,
        record: PersonRecord,
    ) -> Result<DirectoryPerson, Error>;

    /// Replaces what is known of a person, if they are still of the version that was seen.
    async fn change_directory_person(
        &self,
        caller: &Caller,
        id: UserId,
        record: PersonRecord,
        seen: Option<i64>,
    ) -> Result<DirectoryPerson, Error>;

    /// Takes a person out: they may do nothing any more, and the directory knows them no more.
    async fn remove_directory_person(&self, caller: &Caller, id: UserId) -> Result<(), Error>;

    /// Groups of the directory.
    async fn directory_groups(
        &self,
        caller: &Caller,
        query: DirectoryQuery,
    ) -> Result<DirectoryPage<DirectoryGroup>, Error>;

    /// Brings in a group.
    async fn add_directory_group(
        &self,
        caller: &Caller,
        record: GroupRecord,
    ) -> Result<DirectoryGroup, Error>;

    /// Replaces what is known of a group, if it is still of the version that was seen.
    async fn change_directory_group(
        &self,
        caller: &Caller,
        id: DirectoryGroupId,
        record: GroupRecord,
        seen: Option<i64>,
    ) -> Result<DirectoryGroup, Error>;

    /// Takes a group out.
    async fn remove_directory_group(&self, caller: &Caller, id: DirectoryGroupId) -> Result<(), Error>;
}
