//! The filter bits of a row: what lists are filtered by most, packed into one number. Every index of an order carries it,
//! so that a walk along an order rules out rows without looking them up.
//!
//! A word stands for its place in its vocabulary, so a test on it is exact. A name stands for a few bits of its hash:
//! a test on it only rules out, and the row's own column decides. Which field has which bits, [`stored`] says; rows are
//! given their bits anew when a word gets another place (see `encoding`), but not when one is appended.

use std::collections::BTreeSet;

use domain::Action;
use domain::actions::query::{Field, Filter};

use crate::actions_fields::stored;
use crate::bits::Bits;
use crate::row_keys::Keys;

/// The filter bits of a row.
pub(crate) fn pack(action: &Action, keys: &Keys) -> i64 {
    let of = |field: &Field| {
        let stored = stored(*field);
        let key = keys.text(*field);
        stored.bits.map(|bits| bits.put(bits.number(|| stored.label(action, key), key)))
    };
    Field::ALL.iter().filter_map(of).fold(0, |packed, bits| packed | bits)
}

/// What a row's filter bits must be like for the row to match.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct BitTests {
    /// These bits must have this value: all filters with one value at once. Nothing, if there are none.
    pub(crate) all: Option<(i64, i64)>,
    /// After shifting and masking it must be one of these.
    pub(crate) any: Vec<(u32, i64, Vec<i64>)>,
}

impl BitTests {
    /// The tests of a filter.
    pub(crate) fn of(filter: &Filter) -> Self {
        let mut tests = Self::default();
        for (field, values) in filter.choices() {
            let stored = stored(field);
            if let Some(bits) = stored.bits {
                let number = |value: &String| bits.number(|| value.clone(), &stored.chosen_key(value));
                tests.add(bits, values.iter().map(number).collect());
            }
        }
        tests
    }

    fn add(&mut self, bits: Bits, mut numbers: BTreeSet<i64>) {
        match numbers.len() {
            0 => {}
            1 => {
                let (mask, value) = self.all.unwrap_or_default();
                let only = numbers.pop_first().unwrap_or_default();
                self.all = Some((mask | bits.mask(), value | bits.put(only)));
            }
            _ => self.any.push((bits.lowest(), bits.low_mask(), numbers.into_iter().collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{ActionType, Severity, Status};

    #[test]
    fn one_value_each_is_one_test() {
        let filter = Filter {
            action_type: [ActionType::ALL[3]].into(),
            status: [Status::ALL[2]].into(),
            severity: [Severity::ALL[0], Severity::ALL[4]].into(),
            ..Filter::default()
        };
        let tests = BitTests::of(&filter);
        assert_eq!(tests.all, Some((0b1111 << 14 | 0b1111_1111 << 41, 2 << 14 | 3 << 41)));
        assert_eq!(tests.any, [(18, 0b111, vec![0, 4])]);
        assert_eq!(BitTests::of(&Filter::default()), BitTests::default());
    }

    #[test]
    fn names_are_hashed_as_they_are_compared() {
        let upper = Filter { asset: ["LT-ÄÖ".to_owned()].into(), ..Filter::default() };
        let lower = Filter { asset: ["lt-äö".to_owned()].into(), ..Filter::default() };
        assert_eq!(BitTests::of(&upper), BitTests::of(&lower));
        let none = Filter { device_group: [Filter::UNGROUPED.to_owned()].into(), ..Filter::default() };
        let bits = stored(Field::DeviceGroup).bits.unwrap();
        assert_eq!(BitTests::of(&none).all.unwrap().1, bits.put(bits.number(String::new, "")));
    }

    /// As if there were so many types.
    #[test]
    fn there_is_room_for_256_types() {
        let bits = stored(Field::ActionType).bits.unwrap().numbered(|text| text.parse().ok());
        let packed = |number: i64| bits.put(bits.number(|| number.to_string(), "")) | 0b1_0101;
        for number in [0, 63, 64, 65, 255] {
            let mut tests = BitTests::default();
            tests.add(bits, [number].into());
            let (mask, value) = tests.all.unwrap();
            for other in 0..256 {
                assert_eq!(packed(other) & mask == value, other == number, "{other} as {number}");
            }
        }
        let mut tests = BitTests::default();
        tests.add(bits, [63, 64, 255].into());
        let (shift, mask, numbers) = &tests.any[0];
        let found = (0..256).filter(|number| numbers.contains(&(packed(*number) >> shift & mask)));
        assert_eq!(found.collect::<Vec<_>>(), [63, 64, 255]);
    }
}
