//! Queries and pages of lists of actions: the list kit, applied to the table of [`super::fields`].

use crate::actions::action::Action;
use crate::list::{self, ListQuery};

pub use super::fields::{Actions, Column, Facet, Field, Filter, SortKey, Undoable, field_label, value_label};
pub use crate::list::{DEFAULT_LIMIT, FacetValue, LIMITS, Period, QueryError, push_encoded, push_pair};

/// What a list of actions shows.
pub type ActionQuery = ListQuery<Actions>;

/// One page of actions.
pub type ActionPage = list::Page<Action>;

/// The order of a list of actions.
pub type Sort = list::Sort<SortKey>;

/// How many actions each choice of a filter has.
pub type Counts = list::Counts<Facet>;

/// How many actions each value of one filter has.
pub type FacetCounts = list::FacetCounts<Facet>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::string_enum::Word;
    use crate::core::time::Timestamp;
    use crate::list::ListFilter as _;
    use crate::list::Moment;
    use crate::{
        ActionId, ActionType, Decision, EntityKind, Lane, Severity, Source, Status, UndoState, Verdict,
    };
    use proptest::collection::btree_set;
    use proptest::option;
    use proptest::prelude::*;
    use proptest::sample::{Index, select, subsequence};
    use std::collections::BTreeSet;
    use uuid::Uuid;

    /// What a field takes of the words of all vocabularies; a field of names takes every one.
    fn words(field: &str) -> Vec<&'static str> {
        fn all<W: Word>() -> Vec<&'static str> {
            W::ALL.iter().map(|word| word.as_str()).collect()
        }
        let kinds = [all::<ActionType>(), all::<EntityKind>(), all::<Source>(), all::<Undoable>()];
        let states =
            [all::<Decision>(), all::<Status>(), all::<UndoState>(), all::<Severity>(), all::<Verdict>()];
        let mut words = [kinds.concat(), states.concat()].concat();
        words.retain(|word| matches!(Filter::default().read(field, word), Ok(true)));
        assert!(!words.is_empty(), "{field} takes none of the words: add its vocabulary");
        words
    }

    /// Values of the fields that have several: words, and for fields of names any text.
    fn choices() -> impl Strategy<Value = Vec<(&'static str, BTreeSet<String>)>> {
        let field = |field: &&'static str| {
            let field = *field;
            let word = select(words(field)).prop_map(str::to_owned);
            let takes_names = Filter::default().read(field, "any name").is_ok();
            let value = if takes_names { prop_oneof![word, ".{1,20}"].boxed() } else { word.boxed() };
            (Just(field), btree_set(value, 0..3))
        };
        Filter::CHOICES.iter().map(field).collect::<Vec<_>>()
    }

    fn times() -> impl Strategy<Value = Option<Moment>> {
        let time = |at| Timestamp::from_microsecond(at).unwrap();
        option::of((0_i64..4_000_000_000_000_000, any::<bool>()).prop_map(move |(at, is_day)| {
            if is_day { Moment::Day(time(at).to_string()[..10].to_owned()) } else { Moment::At(time(at)) }
        }))
    }

    fn filters() -> impl Strategy<Value = Filter> {
        let when = (option::of(select(Period::ALL)), times(), times(), option::of(".{1,40}"));
        let similar = option::of(any::<u128>().prop_map(|id| ActionId::from(Uuid::from_u128(id))));
        (choices(), when, similar).prop_map(|(choices, (period, from, to, search), similar)| {
            let free = period.is_none();
            let (from, to) = (from.filter(|_| free), to.filter(|_| free));
            let mut filter = Filter { similar, period, from, to, search, ..Filter::default() };
            for (field, values) in choices {
                for value in values {
                    assert!(filter.read(field, &value).unwrap(), "{field} {value}");
                }
            }
            filter
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
    fn a_day_stays_a_day_and_lasts_to_its_end() {
        let query = ActionQuery::from_pairs([("from", "2026-01-31"), ("to", "2026-01-31")]).unwrap();
        let pairs = query.pairs().into_iter().map(|(_, value)| value).collect::<Vec<_>>();
        assert_eq!(pairs, ["pending", "2026-01-31", "2026-01-31"]);
        let (from, to) = (query.filter.from.unwrap().begin(), query.filter.to.unwrap().end());
        assert_eq!(from, "2026-01-31T00:00:00Z".parse().ok());
        assert_eq!(to, "2026-02-01T00:00:00Z".parse().ok());
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
