//! Lists of incidents, investigations and what an investigation consists of: pages in any order, at any depth.

use async_trait::async_trait;
use domain::cases::CaseList;
use domain::cases::fields::{CaseQuery, Facet, SortKey};
use domain::list::FacetValue;
use domain::{Action, RowScope};

use crate::case_fields::{id_is_number, sorted_by};
use crate::error::Result;
use crate::investigations::{StoredIncident, StoredInvestigation};
use crate::keys::KeyValue;
use crate::position::RowPosition;

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseRow {
    /// An investigation.
    Investigation(Box<StoredInvestigation>),
    /// An incident.
    Incident(Box<StoredIncident>),
    /// A piece of an investigation, as JSON.
    Piece(String),
    /// An action of an investigation.
    Action(Box<Action>),
}

/// The place of a row in an order, from which a page goes on.
pub type CasePosition = RowPosition<SortKey, KeyValue>;

impl CasePosition {
    /// Whether it can be a place in that order of that list: a cursor is what a stranger sends.
    #[must_use]
    pub fn fits(&self, list: CaseList, sort: SortKey) -> bool {
        self.is_of(sort, sorted_by(list, sort)) && self.id.fits(id_is_number(list))
    }
}

/// Reads of lists; what the scope hides is as what is not there. Lists of what an investigation consists of name it; who
/// asks has seen it.
#[async_trait]
pub trait ReadCases: Send + Sync {
    /// Up to `limit` rows from a place on, each with its own; in the list's order also for a page before the place.
    async fn case_page(
        &self,
        scope: &RowScope,
        investigation: Option<&str>,
        query: &CaseQuery,
        from: Option<&CasePosition>,
        limit: u32,
    ) -> Result<Vec<(CasePosition, CaseRow)>>;

    /// How many rows each value of a filter has, whatever else the query asks for; of values that no row has, nothing.
    async fn case_facet(
        &self,
        scope: &RowScope,
        investigation: Option<&str>,
        list: CaseList,
        facet: Facet,
    ) -> Result<Vec<FacetValue>>;
}
