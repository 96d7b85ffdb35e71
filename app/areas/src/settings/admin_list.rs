//! A list of what is administered: its address says what is shown, and the kit of lists stands around it.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_query_map;

use crate::investigations::case_list::{CaseLocation, KeptColumns, pager, table, toolbar};
use crate::settings::sheet::{Sheet, loaded};
use api::{ApiError, ChooseAdminColumns, Load, list_admin};
use domain::access::lists::{AdminList, AdminPage, AdminRows};

/// The list at its path. `rows` makes the cells of each row, in the order of all columns, and after them what stands
/// `beyond` all columns; `empty` is said where there is no row.
pub(super) fn admin_list(
    sheet: Sheet,
    list: AdminList,
    rows: impl Fn(&AdminRows) -> Vec<Vec<AnyView>> + Send + Sync + 'static,
    beyond: &'static [&'static str],
    empty: &'static str,
) -> AnyView {
    let query = use_query_map();
    let at = Memo::new(move |_| CaseLocation::of(list.path().to_owned(), &query.read()));
    let page: Load<Result<AdminPage, ApiError>> = Load::new(
        move || (sheet.sent.get(), at.read().asks()),
        move |(_, asks)| async move { list_admin(list, asks).await },
    );
    let kept = KeptColumns { path: ChooseAdminColumns::PATH, list: list.as_str() };
    loaded(page, move |_, page| {
        let at = at.get_untracked();
        view! {
            <div class="case-part">
                {toolbar(kept, &at, &page.view)}
                {table(list.label(), &at, &page.view, rows(&page.rows), beyond, empty)}
                {pager(&at, &page.view)}
            </div>
        }
        .into_any()
    })
}
