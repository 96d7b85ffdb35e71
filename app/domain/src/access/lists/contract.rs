//! What screens ask of the server about lists of people, tokens and sessions.

use async_trait::async_trait;

use super::{AdminList, AdminPage};
use crate::access::Caller;
use crate::core::error::Error;

/// The part of the server that answers with lists of what is administered, to those who administer. A query is given as
/// its names and values, without its list.
#[async_trait]
pub trait AdminListsBackend: Send + Sync {
    /// One page of a list.
    async fn admin_page(
        &self,
        caller: &Caller,
        list: AdminList,
        query: Vec<(String, String)>,
    ) -> Result<AdminPage, Error>;

    /// All rows of a list as CSV.
    async fn export_admin(
        &self,
        caller: &Caller,
        list: AdminList,
        query: Vec<(String, String)>,
    ) -> Result<std::fs::File, Error>;

    /// Keeps for the caller which columns a list has, in this order; none for the usual ones.
    async fn choose_admin_columns(
        &self,
        caller: &Caller,
        list: AdminList,
        columns: Vec<String>,
    ) -> Result<(), Error>;
}
