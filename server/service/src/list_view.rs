//! Lists each of whose tabs has columns, filters and orders of its own ([`TabbedList`]): how their queries are read, and how
//! pages of them are shown. No field of any list is known here.

use domain::core::string_enum::Word as _;
use domain::list::{
    ChoiceView, ColumnView, FacetValue, FacetView, ListFacet as _, ListFilter as _, ListLane as _, ListQuery,
    ListView, SEARCH, Sort, TabbedList,
};
use domain::settings::contract::SettingsBackend as _;
use domain::{Caller, Error, Preference};

use crate::Service;
use crate::paging::Edges;

/// The query of a tab, and whether each of its parts is one of this tab.
pub(super) fn parse<S: TabbedList>(
    tab: S::Lane,
    mut pairs: Vec<(String, String)>,
) -> Result<ListQuery<S>, Error> {
    pairs.extend(tab.name().map(|name| ("lane".to_owned(), name.to_owned())));
    let query = ListQuery::<S>::from_pairs(pairs)
        .map_err(|error| Error::invalid(format!("/{}", error.field), error.problem))?;
    let all = S::columns(tab);
    if let Some(other) = query.columns.iter().find(|column| !all.contains(column)) {
        let names = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(Error::invalid("/cols", format!("can't have {other}: this list has {names}")));
    }
    if !S::sorts(tab, query.sort.key) {
        let sort = query.sort.key;
        return Err(Error::invalid("/sort", format!("can't be {sort}: this list is not sorted by it")));
    }
    if let Some((field, _)) = filtered(&query).into_iter().find(|(field, _)| !S::filters(tab, field)) {
        return Err(Error::invalid(format!("/{field}"), "is no filter of this list"));
    }
    Ok(query)
}

/// The fields that a query filters by, each with one of its values.
fn filtered<S: TabbedList>(query: &ListQuery<S>) -> Vec<(&'static str, String)> {
    let mut pairs = Vec::new();
    query.filter.write(&mut pairs);
    pairs
}

/// A filter with what it may be set to; with how many rows each value has, if they were counted.
pub(super) fn facet_view<S: TabbedList>(
    query: &ListQuery<S>,
    facet: S::Facet,
    counts: Option<&[FacetValue]>,
) -> FacetView {
    let filtered = filtered(query);
    let choice = |(value, label): (&'static str, &'static str)| ChoiceView {
        label: label.to_owned(),
        count: counts.map(|counts| {
            counts.iter().find(|known| known.value == value).and_then(|known| known.count).unwrap_or(0)
        }),
        chosen: filtered.iter().any(|(field, known)| *field == facet.as_str() && known == value),
        value: value.to_owned(),
    };
    // A value that no row has is of no use, unless it is chosen.
    let useful = |of: &ChoiceView| of.chosen || of.count != Some(0);
    FacetView {
        name: facet.to_string(),
        label: facet.label().to_owned(),
        choices: facet.choices().into_iter().map(choice).filter(useful).collect(),
    }
}

/// All columns of a tab, first those that are shown: what was chosen of them, or all.
fn column_views<S: TabbedList>(query: &ListQuery<S>, chosen: &[S::Column]) -> Vec<ColumnView> {
    let (all, sort) = (S::columns(query.lane), query.sort);
    let mut shown: Vec<S::Column> = chosen.iter().copied().filter(|column| all.contains(column)).collect();
    if shown.is_empty() {
        shown = all.to_vec();
    }
    let hidden = all.iter().copied().filter(|column| !shown.contains(column)).map(|column| (column, false));
    let view = |(column, shown): (S::Column, bool)| {
        let key = S::sort_key(column);
        let sorted = key == Some(sort.key);
        let sorts_to = key.map(|key| {
            let descending = if sorted { !sort.descending } else { S::begins_descending(key) };
            Sort { key, descending }.to_string()
        });
        let cell = all.iter().position(|known| *known == column).unwrap_or_default();
        ColumnView {
            cell: u8::try_from(cell).unwrap_or_default(),
            name: column.to_string(),
            label: column.label().to_owned(),
            shown,
            sorts_to,
            descending: sorted.then_some(sort.descending),
        }
    };
    shown.iter().map(|column| (*column, true)).chain(hidden).map(view).collect()
}

impl Service {
    /// How a page is shown: with the columns that its query names, or those that the caller chose.
    pub(super) async fn list_view<S: TabbedList>(
        &self,
        caller: &Caller,
        query: &ListQuery<S>,
        facets: Vec<FacetView>,
        Edges { previous, next }: Edges,
    ) -> Result<ListView, Error> {
        let chosen: Vec<S::Column> = match caller.own() {
            _ if !query.columns.is_empty() => query.columns.clone(),
            Ok(person) => {
                let names = self.store.list_columns(person, &S::kept_as(query.lane)).await?;
                names.iter().filter_map(|name| name.parse().ok()).collect()
            }
            Err(_) => Vec::new(),
        };
        let search = filtered(query).into_iter().find(|(field, _)| *field == SEARCH);
        Ok(ListView {
            columns: column_views(query, &chosen),
            facets,
            search: search.map(|(_, text)| text).unwrap_or_default(),
            names_columns: !query.columns.is_empty(),
            previous,
            next,
        })
    }

    /// Keeps for the caller which columns a tab has, in this order; none for the usual ones.
    pub(super) async fn keep_columns<S: TabbedList>(
        &self,
        caller: &Caller,
        tab: S::Lane,
        columns: Vec<String>,
    ) -> Result<(), Error> {
        let names = columns.join(",");
        let pairs = if columns.is_empty() { Vec::new() } else { vec![("cols".to_owned(), names)] };
        parse::<S>(tab, pairs).map_err(|error| match error {
            Error::Invalid(found) => {
                let detail = found.into_iter().map(|error| error.detail).collect::<Vec<_>>().join("; ");
                Error::invalid("/columns", detail)
            }
            other => other,
        })?;
        self.prefer(caller, Preference::Columns(S::kept_as(tab), columns)).await
    }
}
