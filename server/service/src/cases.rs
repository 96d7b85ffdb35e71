//! Lists of incidents and investigations, and the tabs of an investigation: pages of each in any order, and all of it as
//! CSV.

use std::io::Seek as _;

use async_trait::async_trait;
use domain::actions::contract::Availability;
use domain::cases::cells::{TableCell, cells};
use domain::cases::contract::CasesBackend;
use domain::cases::fields::{CaseQuery, Column, Facet, SortKey, choices, value_label};
use domain::cases::{CaseList, CasePage, CaseRows, InvestigationView};
use domain::investigations::report::DevicePiece;
use domain::investigations::{EntityFigures, Tab};
use domain::list::{ChoiceView, DEFAULT_LIMIT, FacetView, ListView};
use domain::settings::contract::SettingsBackend as _;
use domain::{Action, Caller, Error, Preference, RowScope};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use store::cases::{CasePosition, CaseRow};
use store::investigations::StoredInvestigation;

use super::Service;
use super::detail::sentence;
use super::export::CsvTable;
use super::list_view::column_views;
use super::paging::{Edges, decode, encode, page_of};
use super::pieces::figures;

/// Rows of an export that are read at a time.
const EXPORTED_AT_ONCE: u32 = 1_000;

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
        self.page_of_cases(caller, &scope, None, parse(list, query)?, self.clock.now()).await
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
            Some(list) => self.page_of_cases(caller, &scope, Some(id), parse(list, query)?, now).await?,
            None => CasePage {
                rows: CaseRows::Graph(self.graph(&stored, &actions).await?),
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
            counts: self.tab_counts(id, &actions).await?,
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
        let query = parse(list, query)?;
        let broken =
            |error: std::io::Error| Error::Internal(format!("an export could not be written: {error}"));
        let file = tempfile::tempfile().map_err(broken)?;
        let all = Column::of_list(list);
        let shown = if query.columns.is_empty() { all } else { &query.columns };
        let places: Vec<_> =
            shown.iter().filter_map(|column| all.iter().position(|known| known == column)).collect();
        let heads = places.iter().map(|place| all[*place].label());
        let mut table = CsvTable::begin(file, heads).map_err(broken)?;
        let mut from: Option<CasePosition> = None;
        loop {
            let now = self.clock.now();
            let (found, next) = if list == CaseList::Entities {
                (self.entities(investigation.unwrap_or_default(), &query).await?, None)
            } else {
                let page = self
                    .store
                    .case_page(&scope, investigation, &query, from.as_ref(), EXPORTED_AT_ONCE)
                    .await?;
                let more = page.len() == EXPORTED_AT_ONCE as usize;
                let next = page.last().filter(|_| more).map(|(position, _)| position.clone());
                let of_page = page.into_iter().map(|(_, row)| row).collect();
                (self.typed(caller, &scope, list, of_page, now).await?, next)
            };
            for row in cells(&found) {
                let texts = places.iter().filter_map(|place| row.get(*place)).map(|cell| cell.text.as_str());
                table.row(texts).map_err(broken)?;
            }
            if next.is_none() {
                break;
            }
            from = next;
        }
        let mut file = table.end().map_err(broken)?;
        file.rewind().map_err(broken)?;
        Ok(file)
    }

    async fn choose_columns(
        &self,
        caller: &Caller,
        list: CaseList,
        columns: Vec<String>,
    ) -> Result<(), Error> {
        let names = columns.join(",");
        let pairs = if columns.is_empty() { Vec::new() } else { vec![("cols".to_owned(), names)] };
        parse(list, pairs).map_err(|error| match error {
            Error::Invalid(found) => {
                let detail = found.into_iter().map(|error| error.detail).collect::<Vec<_>>().join("; ");
                Error::invalid("/columns", detail)
            }
            other => other,
        })?;
        self.prefer(caller, Preference::CaseColumns(list, columns)).await
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
            let rows = self.entities(investigation.unwrap_or_default(), &query).await?;
            let view = self.view(caller, scope, investigation, &query, Edges::default()).await?;
            return Ok(CasePage { rows, view, rendered_at: now });
        }
        let from = query.cursor.as_deref().map(|text| position(text, list, query.sort.key)).transpose()?;
        let limit = u32::from(query.limit.unwrap_or(DEFAULT_LIMIT));
        let mut items = self.store.case_page(scope, investigation, &query, from.as_ref(), limit + 1).await?;
        let before = from.as_ref().map(|from| from.before);
        let edge = |row: Option<&(CasePosition, CaseRow)>, before| {
            let at = row.map(|(at, _)| at.clone()).or_else(|| from.clone());
            at.map(|at| encode(&CasePosition { before, ..at }))
        };
        let edges = page_of(&mut items, limit, before, edge);
        let rows = items.into_iter().map(|(_, row)| row).collect();
        let rows = self.typed(caller, scope, list, rows, now).await?;
        let view = self.view(caller, scope, investigation, &query, edges).await?;
        Ok(CasePage { rows, view, rendered_at: now })
    }

    /// The figures by kind of entity: as many as there are kinds.
    async fn entities(&self, id: &str, query: &CaseQuery) -> Result<CaseRows, Error> {
        let wanted = query.filter.search.as_ref().map(|text| text.to_lowercase());
        let row = |of: EntityFigures| {
            let cells = cells(&CaseRows::Entities(vec![of.clone()])).pop().unwrap_or_default();
            (cells, of)
        };
        let mut rows: Vec<_> = figures(&self.store.evidence_counts(id).await?).into_iter().map(row).collect();
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

    /// The rows of a list as its page shows them.
    async fn typed(
        &self,
        caller: &Caller,
        scope: &RowScope,
        list: CaseList,
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
            CaseList::Evidence => CaseRows::Evidence(read(rows)?),
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
        Edges { previous, next }: Edges,
    ) -> Result<ListView, Error> {
        let list = query.lane;
        let chosen = match caller.own() {
            _ if !query.columns.is_empty() => query.columns.clone(),
            Ok(person) => {
                let names = self.store.case_columns(person, list).await?;
                names.iter().filter_map(|name| name.parse().ok()).collect()
            }
            Err(_) => Vec::new(),
        };
        let mut facets = Vec::new();
        for &facet in Facet::of_list(list) {
            facets.push(self.facet_view(scope, investigation, query, facet).await?);
        }
        facets.retain(|facet| !facet.choices.is_empty());
        Ok(ListView {
            columns: column_views(
                Column::of_list(list),
                &chosen,
                query.sort,
                Column::sort_key,
                SortKey::begins_descending,
            ),
            facets,
            search: query.filter.search.clone().unwrap_or_default(),
            names_columns: !query.columns.is_empty(),
            previous,
            next,
        })
    }

    async fn facet_view(
        &self,
        scope: &RowScope,
        investigation: Option<&str>,
        query: &CaseQuery,
        facet: Facet,
    ) -> Result<FacetView, Error> {
        // What an investigation consists of is counted soon; all investigations and incidents are not.
        let counts = match investigation {
            Some(_) => Some(self.store.case_facet(scope, investigation, query.lane, facet).await?),
            None => None,
        };
        let chosen: Vec<String> = query
            .filter
            .choices()
            .into_iter()
            .filter(|(field, _)| *field == facet.field())
            .flat_map(|(_, values)| values)
            .collect();
        let choice = |value: &'static str| {
            let count = counts.as_ref().map(|counts| {
                counts.iter().find(|known| known.value == value).and_then(|known| known.count).unwrap_or(0)
            });
            ChoiceView {
                label: value_label(facet.as_str(), value).to_owned(),
                count,
                chosen: chosen.iter().any(|known| known == value),
                value: value.to_owned(),
            }
        };
        // A value that no row has is of no use, unless it is chosen.
        let useful = |of: &ChoiceView| of.chosen || of.count != Some(0);
        Ok(FacetView {
            name: facet.to_string(),
            label: facet.label().to_owned(),
            choices: choices(facet).into_iter().map(choice).filter(useful).collect(),
        })
    }
}

/// The query of a list, and whether each of its parts is one of this list.
fn parse(list: CaseList, mut pairs: Vec<(String, String)>) -> Result<CaseQuery, Error> {
    pairs.push(("lane".to_owned(), list.to_string()));
    let query = CaseQuery::from_pairs(pairs)
        .map_err(|error| Error::invalid(format!("/{}", error.field), error.problem))?;
    let all = Column::of_list(list);
    if let Some(other) = query.columns.iter().find(|column| !all.contains(column)) {
        let names = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(Error::invalid("/cols", format!("can't have {other}: this list has {names}")));
    }
    if !query.sort.key.is_of(list) {
        let sort = query.sort.key;
        return Err(Error::invalid("/sort", format!("can't be {sort}: this list is not sorted by it")));
    }
    let offers = |field: domain::cases::fields::Field| {
        let by_incident = list == CaseList::Investigations && field.as_str() == "incident";
        by_incident || field.facet().is_some_and(|facet| Facet::of_list(list).contains(&facet))
    };
    let odd =
        query.filter.choices().into_iter().find(|(field, values)| !values.is_empty() && !offers(*field));
    if let Some((field, _)) = odd {
        return Err(Error::invalid(format!("/{field}"), "is no filter of this list"));
    }
    Ok(query)
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
