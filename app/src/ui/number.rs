//! Numbers as text.

/// With a thin space between thousands where there are ten of them or more, for example `12 345`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart_from_ten_thousand_on() {
        let table = [
            (0, "0"),
            (9_999, "9999"),
            (12_345, "12\u{202f}345"),
            (123_456, "123\u{202f}456"),
            (1_234_567, "1\u{202f}234\u{202f}567"),
        ];
        for (number, text) in table {
            assert_eq!(grouped(number), text);
        }
    }
}
