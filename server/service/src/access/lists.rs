//! Lists of people, tokens and sessions: a page in any order, and all of it as CSV. Only for who administers people, which
//! the statement asks for once more.

use std::io::Seek as _;

use async_trait::async_trait;
use domain::access::lists::cells::cells;
use domain::access::lists::contract::AdminListsBackend;
use domain::access::lists::fields::{AdminQuery, Column, Facet, Field, SortKey, choices, value_label};
use domain::access::lists::{AdminList, AdminPage, AdminRows};
use domain::list::{ChoiceView, DEFAULT_LIMIT, FacetView, ListView};
use domain::settings::contract::SettingsBackend as _;
use domain::{Authorized, Caller, Error, Permission, Preference};
use jiff::Timestamp;
use store::admin_lists::AdminPosition;

use crate::Service;
use crate::export::CsvTable;
use crate::list_view::column_views;
use crate::paging::{Edges, decode, encode, page_of};

/// Rows of an export that are read at a time.
const EXPORTED_AT_ONCE: u32 = 1_000;

/// Rows of a list, and what lies beside them.
struct Found {
    rows: AdminRows,
    edges: Edges,
    /// The place after which more rows come; none if there are none.
    next: Option<AdminPosition>,
}

#[async_trait]
impl AdminListsBackend for Service {
    async fn admin_page(
        &self,
        caller: &Caller,
        list: AdminList,
        query: Vec<(String, String)>,
    ) -> Result<AdminPage, Error> {
        let by = caller.authorize_overview(Permission::Administer)?;
        let query = parse(list, query)?;
        let now = self.clock.now();
        let from = query.cursor.as_deref().map(|text| position(text, &query)).transpose()?;
        let limit = u32::from(query.limit.unwrap_or(DEFAULT_LIMIT));
        let Found { mut rows, edges, .. } = self.admin_rows(&by, &query, from.as_ref(), limit, now).await?;
        mark_own(&mut rows, caller);
        let view = self.admin_view(caller, &query, edges).await?;
        Ok(AdminPage { rows, view, rendered_at: now })
    }

    async fn export_admin(
        &self,
        caller: &Caller,
        list: AdminList,
        query: Vec<(String, String)>,
    ) -> Result<std::fs::File, Error> {
        let by = caller.authorize_overview(Permission::Administer)?;
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
        let now = self.clock.now();
        let mut from: Option<AdminPosition> = None;
        loop {
            let found = self.admin_rows(&by, &query, from.as_ref(), EXPORTED_AT_ONCE, now).await?;
            for row in cells(&found.rows) {
                let texts = places.iter().filter_map(|place| row.get(*place)).map(String::as_str);
                table.row(texts).map_err(broken)?;
            }
            if found.next.is_none() {
                break;
            }
            from = found.next;
        }
        let mut file = table.end().map_err(broken)?;
        file.rewind().map_err(broken)?;
        Ok(file)
    }

    async fn choose_admin_columns(
        &self,
        caller: &Caller,
        list: AdminList,
        columns: Vec<String>,
    ) -> Result<(), Error> {
        caller.require_administration(Permission::Administer)?;
        let names = columns.join(",");
        let pairs = if columns.is_empty() { Vec::new() } else { vec![("cols".to_owned(), names)] };
        parse(list, pairs).map_err(|error| match error {
            Error::Invalid(found) => {
                let detail = found.into_iter().map(|error| error.detail).collect::<Vec<_>>().join("; ");
                Error::invalid("/columns", detail)
            }
            other => other,
        })?;
        self.prefer(caller, Preference::AdminColumns(list, columns)).await
    }
}

impl Service {
    /// Up to `limit` rows from a place on.
    async fn admin_rows(
        &self,
        by: &Authorized,
        query: &AdminQuery,
        from: Option<&AdminPosition>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Found, Error> {
        // One more tells whether there is another page.
        let asked = limit + 1;
        Ok(match query.lane {
            AdminList::People => {
                let items = self.store.people_page(by, query, from, asked, now).await?;
                let (rows, edges, next) = cut(items, limit, from);
                Found { rows: AdminRows::People(rows), edges, next }
            }
            list => {
                let items = self.store.credential_page(by, query, from, asked, now).await?;
                let (rows, edges, next) = cut(items, limit, from);
                let is_tokens = list == AdminList::Tokens;
                let rows = if is_tokens { AdminRows::Tokens(rows) } else { AdminRows::Sessions(rows) };
                Found { rows, edges, next }
            }
        })
    }

    /// How a page is shown.
    async fn admin_view(
        &self,
        caller: &Caller,
        query: &AdminQuery,
        Edges { previous, next }: Edges,
    ) -> Result<ListView, Error> {
        let list = query.lane;
        let chosen = match caller.own() {
            _ if !query.columns.is_empty() => query.columns.clone(),
            Ok(person) => {
                let names = self.store.admin_columns(person, list).await?;
                names.iter().filter_map(|name| name.parse().ok()).collect()
            }
            Err(_) => Vec::new(),
        };
        Ok(ListView {
            columns: column_views(
                Column::of_list(list),
                &chosen,
                query.sort,
                Column::sort_key,
                SortKey::begins_descending,
            ),
            facets: Facet::of_list(list).iter().map(|facet| facet_view(query, *facet)).collect(),
            search: query.filter.search.clone().unwrap_or_default(),
            names_columns: !query.columns.is_empty(),
            previous,
            next,
        })
    }
}

/// A filter with what it may be set to. Nothing is counted: each filter has few values, all of which are in use.
fn facet_view(query: &AdminQuery, facet: Facet) -> FacetView {
    let chosen = query.filter.choices();
    let is_chosen = |value: &str| {
        let of = |(field, values): &(Field, Vec<String>)| {
            *field == facet.field() && values.iter().any(|known| known == value)
        };
        chosen.iter().any(of)
    };
    let choice = |value: &'static str| ChoiceView {
        label: value_label(facet.as_str(), value).to_owned(),
        count: None,
        chosen: is_chosen(value),
        value: value.to_owned(),
    };
    FacetView {
        name: facet.to_string(),
        label: facet.label().to_owned(),
        choices: choices(facet).into_iter().map(choice).collect(),
    }
}

/// The query of a list, and whether each of its parts is one of this list.
fn parse(list: AdminList, mut pairs: Vec<(String, String)>) -> Result<AdminQuery, Error> {
    pairs.push(("lane".to_owned(), list.to_string()));
    let query = AdminQuery::from_pairs(pairs)
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
    let offers = |field: Field| field.facet().is_some_and(|facet| Facet::of_list(list).contains(&facet));
    let odd =
        query.filter.choices().into_iter().find(|(field, values)| !values.is_empty() && !offers(*field));
    if let Some((field, _)) = odd {
        return Err(Error::invalid(format!("/{field}"), "is no filter of this list"));
    }
    Ok(query)
}

fn position(text: &str, query: &AdminQuery) -> Result<AdminPosition, Error> {
    decode(text, |position: &AdminPosition| position.fits(query.lane, query.sort.key))
}

/// Leaves `limit` rows, with the pages beside them and the place after which the next begins.
fn cut<T>(
    mut items: Vec<(AdminPosition, T)>,
    limit: u32,
    from: Option<&AdminPosition>,
) -> (Vec<T>, Edges, Option<AdminPosition>) {
    let edge = |row: Option<&(AdminPosition, T)>, before| {
        let at = row.map(|(at, _)| at.clone()).or_else(|| from.cloned());
        at.map(|at| encode(&AdminPosition { before, ..at }))
    };
    let edges = page_of(&mut items, limit, from.map(|from| from.before), edge);
    let next = items.last().filter(|_| edges.next.is_some()).map(|(at, _)| at.clone());
    (items.into_iter().map(|(_, row)| row).collect(), edges, next)
}

/// Says which session it is by which is asked.
fn mark_own(rows: &mut AdminRows, caller: &Caller) {
    if let AdminRows::Tokens(rows) | AdminRows::Sessions(rows) = rows {
        for row in rows {
            row.current = row.id == caller.credential;
        }
    }
}
