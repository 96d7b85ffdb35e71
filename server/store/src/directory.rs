//! People and groups that a directory brings in.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::directory::{DirectoryGroup, DirectoryPage, DirectoryPerson, DirectoryQuery};
use domain::{Authorized, DirectoryGroupId, UserId};
use jiff::Timestamp;

use crate::error::Result;

/// Reads of what a directory brought in.
#[async_trait]
pub trait ReadDirectory: Send + Sync {
    /// Its people, in the order in which they came.
    async fn directory_people(&self, query: &DirectoryQuery) -> Result<DirectoryPage<DirectoryPerson>>;

    /// Its groups, in the order in which they came.
    async fn directory_groups(&self, query: &DirectoryQuery) -> Result<DirectoryPage<DirectoryGroup>>;

    /// Who signs in with this name, whatever its case.
    async fn person_of_name(&self, name: &str) -> Result<Option<UserId>>;
}

/// Writes of what a directory brings in. False if there is no such row, or the caller may no longer write; then nothing
/// may be committed.
#[async_trait]
pub trait WriteDirectory: Send {
    /// Brings in a person, or replaces what is known of one of the version before.
    async fn put_directory_person(
        &mut self,
        by: &Authorized,
        person: &DirectoryPerson,
        now: Timestamp,
    ) -> Result<bool>;

    /// Gives a person another name to sign in with. False also if somebody has it.
    async fn rename_person(
        &mut self,
        by: &Authorized,
        id: UserId,
        name: &str,
        now: Timestamp,
    ) -> Result<bool>;

    /// Forgets that a person is of the directory, of its groups, and who they are at an identity provider.
    async fn forget_directory_person(&mut self, by: &Authorized, id: UserId, now: Timestamp) -> Result<bool>;

    /// The person whom the directory knows by this key of its own.
    async fn person_of_directory(&mut self, external_id: &str) -> Result<Option<UserId>>;

    /// Brings in a group, or replaces what is known of one of the version before, its members included. False also if
    /// another has the name.
    async fn put_directory_group(
        &mut self,
        by: &Authorized,
        group: &DirectoryGroup,
        now: Timestamp,
    ) -> Result<bool>;

    /// Forgets a group.
    async fn forget_directory_group(
        &mut self,
        by: &Authorized,
        id: DirectoryGroupId,
        now: Timestamp,
    ) -> Result<bool>;

    /// Those of these people whom the directory knows.
    async fn known_to_directory(&mut self, people: &BTreeSet<UserId>) -> Result<BTreeSet<UserId>>;
}
