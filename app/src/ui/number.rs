//! Numbers as text.

/// With thin spaces between groups of three, from 10,000 on.
pub(super) fn grouped(number: impl ToString) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// For example `1 action` and `20 actions`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{} {noun}{end}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_where_they_are_long() {
        let table = [
            (0, "0 actions"),
            (1, "1 action"),
            (9_999, "9999 actions"),
            (10_000, "10\u{2009}000 actions"),
            (1_234_567, "1\u{2009}234\u{2009}567 actions"),
        ];
        for (number, want) in table {
            assert_eq!(counted(number, "action"), want);
        }
    }
}
