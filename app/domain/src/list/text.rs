//! A query as names and values: the text of a URL, in both directions.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use super::period::NoMoment;
use super::{LIMITS, ListFilter as _, ListLane as _, ListQuery, ListSpec, Moment, Sort, push_pair};
use crate::core::string_enum::Word;

/// Values of one field; beyond that nobody typed it, and databases have bounds of their own.
const MAX_VALUES: usize = 100;

/// Characters of one value.
const MAX_LENGTH: usize = 500;

/// The names that a query has beside its filter's, first and last.
const LANE: &str = "lane";
const MANNER: [&str; 4] = ["sort", "cols", "limit", "cursor"];

/// A query that can't be read: which field, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct QueryError {
    /// The field's name as it was given.
    pub field: String,
    /// What is wrong, to be read after the name.
    pub problem: String,
}

impl QueryError {
    /// Something wrong with a field.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

impl<S: ListSpec> ListQuery<S> {
    /// The query as names and values, without what is the default anyway. Reading them gives the same query.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        pairs.extend(self.lane.name().map(|lane| (LANE, lane.to_owned())));
        self.filter.write(&mut pairs);
        if self.sort != S::default_sort(self.lane) {
            pairs.push(("sort", self.sort.to_string()));
        }
        if !self.columns.is_empty() {
            pairs.push((
                "cols",
                self.columns.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(","),
            ));
        }
        pairs.extend(self.limit.map(|limit| ("limit", limit.to_string())));
        pairs.extend(self.cursor.clone().map(|cursor| ("cursor", cursor)));
        pairs
    }

    /// All of it but the tab and the page, encoded as in a URL.
    #[must_use]
    pub fn shows(&self) -> String {
        let mut shows = String::new();
        for (name, value) in self.pairs() {
            if !matches!(name, LANE | "cursor") {
                push_pair(&mut shows, name, &value);
            }
        }
        shows
    }

    /// Reads names and values. Without a lane it is the first.
    ///
    /// # Errors
    /// The first field that is unknown, stands twice where one value is meant, or has a value that it can't have.
    pub fn from_pairs(
        pairs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
    ) -> Result<Self, QueryError> {
        let mut filter = S::Filter::default();
        let (mut lane, mut sort, mut columns, mut limit, mut cursor) = (None, None, None, None, None);
        for (name, value) in pairs {
            let (name, value) = (name.as_ref(), value.as_ref());
            if value.chars().count() > MAX_LENGTH {
                return Err(QueryError::new(name, format!("is longer than {MAX_LENGTH} characters")));
            }
            if filter.read(name, value)? {
                continue;
            }
            match name {
                LANE if has_lanes::<S>() => once(&mut lane, name, Some(read_lane::<S>(name, value)?))?,
                "sort" => once(&mut sort, name, Some(read_sort(name, value)?))?,
                "cols" => once(&mut columns, name, Some(read_columns(name, value)?))?,
                "limit" => once(&mut limit, name, Some(read_limit(name, value)?))?,
                "cursor" => once(&mut cursor, name, Some(value.to_owned()))?,
                _ => {
                    return Err(QueryError::new(
                        name,
                        format!("is no field of a list; it has {}", names::<S>()),
                    ));
                }
            }
        }
        S::check(&filter)?;
        let lane = lane.unwrap_or(S::Lane::LANES[0]);
        let sort = sort.unwrap_or(S::default_sort(lane));
        Ok(Self { lane, filter, sort, columns: columns.unwrap_or_default(), limit, cursor })
    }
}

/// Whether its queries name a tab.
pub(super) fn has_lanes<S: ListSpec>() -> bool {
    S::Lane::LANES.iter().any(|lane| lane.name().is_some())
}

/// The names of all fields, for whoever used another.
fn names<S: ListSpec>() -> String {
    let lane = has_lanes::<S>().then_some(LANE);
    let fields = S::Filter::FIELDS.iter().map(|field| field.name);
    let names: Vec<_> = lane.into_iter().chain(fields).chain(MANNER).collect();
    let (last, others) = names.split_last().unwrap_or((&"", &[]));
    format!("{} and {last}", others.join(", "))
}

/// Fills a field that has one value at most.
pub(crate) fn once<T>(slot: &mut Option<T>, name: &str, value: Option<T>) -> Result<(), QueryError> {
    if value.is_none() || slot.is_none() {
        *slot = value.or(slot.take());
        return Ok(());
    }
    Err(QueryError::new(name, "stands twice"))
}

/// Adds a value to a field that may have several.
pub(crate) fn add<T: FromStr<Err: Display> + Ord>(
    set: &mut BTreeSet<T>,
    name: &str,
    value: &str,
) -> Result<(), QueryError> {
    if value.is_empty() {
        return Err(QueryError::new(name, "is empty"));
    }
    set.extend(word::<T>(name, value)?);
    if set.len() > MAX_VALUES {
        return Err(QueryError::new(name, format!("has more than {MAX_VALUES} values")));
    }
    Ok(())
}

/// Reads a word, or another value with one text form.
pub(crate) fn word<T: FromStr<Err: Display>>(name: &str, value: &str) -> Result<Option<T>, QueryError> {
    value.parse().map(Some).map_err(|error: T::Err| {
        let error = error.to_string();
        // A vocabulary says what would do.
        let can_not = || format!("can't be {value:?}: {error}");
        QueryError::new(name, if error.starts_with("can't be") { error.clone() } else { can_not() })
    })
}

/// Reads what is searched for: an empty search box is no search.
#[expect(clippy::unnecessary_wraps, reason = "one of the readers of fields")]
pub(crate) fn search(_name: &str, value: &str) -> Result<Option<String>, QueryError> {
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

/// Reads a time, or a day as the date fields of a page send it.
pub(crate) fn moment(name: &str, value: &str) -> Result<Option<Moment>, QueryError> {
    let moment = value.parse().map(Some);
    moment.map_err(|error: NoMoment| QueryError::new(name, format!("is {value:?}; {error}")))
}

fn read_lane<S: ListSpec>(name: &str, value: &str) -> Result<S::Lane, QueryError> {
    let lane = S::Lane::LANES.iter().copied().find(|lane| lane.name() == Some(value));
    lane.ok_or_else(|| {
        let lanes: Vec<_> = S::Lane::LANES.iter().filter_map(|lane| lane.name()).collect();
        QueryError::new(name, format!("can't be {value:?}; it is one of {}", lanes.join(", ")))
    })
}

fn read_sort<K: Word>(name: &str, value: &str) -> Result<Sort<K>, QueryError> {
    value.parse().map_err(|_| {
        let error =
            format!("can't be {value:?}; it is one of {}, with - before it for descending", list(K::ALL));
        QueryError::new(name, error)
    })
}

fn read_columns<C: Word>(name: &str, value: &str) -> Result<Vec<C>, QueryError> {
    let mut columns = Vec::new();
    for column in value.split(',') {
        let column = column.parse().map_err(|_| {
            QueryError::new(name, format!("can't have {column:?}; it has some of {}", list(C::ALL)))
        })?;
        if columns.contains(&column) {
            return Err(QueryError::new(name, format!("names {column} twice")));
        }
        columns.push(column);
    }
    Ok(columns)
}

fn read_limit(name: &str, value: &str) -> Result<u16, QueryError> {
    value
        .parse()
        .ok()
        .filter(|limit: &u16| LIMITS.contains(limit) && limit.to_string() == value)
        .ok_or_else(|| QueryError::new(name, format!("is {value:?}; it is one of {}", list(&LIMITS))))
}

fn list<T: Display>(words: &[T]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
