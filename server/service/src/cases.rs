//! Lists of incidents and investigations, and the tabs of an investigation: pages of each in any order, and all of it as
//! CSV.

use async_trait::async_trait;
use domain::actions::contract::Availability;
use domain::cases::cells::{TableCell, cells};
use domain::cases::contract::CasesBackend;
use domain::cases::fields::{CaseQuery, Cases, Column, Facet, SortKey};
use domain::cases::{CaseList, CasePage, CaseRows, InvestigationView};
use domain::investigations::report::DevicePiece;
use domain::investigations::{EntityFigures, Tab};
use domain::list::{DEFAULT_LIMIT, FacetView, ListView};
use domain::{Action, Caller, Error, RowScope};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use store::cases::{CasePosition, CaseRow};
use store::investigations::StoredInvestigation;

use super::Service;
use super::detail::sentence;
use super::list_export::{EXPORTED_AT_ONCE, ListExport};
use super::list_view::{facet_view, parse};
use super::paging::{Edges, cut, decode};
use super::pieces::figures;

#[async_trait]
impl CasesBackend for Service {
    async fn case_page(
        &self,
        caller: &Caller,
        list: CaseList,
        query: Vec<(String, String)>,
    ) -> Result<CasePage, Error> {
        if !matches!(list, CaseList::Investigations | CaseList::Incidents) {
            return Err(Error::invalid("/list", "must be investigations or incidents"));
        }
        let scope = RowScope::of(caller)?;
        self.page_of_cases(caller, &scope, None, parse::<Cases>(list, query)?, self.clock.now()).await
    }

    async fn investigation_view(
        &self,
        caller: &Caller,
        id: &str,
        tab: Tab,
        query: Vec<(String, String)>,
    ) -> Result<InvestigationView, Error> {
        let (scope, stored) = self.seen(caller, id).await?;
        let now = self.clock.now();
        let actions = self.actions_of(&scope, id, now).await?;
        let page = match CaseList::of_tab(tab) {
            Some(list) => {
                self.page_of_cases(caller, &scope, Some(id), parse::<Cases>(list, query)?, now).await?
            }
            None => CasePage {
                rows: CaseRows::Graph(self.graph(&scope, &stored, &actions).await?),
                view: ListView::default(),
                rendered_at: now,
            },
        };
        let StoredInvestigation { summary, report, .. } = stored;
        let until = summary.ended_at.unwrap_or(now);
        let cancel = if summary.waiting > 0 {
            Err("It ends when each of its actions is decided.".to_owned())
        } else if summary.state.is_open() {
            caller.authorize_triage().map(drop).map_err(|error| sentence(&error.into()))
        } else {
            Err("It has ended.".to_owned())
        };
        Ok(InvestigationView {
            duration: until.duration_since(summary.started_at).as_secs().max(0),
            pending_time: domain::investigations::pending_time(&actions, now).as_secs(),
            queue_time: report.queue_time.map(i64::from),
            counts: self.tab_counts(&scope, id, &actions).await?,
            page,
            cancel: Availability::from(cancel),
            summary,
        })
    }

    async fn export_cases(
        &self,
        caller: &Caller,
        list: CaseList,
        investigation: Option<&str>,
        query: Vec<(String, String)>,
    ) -> Result<std::fs::File, Error> {
        let scope = match investigation {
            Some(id) => self.seen(caller, id).await?.0,
            None => RowScope::of(caller)?,
        };
        let query = parse::<Cases>(list, query)?;
        let mut export = ListExport::begin(&query)?;
        let mut from: Option<CasePosition> = None;
        loop {
            let now = self.clock.now();
            let (found, next) = if list == CaseList::Entities {
                (self.entities(&scope, investigation.unwrap_or_default(), &query).await?, None)
            } else {
                let asked = EXPORTED_AT_ONCE + 1;
                let page = self.store.case_page(&scope, investigation, &query, from.as_ref(), asked).await?;
                let (of_page, _, next) = cut(page, EXPORTED_AT_ONCE, from.as_ref());
                (self.typed(caller, &scope, (list, investigation), of_page, now).await?, next)
            };
            for row in cells(&found) {
                export.row(|place| row.get(place).map(|cell| cell.text.as_str()))?;
            }
            if next.is_none() {
                return export.end();
            }
            from = next;
        }
    }

    async fn choose_columns(
        &self,
        caller: &Caller,
        list: CaseList,
        columns: Vec<String>,
    ) -> Result<(), Error> {
        self.keep_columns::<Cases>(caller, list, columns).await
    }
}

impl Service {
    /// One page, as it is asked for.
    async fn page_of_cases(
        &self,
        caller: &Caller,
        scope: &RowScope,
        investigation: Option<&str>,
        query: CaseQuery,
        now: Timestamp,
    ) -> Result<CasePage, Error> {
        let list = query.lane;
        if list == CaseList::Entities {
            let rows = self.entities(scope, investigation.unwrap_or_default(), &query).await?;
            let view = self.view(caller, scope, investigation, &query, Edges::default()).await?;
            return Ok(CasePage { rows, view, rendered_at: now });
        }
        let from = query.cursor.as_deref().map(|text| position(text, list, query.sort.key)).transpose()?;
        let limit = u32::from(query.limit.unwrap_or(DEFAULT_LIMIT));
        let items = self.store.case_page(scope, investigation, &query, from.as_ref(), limit + 1).await?;
        let (rows, edges, _) = cut(items, limit, from.as_ref());
        let rows = self.typed(caller, scope, (list, investigation), rows, now).await?;
        let view = self.view(caller, scope, investigation, &query, edges).await?;
        Ok(CasePage { rows, view, rendered_at: now })
    }

    /// The figures by kind of entity: as many as there are kinds.
    async fn entities(&self, scope: &RowScope, id: &str, query: &CaseQuery) -> Result<CaseRows, Error> {
        let wanted = query.filter.search.as_ref().map(|text| text.to_lowercase());
        let row = |of: EntityFigures| {
            let cells = cells(&CaseRows::Entities(vec![of.clone()])).pop().unwrap_or_default();
            (cells, of)
        };
        let mut rows: Vec<_> =
            figures(&self.store.evidence_counts(scope, id).await?).into_iter().map(row).collect();
        rows.retain(|(cells, _)| {
            let holds = |wanted: &String| cells.iter().any(|cell| cell.text.to_lowercase().contains(wanted));
            wanted.as_ref().is_none_or(holds)
        });
        let place = Column::of_list(CaseList::Entities)
            .iter()
            .position(|column| column.sort_key() == Some(query.sort.key));
        if let Some(place) = place {
            let rank = |cells: &[TableCell]| cells.get(place).and_then(|cell| cell.rank.clone());
            rows.sort_by(|(one, _), (other, _)| {
                let order = rank(one).cmp(&rank(other));
                if query.sort.descending { order.reverse() } else { order }
            });
        }
        Ok(CaseRows::Entities(rows.into_iter().map(|(_, of)| of).collect()))
    }

    /// The rows of a list as its page shows them, of an investigation if it is one of its tabs.
    async fn typed(
        &self,
        caller: &Caller,
        scope: &RowScope,
        (list, investigation): (CaseList, Option<&str>),
        rows: Vec<CaseRow>,
        now: Timestamp,
    ) -> Result<CaseRows, Error> {
        Ok(match list {
            CaseList::Investigations => CaseRows::Investigations(
                rows.into_iter()
                    .filter_map(|row| match row {
                        CaseRow::Investigation(of) => Some(of.summary),
                        _ => None,
                    })
                    .collect(),
            ),
            CaseList::Incidents => CaseRows::Incidents(
                rows.into_iter()
                    .filter_map(|row| match row {
                        CaseRow::Incident(of) => Some(of.summary),
                        _ => None,
                    })
                    .collect(),
            ),
            CaseList::Alerts => CaseRows::Alerts(read(rows)?),
            CaseList::Mailboxes => CaseRows::Mailboxes(read(rows)?),
            CaseList::Users => CaseRows::Users(read(rows)?),
            CaseList::Evidence => {
                let id = investigation.unwrap_or_default();
                CaseRows::Evidence(self.without_hidden(scope, id, read(rows)?).await?)
            }
            CaseList::Log => CaseRows::Log(read(rows)?),
            CaseList::Entities => CaseRows::Entities(Vec::new()),
            CaseList::Devices => {
                let mut devices = Vec::with_capacity(rows.len());
                let mut levels = std::collections::BTreeMap::new();
                for device in read::<DevicePiece>(rows)? {
                    let group = device.device_group.clone();
                    let level = match levels.get(&group) {
                        Some(level) => *level,
                        None => self.store.remediation_level(group.as_deref()).await?,
                    };
                    levels.insert(group, level);
                    devices.push((device, level));
                }
                CaseRows::Devices(devices)
            }
            CaseList::Pending => {
                let actions = actions(rows);
                let mut waiting = self.waiting(caller, scope, &actions, now).await?;
                // In the order of the list.
                let place = |id| actions.iter().position(|action| action.id == id);
                waiting.sort_by_key(|of| place(of.action.id));
                CaseRows::Pending(waiting)
            }
            CaseList::History => CaseRows::History(actions(rows)),
        })
    }

    /// How a page is shown.
    async fn view(
        &self,
        caller: &Caller,
        scope: &RowScope,
        investigation: Option<&str>,
        query: &CaseQuery,
        edges: Edges,
    ) -> Result<ListView, Error> {
        let mut facets: Vec<FacetView> = Vec::new();
        for &facet in Facet::of_list(query.lane) {
            // What an investigation consists of is counted soon; all investigations and incidents are not.
            let counts = match investigation {
                Some(_) => Some(self.store.case_facet(scope, investigation, query.lane, facet).await?),
                None => None,
            };
            facets.push(facet_view(query, facet, counts.as_deref()));
        }
        facets.retain(|facet| !facet.choices.is_empty());
        self.list_view(caller, query, facets, edges).await
    }
}

fn position(text: &str, list: CaseList, sort: SortKey) -> Result<CasePosition, Error> {
    decode(text, |position: &CasePosition| position.fits(list, sort))
}

fn actions(rows: Vec<CaseRow>) -> Vec<Action> {
    rows.into_iter()
        .filter_map(|row| match row {
            CaseRow::Action(action) => Some(*action),
            _ => None,
        })
        .collect()
}

fn read<T: DeserializeOwned>(rows: Vec<CaseRow>) -> Result<Vec<T>, Error> {
    rows.into_iter()
        .filter_map(|row| match row {
            CaseRow::Piece(body) => Some(body),
            _ => None,
        })
        .map(|body| serde_json::from_str(&body).map_err(|error| Error::Internal(error.to_string())))
        .collect()
}
