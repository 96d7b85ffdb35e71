//! Text for people: counts, spans of time, and what of a text from outside may deceive the eye.

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// Characters of a text that a proposer sends.
pub const MAX_TEXT: usize = 4_096;
/// Characters of a command line, a URL, or a piece of evidence: the longest that Windows takes.
pub const MAX_LONG_TEXT: usize = 32_768;

/// Checks a text: not blank, not longer than so many characters, without NUL.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn check_text(text: &str, limit: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("must not be empty".to_owned());
    }
    let count = text.chars().count();
    if count > limit {
        return Err(format!("has {count} characters; at most {limit}"));
    }
    // PostgreSQL stores no NUL, and nothing that a person names holds one.
    if text.contains('\0') {
        return Err("must not contain the character NUL".to_owned());
    }
    Ok(())
}

/// With thin spaces between groups of three digits from 10,000 on.
#[must_use]
pub fn format_count(number: impl ToString) -> String {
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

/// How long something took, in minutes, no finer than one cares for.
#[must_use]
pub fn format_duration(minutes: i64) -> String {
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
pub fn pluralize(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", format_count(count), if count == 1 { one } else { many })
}

/// A text with the characters that could make it look like another shown by their number, for places that hold no
/// markup, such as a tooltip.
#[must_use]
pub fn escape_controls(text: &str) -> String {
    if !text.chars().any(|of| is_hidden(of, false)) {
        return text.to_owned();
    }
    split_hidden(text, false)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) => text,
            Piece::Hidden(of) => format!("[{}]", code_point(of)),
        })
        .collect()
}

/// A piece of a text from outside.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Shown as it is.
    Plain(String),
    /// A character to be shown by its number ([`code_point`]).
    Hidden(char),
}

/// Cuts a text at its hidden characters; with `lines`, line breaks and tabs belong to it, as in a comment.
#[must_use]
pub fn split_hidden(text: &str, lines: bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for of in text.chars() {
        match pieces.last_mut() {
            _ if is_hidden(of, lines) => pieces.push(Piece::Hidden(of)),
            Some(Piece::Plain(text)) => text.push(of),
            _ => pieces.push(Piece::Plain(of.to_string())),
        }
    }
    pieces
}

/// The number of a character, as Unicode writes it: `U+202E`.
#[must_use]
pub fn code_point(of: char) -> String {
    format!("U+{:04X}", u32::from(of))
}

/// Whether it could deceive: control, direction and zero-width characters, fillers, and spaces that are not the ordinary one.
#[must_use]
pub fn is_hidden(of: char, lines: bool) -> bool {
    if matches!(of, ' '..='~') {
        return false;
    }
    if lines && matches!(of, '\n' | '\r' | '\t') {
        return false;
    }
    of.is_control()
        || (of.is_whitespace() && of != ' ')
        || matches!(of,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_spans_read_naturally() {
        let table =
            [(0, "0"), (9_999, "9999"), (10_000, "10\u{202f}000"), (1_234_567, "1\u{202f}234\u{202f}567")];
        for (number, text) in table {
            assert_eq!(format_count(number), text);
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
            assert_eq!(format_duration(minutes), text);
        }
        assert_eq!(
            (pluralize(1, "device", "devices"), pluralize(2, "device", "devices")),
            ("1 device".into(), "2 devices".into())
        );
    }

    #[test]
    fn what_deceives_is_escaped_and_what_does_not_stays() {
        assert_eq!(escape_controls("invoice\u{202e}fdp.exe"), "invoice[U+202E]fdp.exe");
        assert_eq!(escape_controls("a\u{200b}\u{2066}b\nc"), "a[U+200B][U+2066]b[U+000A]c");
        for plain in ["C:\\Users\\Zoë Müller\\Straße.docx", "请求.txt", "اسم", "a b"] {
            assert_eq!(escape_controls(plain), plain);
        }
        assert_eq!(split_hidden("a\nb", true), [Piece::Plain("a\nb".to_owned())]);
    }
}
