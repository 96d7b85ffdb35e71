//! Numbers as text.

/// With thin spaces between the thousands from 10,000 on, as the eye needs them.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_stand_apart_from_ten_thousand_on() {
        for (number, text) in [(0, "0"), (9_999, "9999"), (10_000, "10\u{2009}000"), (1_234_567, "1\u{2009}234\u{2009}567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
