//! What hosts made for people to look at, in parts.

use async_trait::async_trait;
use domain::actions::package::KeptPackage;
use domain::{ActionId, CommandId};
use jiff::Timestamp;

use crate::error::Result;

/// Reads of packages.
#[async_trait]
pub trait ReadPackages: Send + Sync {
    /// Those of an action, by when they came.
    async fn packages_of(&self, action: ActionId) -> Result<Vec<KeptPackage>>;

    /// A part of one, also while it is not complete; none after the last.
    async fn package_part(&self, command: CommandId, part: u32) -> Result<Option<Vec<u8>>>;
}

/// Writes of packages. What hosts do is known by their keys, not by a person.
#[async_trait]
pub trait SystemPackages: Send {
    /// Keeps a part, in place of what was sent of it before.
    async fn put_package_part(
        &mut self,
        command: CommandId,
        part: u32,
        data: &[u8],
        now: Timestamp,
    ) -> Result<()>;

    /// Keeps what is complete. A repeat changes nothing.
    async fn put_package(&mut self, action: ActionId, package: &KeptPackage) -> Result<()>;

    /// Removes what is over by then, and parts from before that never became whole.
    async fn forget_packages(&mut self, now: Timestamp, parts_before: Timestamp) -> Result<u64>;
}
