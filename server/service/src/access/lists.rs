//! Lists of people, tokens, sessions, role groups and device groups: a page in any order, and all of it as CSV. Only for who
//! administers people, or for device groups who configures, which the statement asks for once more.

use async_trait::async_trait;
use domain::access::contract::{DeviceGroupView, RoleGroupView};
use domain::access::lists::cells::cells;
use domain::access::lists::contract::AdminListsBackend;
use domain::access::lists::fields::{AdminQuery, Administered, Facet};
use domain::access::lists::{AdminList, AdminPage, AdminRows};
use domain::list::DEFAULT_LIMIT;
use domain::{Authorized, Caller, Denied, Error, Permission};
use jiff::Timestamp;
use store::admin_lists::{AdminPosition, AdminRow};

use crate::Service;
use crate::list_export::{EXPORTED_AT_ONCE, ListExport};
use crate::list_view::{facet_view, parse};
use crate::paging::{Edges, cut, decode};

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
        let by = authorize(caller, list)?;
        let query = parse::<Administered>(list, query)?;
        let now = self.clock.now();
        let from = query.cursor.as_deref().map(|text| position(text, &query)).transpose()?;
        let limit = u32::from(query.limit.unwrap_or(DEFAULT_LIMIT));
        let Found { mut rows, edges, .. } = self.admin_rows(&by, &query, from.as_ref(), limit, now).await?;
        mark_own(&mut rows, caller);
        // Nothing is counted: each filter has few values, all of which are in use.
        let facets = Facet::of_list(list).iter().map(|facet| facet_view(&query, *facet, None)).collect();
        let view = self.list_view(caller, &query, facets, edges).await?;
        Ok(AdminPage { rows, view, rendered_at: now })
    }

    async fn export_admin(
        &self,
        caller: &Caller,
        list: AdminList,
        query: Vec<(String, String)>,
    ) -> Result<std::fs::File, Error> {
        let by = authorize(caller, list)?;
        let query = parse::<Administered>(list, query)?;
        let mut export = ListExport::begin(&query)?;
        let now = self.clock.now();
        let mut from: Option<AdminPosition> = None;
        loop {
            let found = self.admin_rows(&by, &query, from.as_ref(), EXPORTED_AT_ONCE, now).await?;
            for row in cells(&found.rows) {
                export.row(|place| row.get(place).map(String::as_str))?;
            }
            if found.next.is_none() {
                return export.end();
            }
            from = found.next;
        }
    }

    async fn choose_admin_columns(
        &self,
        caller: &Caller,
        list: AdminList,
        columns: Vec<String>,
    ) -> Result<(), Error> {
        authorize(caller, list)?;
        self.keep_columns::<Administered>(caller, list, columns).await
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
        let items = self.store.admin_page(by, query, from, limit + 1, now).await?;
        let (rows, edges, next) = cut(items, limit, from);
        Ok(Found { rows: typed(query.lane, rows), edges, next })
    }
}

/// The rows of a list as its page shows them.
fn typed(list: AdminList, rows: Vec<AdminRow>) -> AdminRows {
    fn all<T>(rows: Vec<AdminRow>, of: impl Fn(AdminRow) -> Option<T>) -> Vec<T> {
        rows.into_iter().filter_map(of).collect()
    }
    let credential = |row| match row {
        AdminRow::Credential(of) => Some(*of),
        _ => None,
    };
    match list {
        AdminList::Tokens => AdminRows::Tokens(all(rows, credential)),
        AdminList::Sessions => AdminRows::Sessions(all(rows, credential)),
        AdminList::People => AdminRows::People(all(rows, |row| match row {
            AdminRow::Person(of) => Some(*of),
            _ => None,
        })),
        AdminList::Roles => AdminRows::Roles(all(rows, |row| match row {
            AdminRow::Role(group, members) => Some(RoleGroupView::of((*group, members))),
            _ => None,
        })),
        AdminList::DeviceGroups => AdminRows::DeviceGroups(all(rows, |row| match row {
            AdminRow::DeviceGroup(group, devices) => Some(DeviceGroupView { group: *group, devices }),
            _ => None,
        })),
    }
}

/// Who may see a list.
fn authorize(caller: &Caller, list: AdminList) -> Result<Authorized, Denied> {
    if list == AdminList::DeviceGroups
        && let Ok(by) = caller.authorize_overview(Permission::Configure)
    {
        return Ok(by);
    }
    caller.authorize_overview(Permission::Administer)
}

fn position(text: &str, query: &AdminQuery) -> Result<AdminPosition, Error> {
    decode(text, |position: &AdminPosition| position.fits(query.lane, query.sort.key))
}

/// Says which session it is by which is asked.
fn mark_own(rows: &mut AdminRows, caller: &Caller) {
    if let AdminRows::Tokens(rows) | AdminRows::Sessions(rows) = rows {
        for row in rows {
            row.current = row.id == caller.credential;
        }
    }
}
