//! Numbers and spans of time as text.

use domain::home::Number;

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// With thin spaces between groups of three digits from 10,000 on.
#[must_use]
pub fn grouped(number: impl ToString) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// The number of a list; with a plus, if there are more.
pub(super) fn counted(number: &Number) -> String {
    let text = grouped(number.count);
    if number.more { text + "+" } else { text }
}

/// How long something took, in minutes, no finer than one cares for.
pub(super) fn took(minutes: i64) -> String {
    match minutes {
        i64::MIN..1 => "under 1 min".to_owned(),
        1..HOUR => format!("{minutes} min"),
        HOUR..DAY => format!("{} h {:02} min", minutes / HOUR, minutes % HOUR),
        _ if minutes < 14 * DAY => format!("{} d {} h", minutes / DAY, minutes % DAY / HOUR),
        _ => format!("{} d", minutes / DAY),
    }
}

/// A count with its noun.
#[must_use]
pub fn several(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_spans_read_naturally() {
        let table =
            [(0, "0"), (9_999, "9999"), (10_000, "10\u{202f}000"), (1_234_567, "1\u{202f}234\u{202f}567")];
        for (number, text) in table {
            assert_eq!(grouped(number), text);
        }
        let table = [
            (0, "under 1 min"),
            (1, "1 min"),
            (59, "59 min"),
            (70, "1 h 10 min"),
            (1_430, "23 h 50 min"),
            (1_440, "1 d 0 h"),
            (20_160, "14 d"),
        ];
        for (minutes, text) in table {
            assert_eq!(took(minutes), text);
        }
        assert_eq!(
            (several(1, "device", "devices"), several(2, "device", "devices")),
            ("1 device".into(), "2 devices".into())
        );
    }
}
