//! A list of incidents, investigations or what is administered, or a tab of one: its filters, columns, order and pages.
//! Which there are, the server says; the address is the state, and each change a link or a form, so that all works
//! without wasm.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::params::ParamsMap;

use super::records::{framed, heading};
use api::ChooseColumns;
use domain::actions::query::push_pair;
use domain::cases::CaseList;
use domain::investigations::Tab;
use domain::list::{ColumnView, FacetView, ListView};
use kit::icon::Icon;
use kit::pager::{Neighbours, Pager};
use kit::url::with_query;

const TAB: &str = "tab";
const CURSOR: &str = "cursor";
const PANEL: &str = "panel";
const COLUMNS: &str = "columns";

/// Where a list stands: its page, its tab, what is asked for, and whether its columns are being chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CaseLocation {
    /// The path of its page.
    path: String,
    /// The tab, if it is one.
    tab: Option<String>,
    /// Filter, order and columns by their names.
    pairs: Vec<(String, String)>,
    cursor: Option<String>,
    choosing: bool,
}

impl CaseLocation {
    /// As an address says it.
    pub(crate) fn of(path: String, query: &ParamsMap) -> Self {
        let mut at = Self { path, tab: None, pairs: Vec::new(), cursor: None, choosing: false };
        for (name, value) in query {
            match name.as_ref() {
                _ if value.is_empty() => {}
                TAB => at.tab = Some(value.to_owned()),
                CURSOR => at.cursor = Some(value.to_owned()),
                PANEL => at.choosing = value == COLUMNS,
                // What a form without wasm came back with.
                name if name.starts_with("__") => {}
                name => at.pairs.push((name.to_owned(), value.to_owned())),
            }
        }
        at
    }

    /// The tab that it names.
    pub(crate) fn current(&self) -> Tab {
        self.tab.as_ref().and_then(|tab| tab.parse().ok()).unwrap_or(Tab::Graph)
    }

    /// The first page, all of it, of another tab.
    pub(crate) fn tab(&self, tab: Option<&str>) -> Self {
        let tab = tab.map(str::to_owned);
        Self { path: self.path.clone(), tab, pairs: Vec::new(), cursor: None, choosing: false }
    }

    /// What is asked of the server, encoded as in a URL.
    pub(crate) fn asks(&self) -> String {
        let mut query = self.shows();
        if let Some(cursor) = &self.cursor {
            push_pair(&mut query, CURSOR, cursor);
        }
        query
    }

    fn shows(&self) -> String {
        let mut query = String::new();
        for (name, value) in &self.pairs {
            push_pair(&mut query, name, value);
        }
        query
    }

    /// Its address.
    pub(crate) fn href(&self) -> String {
        let mut query = String::new();
        if let Some(tab) = &self.tab {
            push_pair(&mut query, TAB, tab);
        }
        for (name, value) in &self.pairs {
            push_pair(&mut query, name, value);
        }
        if let Some(cursor) = &self.cursor {
            push_pair(&mut query, CURSOR, cursor);
        }
        if self.choosing {
            push_pair(&mut query, PANEL, COLUMNS);
        }
        with_query(self.path.clone(), &query)
    }

    /// Whether a search or a filter narrows the list.
    fn is_narrowed(&self) -> bool {
        self.pairs.iter().any(|(name, _)| !matches!(name.as_str(), "sort" | "cols" | "limit"))
    }

    /// The first page with one field in place of what it was.
    fn with(&self, name: &str, value: &str) -> Self {
        let mut at = Self { cursor: None, ..self.clone() };
        at.pairs.retain(|(known, _)| known != name);
        at.pairs.push((name.to_owned(), value.to_owned()));
        at
    }

    fn page(&self, cursor: String) -> String {
        Self { cursor: Some(cursor), ..self.clone() }.href()
    }

    /// Fields that a form keeps as they are.
    fn kept(&self, names: &[&str]) -> AnyView {
        let tab = self.tab.clone().map(|tab| (TAB.to_owned(), tab));
        let pairs = self.pairs.iter().filter(|(name, _)| names.contains(&name.as_str())).cloned();
        tab.into_iter()
            .chain(pairs)
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> }.into_any())
            .collect_view()
            .into_any()
    }
}

/// The server function that keeps the columns that a person chose for a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeptColumns {
    /// The path of the server function that keeps them.
    pub(crate) path: &'static str,
    /// The list, as that function calls it.
    pub(crate) list: &'static str,
}

impl KeptColumns {
    /// Of a list of incidents or investigations, or a tab.
    pub(crate) fn of_cases(list: CaseList) -> Self {
        Self { path: ChooseColumns::PATH, list: list.as_str() }
    }
}

/// The toolbar above a list: search, filters, columns and export.
pub(crate) fn toolbar(kept: KeptColumns, at: &CaseLocation, of: &ListView) -> AnyView {
    let export = with_query(
        format!("/export{}{}", at.path, at.tab.as_ref().map_or_else(String::new, |tab| format!("/{tab}"))),
        &at.shows(),
    );
    let chosen = of.facets.iter().flat_map(|facet| &facet.choices).filter(|choice| choice.chosen).count();
    let is_filtered = chosen > 0;
    let filters = (!of.facets.is_empty()).then(|| {
        let facets = of.facets.iter().map(facet).collect_view();
        let number = is_filtered.then(|| view! { <span class="number">{chosen}</span> }.into_any());
        view! {
            <details class="case-more" open=is_filtered>
                <summary class="button">"Filters" {number}</summary>
                <div class="case-facets">{facets}</div>
            </details>
        }
        .into_any()
    });
    let all = at.is_narrowed().then(|| {
        let href = CaseLocation { pairs: Vec::new(), cursor: None, ..at.clone() }.href();
        view! { <a class="button quiet" href=href>"Show all"</a> }.into_any()
    });
    view! {
        <form class="case-filter" action=at.path.clone()>
            {at.kept(&["sort", "cols", "limit", "incident"])}
            <label class="field">
                <span class="field-label">"Rows with"</span>
                <input type="search" name="q" maxlength="200" value=of.search.clone()/>
            </label>
            {filters}
            <button class="button" type="submit">
                "Apply"
            </button>
            {all}
            <a class="button quiet" href=export rel="external" download>
                "Export CSV"
            </a>
        </form>
        {columns(kept, at, of)}
    }
    .into_any()
}

fn facet(of: &FacetView) -> AnyView {
    let name = of.name.clone();
    let choices = of
        .choices
        .iter()
        .map(|choice| {
            let count = choice.count.map(|count| view! { <span class="facet-count">{count}</span> }.into_any());
            view! {
                <label class="facet-value">
                    <input type="checkbox" name=name.clone() value=choice.value.clone() checked=choice.chosen/>
                    <span class="facet-word">{choice.label.clone()}</span>
                    {count}
                </label>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <fieldset class="facet">
            <legend>{of.label.clone()}</legend>
            {choices}
        </fieldset>
    }
    .into_any()
}

/// The form by which columns are chosen. The page is loaded anew with them.
fn columns(KeptColumns { path, list }: KeptColumns, at: &CaseLocation, of: &ListView) -> AnyView {
    let mut back = CaseLocation { choosing: true, ..at.clone() };
    back.pairs.retain(|(name, _)| name != "cols");
    let back = back.href();
    let shown = of.columns.iter().filter(|column| column.shown).count();
    let items =
        of.columns.iter().enumerate().map(|(place, column)| item(column, place, shown)).collect_view();
    let note = of.names_columns.then(|| {
        view! { <p class="case-lead">"The address of this list names its columns; what is chosen here is for all others."</p> }
            .into_any()
    });
    view! {
        <details class="case-more" open=at.choosing>
            <summary class="button quiet">"Customize columns"</summary>
            <form class="case-columns" method="post" action=path>
                <input type="hidden" name="list" value=list/>
                <input type="hidden" name="back" value=back.clone()/>
                {note}
                <ul>{items}</ul>
                <button class="button" type="submit">
                    "Save columns"
                </button>
            </form>
            <form method="post" action=path>
                <input type="hidden" name="list" value=list/>
                <input type="hidden" name="back" value=back/>
                <button class="button quiet" type="submit">
                    "Back to the usual columns"
                </button>
            </form>
        </details>
    }
    .into_any()
}

fn item(column: &ColumnView, place: usize, shown: usize) -> AnyView {
    let step = |way: &'static str, possible: bool| {
        let label = format!("Move {} {way}", column.label);
        view! {
            <button
                class="icon-button"
                type="submit"
                name="shift"
                value=format!("{way}:{}", column.name)
                title=label.clone()
                aria-label=label
                disabled=!possible
            >
                <Icon name=way/>
            </button>
        }
        .into_any()
    };
    let steps = column.shown.then(|| (step("up", place > 0), step("down", place + 1 < shown)));
    view! {
        <li>
            <label class="check">
                <input type="checkbox" name="columns[]" value=column.name.clone() checked=column.shown/>
                {column.label.clone()}
            </label>
            {steps}
        </li>
    }
    .into_any()
}

/// A list as a table: of each row the cells of the columns that are shown, and what stands beyond all columns.
pub(crate) fn table(
    label: &'static str,
    at: &CaseLocation,
    of: &ListView,
    rows: Vec<Vec<AnyView>>,
    beyond: &[&'static str],
    empty: &'static str,
) -> AnyView {
    if rows.is_empty() {
        let empty = if at.is_narrowed() { "No row matches." } else { empty };
        return view! { <p class="records-empty">{empty}</p> }.into_any();
    }
    let shown: Vec<_> = of.columns.iter().filter(|column| column.shown).collect();
    let heads = shown
        .iter()
        .map(|column| {
            let href = column.sorts_to.as_ref().map(|sort| at.with("sort", sort).href());
            heading(&column.label, href, column.descending)
        })
        .chain(beyond.iter().map(|head| heading(head, None, None)))
        .collect_view();
    let places: Vec<_> = shown.iter().map(|column| usize::from(column.cell)).collect();
    let all = of.columns.len();
    let rows = rows
        .into_iter()
        .map(|cells| {
            let mut cells: Vec<_> = cells.into_iter().map(Some).collect();
            let beyond = cells.split_off(all.min(cells.len()));
            let mut shown =
                places.iter().filter_map(|place| cells.get_mut(*place)?.take()).collect::<Vec<_>>();
            shown.extend(beyond.into_iter().flatten());
            shown
        })
        .collect();
    framed(label, heads.into_any(), rows)
}

/// The links to the pages beside one; none where there is one page only.
pub(crate) fn pager(at: &CaseLocation, of: &ListView) -> AnyView {
    if of.previous.is_none() && of.next.is_none() {
        return ().into_any();
    }
    let page = |cursor: &Option<String>| cursor.clone().map(|cursor| at.page(cursor));
    let (previous, next) = (page(&of.previous), page(&of.next));
    view! {
        <Pager neighbours=move || Neighbours {
            previous: previous.clone(),
            next: next.clone(),
            summary: String::new(),
        }>""</Pager>
    }
    .into_any()
}
