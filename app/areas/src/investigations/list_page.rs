//! The page of a list of incidents or investigations.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::case_list::{CaseLocation, KeptColumns, pager, toolbar};
use super::rows::cells_of;
use super::waiting::CaseRequests;
use api::{ApiError, Load, list_cases};
use domain::cases::{CaseList, CasePage};
use kit::failure::Failure;
use kit::skeleton::Skeleton;

/// The page of a list of incidents or investigations.
pub(crate) fn list_page(list: CaseList, path: &'static str, failure: &'static str) -> AnyView {
    let query = use_query_map();
    let at = Memo::new(move |_| CaseLocation::of(path.to_owned(), &query.read()));
    let page: Load<Result<CasePage, ApiError>> =
        Load::new(move || at.read().asks(), move |asks| async move { list_cases(list, asks).await });
    let requests = CaseRequests::new();
    let content = move || {
        Some(match page.get()? {
            Ok(page) => {
                let at = at.get_untracked();
                view! {
                    {toolbar(KeptColumns::of_cases(list), &at, &page.view)}
                    {cells_of(page.rows, &page.view, &at, requests, None)}
                    {pager(&at, &page.view)}
                }
                .into_any()
            }
            Err(ApiError { code, .. }) => view! {
                <Failure title=failure code href=path retry=move |()| page.refetch()/>
            }
            .into_any(),
        })
    };
    view! {
        <Title text=format!("{} · Countersign", list.label())/>
        <div class="case">
            <h1>{list.label()}</h1>
            <Transition fallback=Skeleton>
                <div class="slot case-part">{move || content()}</div>
            </Transition>
        </div>
    }
    .into_any()
}
