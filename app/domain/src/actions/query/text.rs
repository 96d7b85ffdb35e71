//! A query as names and values: the text of a URL. Both directions stand here, from one table.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use super::{ActionQuery, Column, Filter, LIMITS, Sort, SortKey};
use crate::actions::lifecycle::Lane;
use crate::core::time::{SignedDuration, Timestamp};

/// Values of one field; beyond that nobody typed it, and databases have bounds of their own.
const MOST_VALUES: usize = 100;

const DAY: &str = "2026-01-31";

/// Characters of one value.
const LONGEST_VALUE: usize = 500;

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

/// The fields that hold several values, with their names: `$on` is called with each.
macro_rules! each_set {
    ($filter:expr, $on:ident) => {
        $on!($filter, action_type, "type");
        $on!($filter, entity_kind, "entity_type");
        $on!($filter, asset, "asset");
        $on!($filter, decision, "decision");
        $on!($filter, decided_by, "decided_by");
        $on!($filter, source, "source");
        $on!($filter, status, "status");
        $on!($filter, severity, "severity");
        $on!($filter, device_group, "device_group");
        $on!($filter, investigation, "investigation");
        $on!($filter, approval, "approval");
        $on!($filter, undoable, "undoable");
    };
}

/// The names of all fields, for whoever used another.
const NAMES: &str = "lane, type, entity_type, asset, decision, decided_by, source, status, severity, device_group, \
                     investigation, approval, undoable, similar, period, from, to, q, sort, cols, limit and cursor";

impl ActionQuery {
    /// The query as names and values, without what is the default anyway. Reading them gives the same query.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("lane", self.lane.to_string())];
        macro_rules! write_set {
            ($filter:expr, $field:ident, $name:literal) => {
                pairs.extend($filter.$field.iter().map(|value| ($name, value.to_string())));
            };
        }
        each_set!(self.filter, write_set);
        let Filter { similar, period, from, to, search, .. } = &self.filter;
        pairs.extend(similar.map(|id| ("similar", id.to_string())));
        pairs.extend(period.map(|period| ("period", period.to_string())));
        pairs.extend(from.map(|from| ("from", from.to_string())));
        pairs.extend(to.map(|to| ("to", to.to_string())));
        pairs.extend(search.clone().map(|search| ("q", search)));
        if self.sort != Sort::of(self.lane) {
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
            if !matches!(name, "lane" | "cursor") {
                push_pair(&mut shows, name, &value);
            }
        }
        shows
    }

    /// Reads names and values. Without a lane it is Pending.
    ///
    /// # Errors
    /// The first field that is unknown, stands twice where one value is meant, or has a value that it can't have.
    pub fn from_pairs(
        pairs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
    ) -> Result<Self, QueryError> {
        let mut filter = Filter::default();
        let (mut lane, mut sort, mut columns, mut limit, mut cursor) = (None, None, None, None, None);
        for (name, value) in pairs {
            let (name, value) = (name.as_ref(), value.as_ref());
            if value.chars().count() > LONGEST_VALUE {
                return Err(QueryError::new(name, format!("is longer than {LONGEST_VALUE} characters")));
            }
            macro_rules! read_set {
                ($filter:expr, $field:ident, $set_name:literal) => {
                    if name == $set_name {
                        add(&mut $filter.$field, name, value)?;
                        continue;
                    }
                };
            }
            each_set!(filter, read_set);
            match name {
                "lane" => once(&mut lane, name, word::<Lane>(name, value)?)?,
                "similar" => once(&mut filter.similar, name, word(name, value)?)?,
                "period" => once(&mut filter.period, name, word(name, value)?)?,
                "from" => once(&mut filter.from, name, time(name, value)?)?,
                "to" => once(&mut filter.to, name, time(name, value)?)?,
                // An empty search box is no search.
                "q" if value.is_empty() => {}
                "q" => once(&mut filter.search, name, value.to_owned())?,
                "sort" => once(&mut sort, name, read_sort(name, value)?)?,
                "cols" => once(&mut columns, name, read_columns(name, value)?)?,
                "limit" => once(&mut limit, name, read_limit(name, value)?)?,
                "cursor" => once(&mut cursor, name, value.to_owned())?,
                _ => return Err(QueryError::new(name, format!("is no field of a list; it has {NAMES}"))),
            }
        }
        if filter.period.is_some() && (filter.from.is_some() || filter.to.is_some()) {
            return Err(QueryError::new("period", "does not go together with from and to"));
        }
        let lane = lane.unwrap_or(Lane::Pending);
        let sort = sort.unwrap_or(Sort::of(lane));
        Ok(Self { lane, filter, sort, columns: columns.unwrap_or_default(), limit, cursor })
    }
}

/// Adds a name and a value to an encoded query.
pub fn push_pair(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    push_encoded(query, name);
    query.push('=');
    push_encoded(query, value);
}

/// Percent-encodes what is not unreserved in RFC 3986.
pub fn push_encoded(into: &mut String, value: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(HEX[usize::from(byte >> 4)]));
            into.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

fn once<T>(slot: &mut Option<T>, name: &str, value: T) -> Result<(), QueryError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(QueryError::new(name, "stands twice")),
    }
}

fn add<T: FromStr + Ord>(set: &mut BTreeSet<T>, name: &str, value: &str) -> Result<(), QueryError> {
    if value.is_empty() {
        return Err(QueryError::new(name, "is empty"));
    }
    set.insert(word(name, value)?);
    if set.len() > MOST_VALUES {
        return Err(QueryError::new(name, format!("has more than {MOST_VALUES} values")));
    }
    Ok(())
}

fn word<T: FromStr>(name: &str, value: &str) -> Result<T, QueryError> {
    value.parse().map_err(|_| QueryError::new(name, format!("can't be {value:?}")))
}

/// A time, or a day (in UTC) as the date fields of a page send it: from its beginning, to its end.
fn time(name: &str, value: &str) -> Result<Timestamp, QueryError> {
    let day = (value.len() == DAY.len()).then(|| format!("{value}T00:00:00Z").parse::<Timestamp>().ok());
    let day = day.flatten().and_then(|begin| {
        begin.checked_add(SignedDuration::from_hours(if name == "to" { 24 } else { 0 })).ok()
    });
    day.map_or_else(|| value.parse().ok(), Some).ok_or_else(|| {
        QueryError::new(name, format!("is {value:?}; write a day like {DAY} or a time like {DAY}T00:00:00Z"))
    })
}

fn read_sort(name: &str, value: &str) -> Result<Sort, QueryError> {
    value.parse().map_err(|_| {
        let error = format!(
            "can't be {value:?}; it is one of {}, with - before it for descending",
            list(SortKey::ALL)
        );
        QueryError::new(name, error)
    })
}

fn read_columns(name: &str, value: &str) -> Result<Vec<Column>, QueryError> {
    let mut columns = Vec::new();
    for column in value.split(',') {
        let column = column.parse().map_err(|_| {
            QueryError::new(name, format!("can't have {column:?}; it has some of {}", list(Column::ALL)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::query::{Period, Undoable};
    use crate::{ActionId, ActionType, Decision, EntityKind, Severity, Source, Status};
    use proptest::collection::btree_set;
    use proptest::option;
    use proptest::prelude::*;
    use proptest::sample::{Index, select, subsequence};
    use uuid::Uuid;

    fn words<T: Copy + Ord + std::fmt::Debug + 'static>(
        all: &'static [T],
    ) -> impl Strategy<Value = BTreeSet<T>> {
        btree_set(select(all), 0..3)
    }

    fn texts() -> impl Strategy<Value = BTreeSet<String>> {
        btree_set(".{1,20}", 0..3)
    }

    fn times() -> impl Strategy<Value = Option<Timestamp>> {
        option::of((0_i64..4_000_000_000_000_000).prop_map(|at| Timestamp::from_microsecond(at).unwrap()))
    }

    fn filters() -> impl Strategy<Value = Filter> {
        let kinds =
            (words(ActionType::ALL), words(EntityKind::ALL), words(Decision::ALL), words(Source::ALL));
        let more = (words(Status::ALL), words(Severity::ALL), words(Undoable::ALL));
        let names = (texts(), texts(), texts(), texts(), texts());
        let when = (option::of(select(Period::ALL)), times(), times(), option::of(".{1,40}"));
        let similar = option::of(any::<u128>().prop_map(|id| ActionId::from(Uuid::from_u128(id))));
        (kinds, more, names, when, similar).prop_map(|(kinds, more, names, when, similar)| {
            let (action_type, entity_kind, decision, source) = kinds;
            let (status, severity, undoable) = more;
            let (asset, decided_by, device_group, investigation, approval) = names;
            let (period, from, to, search) = when;
            let free = period.is_none();
            Filter {
                action_type,
                entity_kind,
                asset,
                decision,
                decided_by,
                source,
                status,
                severity,
                device_group,
                investigation,
                approval,
                undoable,
                similar,
                period,
                search,
                from: from.filter(|_| free),
                to: to.filter(|_| free),
            }
        })
    }

    fn queries() -> impl Strategy<Value = ActionQuery> {
        let sort =
            (select(SortKey::ALL), any::<bool>()).prop_map(|(key, descending)| Sort { key, descending });
        let limit = option::of(any::<Index>().prop_map(|index| *index.get(&LIMITS)));
        let columns = subsequence(Column::ALL, 0..=Column::ALL.len()).prop_shuffle();
        (select(Lane::ALL), filters(), sort, columns, limit, option::of("[A-Za-z0-9_-]{1,40}")).prop_map(
            |(lane, filter, sort, columns, limit, cursor)| ActionQuery {
                lane,
                filter,
                sort,
                columns,
                limit,
                cursor,
            },
        )
    }

    proptest! {
        #[test]
        fn a_query_reads_back_as_it_was_written(query in queries()) {
            let pairs = query.pairs();
            prop_assert_eq!(ActionQuery::from_pairs(pairs.clone()).unwrap(), query);
            let mut back = pairs;
            back.reverse();
            prop_assert!(ActionQuery::from_pairs(back).is_ok(), "the order of the fields does not matter");
        }
    }

    #[test]
    fn what_is_not_named_is_the_default() {
        assert_eq!(ActionQuery::from_pairs([("q", "")]).unwrap(), ActionQuery::of(Lane::Pending));
        let history = ActionQuery::of(Lane::History);
        assert_eq!(history.pairs(), [("lane", "history".to_owned())]);
        assert_eq!(history.shows(), "");
        let pairs = [("lane", "history"), ("q", "a b&c=/é"), ("limit", "50"), ("cursor", "x")];
        assert_eq!(ActionQuery::from_pairs(pairs).unwrap().shows(), "q=a%20b%26c%3D%2F%C3%A9&limit=50");
    }

    #[test]
    fn a_day_lasts_to_its_end() {
        let query = ActionQuery::from_pairs([("from", "2026-01-31"), ("to", "2026-01-31")]).unwrap();
        let pairs = query.pairs().into_iter().map(|(_, value)| value).collect::<Vec<_>>();
        assert_eq!(pairs, ["pending", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"]);
    }

    #[test]
    fn an_error_names_the_field() {
        let long = "x".repeat(501);
        let table: &[(&[(&str, &str)], &str)] = &[
            (&[("colour", "red")], "colour is no field of a list"),
            (&[("lane", "past")], "lane can't be \"past\""),
            (&[("lane", "history"), ("lane", "history")], "lane stands twice"),
            (&[("type", "explode")], "type can't be \"explode\""),
            (&[("similar", "")], "similar can't be \"\""),
            (&[("similar", "INV-1")], "similar can't be"),
            (&[("asset", "")], "asset is empty"),
            (&[("asset", &long)], "asset is longer than 500"),
            (&[("limit", "7")], "limit is \"7\""),
            (&[("limit", "+25")], "limit is \"+25\""),
            (&[("sort", "-comment")], "sort can't be \"-comment\""),
            (&[("sort", "--updated")], "sort can't be"),
            (&[("cols", "")], "cols can't have \"\""),
            (&[("cols", "asset,colour")], "cols can't have \"colour\""),
            (&[("cols", "asset,asset")], "cols names asset twice"),
            (&[("from", "yesterday")], "from is \"yesterday\""),
            (&[("period", "7d"), ("to", "2026-01-31T00:00:00Z")], "period does not go together"),
        ];
        for (pairs, want) in table {
            let error = ActionQuery::from_pairs(pairs.iter().copied()).unwrap_err().to_string();
            assert!(error.starts_with(want), "{error}");
        }
        let many = (0..101).map(|n| ("asset", n.to_string()));
        assert_eq!(ActionQuery::from_pairs(many).unwrap_err().field, "asset");
    }
}
