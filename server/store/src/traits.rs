//! The traits of a row: what lists are filtered by most, packed into one number. Every index of an order carries it, so
//! that a walk along an order rules out rows without looking them up.
//!
//! A word stands for its place in its vocabulary, so a test on it is exact. A name stands for a few bits of its hash:
//! a test on it only rules out, and the row's own column decides. To add a filter, give it bits here and a line in
//! [`of`] and [`tests`]; rows are given their traits anew when [`version`] changes.

use std::collections::BTreeSet;

use domain::actions::query::{Filter, Undoable};
use domain::{Action, ActionType, Decision, EntityKind, Severity, Source, Status};
use sha2::{Digest, Sha256};

use super::keys::{Keys, device_group, key};

/// The bits of one trait.
#[derive(Clone, Copy)]
struct Bits {
    lowest: u32,
    mask: i64,
}

impl Bits {
    /// So many bits for so many words, at least.
    const fn new(lowest: u32, bits: u32, words: usize) -> Self {
        assert!(words <= 1 << bits, "the vocabulary has outgrown its bits");
        Self { lowest, mask: (1 << bits) - 1 }
    }

    const fn put(self, value: i64) -> i64 {
        value << self.lowest
    }
}

const TYPE: Bits = Bits::new(0, 6, ActionType::ALL.len());
const ENTITY_KIND: Bits = Bits::new(6, 5, EntityKind::ALL.len());
const DECISION: Bits = Bits::new(11, 4, Decision::ALL.len());
const SOURCE: Bits = Bits::new(15, 5, Source::ALL.len());
const STATUS: Bits = Bits::new(20, 4, Status::ALL.len());
const SEVERITY: Bits = Bits::new(24, 3, Severity::ALL.len());
const UNDOABLE: Bits = Bits::new(27, 1, Undoable::ALL.len());
const ASSET: Bits = Bits::new(28, 8, 0);
const DECIDED_BY: Bits = Bits::new(36, 6, 0);
// 47 bits in all: SQLite stores that in six bytes.
const DEVICE_GROUP: Bits = Bits::new(42, 5, 0);

/// The traits of a row.
pub(super) fn of(action: &Action, keys: &Keys) -> i64 {
    TYPE.put(action.action_type as i64)
        | ENTITY_KIND.put(action.entity.kind() as i64)
        | DECISION.put(action.decision as i64)
        | SOURCE.put(action.source as i64)
        | STATUS.put(action.status as i64)
        | SEVERITY.put(action.severity as i64)
        | UNDOABLE.put(keys.undoable as i64)
        | ASSET.put(hash(&keys.asset, ASSET))
        | DECIDED_BY.put(hash(&keys.decided_by, DECIDED_BY))
        | DEVICE_GROUP.put(hash(&keys.device_group, DEVICE_GROUP))
}

fn hash(key: &str, bits: Bits) -> i64 {
    let [first, second, ..]: [u8; 32] = Sha256::digest(key).into();
    i64::from(u16::from_be_bytes([first, second])) & bits.mask
}

/// What a row's traits must be like for the row to match.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tests {
    /// These bits must have this value: all filters with one value at once. Nothing, if there are none.
    pub(super) all: Option<(i64, i64)>,
    /// After shifting and masking it must be one of these.
    pub(super) any: Vec<(u32, i64, Vec<i64>)>,
}

/// The tests of a filter.
pub(super) fn tests(filter: &Filter) -> Tests {
    let names = |names: &BTreeSet<String>, bits: Bits, key: fn(&str) -> String| {
        names.iter().map(|name| hash(&key(name), bits)).collect::<BTreeSet<_>>()
    };
    let mut tests = Tests::default();
    for (bits, values) in [
        (TYPE, filter.action_type.iter().map(|word| *word as i64).collect()),
        (ENTITY_KIND, filter.entity_kind.iter().map(|word| *word as i64).collect()),
        (DECISION, filter.decision.iter().map(|word| *word as i64).collect()),
        (SOURCE, filter.source.iter().map(|word| *word as i64).collect()),
        (STATUS, filter.status.iter().map(|word| *word as i64).collect()),
        (SEVERITY, filter.severity.iter().map(|word| *word as i64).collect()),
        (UNDOABLE, filter.undoable.iter().map(|word| *word as i64).collect()),
        (ASSET, names(&filter.asset, ASSET, key)),
        (DECIDED_BY, names(&filter.decided_by, DECIDED_BY, key)),
        (DEVICE_GROUP, names(&filter.device_group, DEVICE_GROUP, device_group)),
    ] {
        let mut values: BTreeSet<i64> = values;
        match values.len() {
            0 => {}
            1 => {
                let (mask, value) = tests.all.unwrap_or_default();
                let only = values.pop_first().unwrap_or_default();
                tests.all = Some((mask | bits.put(bits.mask), value | bits.put(only)));
            }
            _ => tests.any.push((bits.lowest, bits.mask, values.into_iter().collect())),
        }
    }
    tests
}

/// Changes with the words of the vocabularies and their order.
pub(super) fn version() -> String {
    let words = [
        ActionType::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>(),
        EntityKind::ALL.iter().map(|word| word.as_str()).collect(),
        Decision::ALL.iter().map(|word| word.as_str()).collect(),
        Source::ALL.iter().map(|word| word.as_str()).collect(),
        Status::ALL.iter().map(|word| word.as_str()).collect(),
        Severity::ALL.iter().map(|word| word.as_str()).collect(),
        Undoable::ALL.iter().map(|word| word.as_str()).collect(),
    ];
    hex::encode(&Sha256::digest(words.concat().join(" "))[..8])
}

#[cfg(test)]
mod cases {
    use super::*;

    #[test]
    fn one_value_each_is_one_test() {
        let filter = Filter {
            action_type: [ActionType::ALL[3]].into(),
            status: [Status::ALL[2]].into(),
            severity: [Severity::ALL[0], Severity::ALL[4]].into(),
            ..Filter::default()
        };
        let tests = tests(&filter);
        assert_eq!(tests.all, Some((0b1111 << 20 | 0b11_1111, 2 << 20 | 3)));
        assert_eq!(tests.any, [(24, 0b111, vec![0, 4])]);
        assert_eq!(super::tests(&Filter::default()), Tests::default());
    }

    #[test]
    fn names_are_hashed_as_they_are_compared() {
        let upper = Filter { asset: ["LT-ÄÖ".to_owned()].into(), ..Filter::default() };
        let lower = Filter { asset: ["lt-äö".to_owned()].into(), ..Filter::default() };
        assert_eq!(tests(&upper), tests(&lower));
        let none = Filter { device_group: [Filter::UNGROUPED.to_owned()].into(), ..Filter::default() };
        assert_eq!(tests(&none).all.unwrap().1, DEVICE_GROUP.put(hash("", DEVICE_GROUP)));
    }
}
