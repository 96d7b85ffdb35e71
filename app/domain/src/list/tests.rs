//! A second list, to see that the kit knows no field of the first: audit records, without tabs.

use super::{ListQuery, ListSpec, Moment, Sort, moment, word};
use crate::AuditKind;
use crate::core::actor::ActorKind;
use crate::core::id::ActionId;
use crate::core::time::Timestamp;

#[expect(unreachable_pub, reason = "the macro serves the areas' public tables")]
mod records {
    use super::{ActionId, ActorKind, AuditKind, Moment, Timestamp, moment, word};
    use crate::list::list_fields;

    list_fields! {
        orders {}
        columns {
            Seq = "seq" "Number": String { sort Descending }
            At = "at" "Time": Timestamp {}
            Kind = "kind" "What happened": AuditKind { sort Ascending counted kind "What happened." }
            By = "by" "Who": String { uncounted by "Names of people and tools." }
        }
        filters {
            ByKind = "by_kind" "Kind of actor": ActorKind { counted by_kind "Kinds of actors." }
        }
        once {
            action = "action" "Action": ActionId { word, "The action." }
            since = "since" "Since": Moment { moment, "At or after this time." }
        }
    }
}

use records::{Column, Facet, Field, Filter, SortKey, field_label, value_label};

#[derive(Debug, Clone, PartialEq, Eq)]
enum Records {}

impl ListSpec for Records {
    type Lane = ();
    type Column = Column;
    type SortKey = SortKey;
    type Filter = Filter;

    const DEFAULT_COLUMNS: &'static [Column] = &[Column::Seq, Column::Kind];

    fn default_sort((): ()) -> Sort<SortKey> {
        Sort { key: SortKey::Seq, descending: true }
    }
}

type Query = ListQuery<Records>;

#[test]
fn another_list_has_the_same_text_form() {
    let pairs = [
        ("kind", AuditKind::ALL[0].as_str()),
        ("by", "Ana"),
        ("by", "Bo"),
        ("by_kind", "user"),
        ("since", "2026-01-31T00:00:00Z"),
        ("sort", "kind"),
        ("cols", "by,at"),
        ("limit", "25"),
    ];
    let query = Query::from_pairs(pairs).unwrap();
    assert_eq!(query.filter.by.len(), 2);
    assert_eq!(query.shown_columns(), [Column::By, Column::At]);
    let written = query.pairs();
    assert_eq!(written.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(), pairs);
    assert_eq!(Query::of(()).pairs(), []);
    assert_eq!(Query::of(()).shown_columns(), [Column::Seq, Column::Kind]);
    let error = |pair| Query::from_pairs([pair]).unwrap_err().to_string();
    assert_eq!(
        error(("lane", "pending")),
        "lane is no field of a list; it has kind, by, by_kind, action, since, sort, cols, limit and cursor"
    );
    assert!(error(("sort", "at")).starts_with("sort can't be \"at\"; it is one of seq, kind"));
}

#[test]
fn another_list_has_labels_orders_and_facets() {
    assert_eq!((field_label("by_kind"), field_label("at")), ("Kind of actor", "at"));
    assert_eq!(value_label("by_kind", "user"), ActorKind::User.label());
    assert_eq!((Column::At.sort_key(), Column::At.field()), (None, Field::At));
    assert_eq!((SortKey::Kind.field(), Facet::Kind.field()), (Field::Kind, Field::Kind));
    assert!(SortKey::Seq.begins_descending() && !SortKey::Kind.begins_descending());
    assert_eq!(Field::ALL.iter().filter_map(|field| field.facet()).collect::<Vec<_>>(), Facet::ALL);
    let filter = Filter { by_kind: [ActorKind::User].into(), ..Filter::default() };
    assert_eq!(filter.without(Facet::ByKind), Some(Filter::default()));
    assert_eq!(filter.without(Facet::Kind), None);
    assert_eq!(Filter::CHOICES, ["kind", "by", "by_kind"]);
    let choices = filter.choices().into_iter().filter(|(_, values)| !values.is_empty());
    assert_eq!(choices.collect::<Vec<_>>(), [(Field::ByKind, vec!["user".to_owned()])]);
}
