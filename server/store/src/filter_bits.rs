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

/// Above the bits of the fields stands the day of the last change, so that a walk rules out by the time, too.
const DAY_SHIFT: u32 = 49;
const DAYS: i64 = 1 << 13;
/// 2020-01-01, in days since 1970: what changed before counts as changed then, and what changes after 2042 as then.
const FIRST_DAY: i64 = 18_262;
const MICROS_A_DAY: i64 = 86_400_000_000;

/// The number of the day of a time, which grows with the time.
fn day(micros: i64) -> i64 {
    (micros.div_euclid(MICROS_A_DAY) - FIRST_DAY).clamp(0, DAYS - 1)
}

/// The condition on the filter bits of rows that changed at or after a time, and what those of them fulfil that did so
/// whatever the hour: their own time need not be asked.
pub(crate) fn since(micros: i64) -> (String, String) {
    let day = day(micros);
    (format!("filter_bits >= {}", day << DAY_SHIFT), format!("filter_bits >= {}", (day + 1) << DAY_SHIFT))
}

/// The same for rows that changed before a time.
pub(crate) fn until(micros: i64) -> (String, String) {
    let day = day(micros);
    // After the last day there is none.
    let end = if day + 1 < DAYS { (day + 1) << DAY_SHIFT } else { i64::MAX };
    (format!("filter_bits < {end}"), format!("filter_bits < {}", day << DAY_SHIFT))
}

/// The filter bits of a row.
pub(crate) fn pack(action: &Action, keys: &Keys) -> i64 {
    let changed = day(action.updated_at.as_microsecond()) << DAY_SHIFT;
    let of = |field: &Field| {
        let stored = stored(*field);
        let key = keys.of_field(*field);
        stored.bits.map(|bits| bits.put(bits.number(|| stored.label(action, key), key)))
    };
    Field::ALL.iter().filter_map(of).fold(changed, |packed, bits| packed | bits)
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
    use crate::keys::KeyValue;
    use domain::{ActionType, Severity, Status};

    /// Whatever the times, the first condition leaves out none that the time lets in, and the second lets in none that it
    /// leaves out.
    #[test]
    fn days_rule_out_and_decide() {
        let limit = |text: &str| text.rsplit(' ').next().unwrap().parse::<i64>().unwrap();
        let days = [0, 1, 18_261, 18_262, 18_263, 20_500, 20_501, 26_452, 26_453, 26_454, 40_000];
        let times = days.iter().flat_map(|day| [0, 1, MICROS_A_DAY - 1].map(|of| day * MICROS_A_DAY + of));
        let times: Vec<_> = times.collect();
        for edge in &times {
            let (from, surely_from) = since(*edge);
            let (to, surely_to) = until(*edge);
            for at in &times {
                for bits in [day(*at) << DAY_SHIFT, day(*at) << DAY_SHIFT | ((1 << DAY_SHIFT) - 1)] {
                    assert!(at < edge || bits >= limit(&from), "{at} {edge}");
                    assert!(at >= edge || bits < limit(&surely_from), "{at} {edge}");
                    assert!(at >= edge || bits < limit(&to), "{at} {edge}");
                    assert!(at < edge || bits >= limit(&surely_to), "{at} {edge}");
                }
            }
        }
    }

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
        assert_eq!(
            BitTests::of(&none).all.unwrap().1,
            bits.put(bits.number(String::new, &KeyValue::Text(String::new())))
        );
    }

    /// As if there were so many types.
    #[test]
    fn there_is_room_for_256_types() {
        let bits = stored(Field::ActionType).bits.unwrap().numbered(|text| text.parse().ok());
        let packed =
            |number: i64| bits.put(bits.number(|| number.to_string(), &KeyValue::Number(number))) | 0b1_0101;
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
