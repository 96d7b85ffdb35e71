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
use store::admin_lists::AdminPosition;

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
        let asked = limit + 1;
        Ok(match query.lane {
            AdminList::People => {
                let items = self.store.people_page(by, query, from, asked, now).await?;
                let (rows, edges, next) = cut(items, limit, from);
                Found { rows: AdminRows::People(rows), edges, next }
            }
            AdminList::Roles => {
                let items = self.store.role_page(by, query, from, asked, now).await?;
                let (rows, edges, next) = cut(items, limit, from);
                Found {
                    rows: AdminRows::Roles(rows.into_iter().map(RoleGroupView::of).collect()),
                    edges,
                    next,
                }
            }
            AdminList::DeviceGroups => {
                let items = self.store.device_group_page(by, query, from, asked, now).await?;
                let (rows, edges, next) = cut(items, limit, from);
                let rows = rows.into_iter().map(|(group, devices)| DeviceGroupView { group, devices });
                Found { rows: AdminRows::DeviceGroups(rows.collect()), edges, next }
            }
            list @ (AdminList::Tokens | AdminList::Sessions) => {
                let items = self.store.credential_page(by, query, from, asked, now).await?;
                let (rows, edges, next) = cut(items, limit, from);
                let is_tokens = list == AdminList::Tokens;
                let rows = if is_tokens { AdminRows::Tokens(rows) } else { AdminRows::Sessions(rows) };
                Found { rows, edges, next }
            }
        })
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
