//! What screens and REST API ask of the server about lists of incidents and investigations.

use async_trait::async_trait;

use super::{CaseList, CasePage, InvestigationView};
use crate::access::Caller;
use crate::core::error::Error;
use crate::investigations::Tab;

/// The part of the server that answers with lists of incidents and investigations. A query is given as its names and
/// values, without its list.
#[async_trait]
pub trait CasesBackend: Send + Sync {
    /// One page of the incidents or investigations that the caller sees.
    async fn case_page(
        &self,
        caller: &Caller,
        list: CaseList,
        query: Vec<(String, String)>,
    ) -> Result<CasePage, Error>;

    /// One investigation with a page of one of its tabs.
    async fn investigation_view(
        &self,
        caller: &Caller,
        id: &str,
        tab: Tab,
        query: Vec<(String, String)>,
    ) -> Result<InvestigationView, Error>;

    /// All rows of a list as CSV; of an investigation, if one is named.
    async fn export_cases(
        &self,
        caller: &Caller,
        list: CaseList,
        investigation: Option<&str>,
        query: Vec<(String, String)>,
    ) -> Result<std::fs::File, Error>;

    /// Keeps for the caller which columns a list has, in this order; none for the usual ones.
    async fn choose_columns(
        &self,
        caller: &Caller,
        list: CaseList,
        columns: Vec<String>,
    ) -> Result<(), Error>;
}
