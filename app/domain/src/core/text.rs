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
    if !deceives(text, false) {
        return text.to_owned();
    }
    split_hidden(text, false)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) => text,
            Piece::Hidden(of) => format!("[{}]", code_point(of)),
            Piece::Lookalike(of, _) => format!("{of}[{}]", code_point(of)),
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
    /// A character that looks like another one, which stands second.
    Lookalike(char, char),
}

/// Whether anything in a text could deceive.
#[must_use]
pub fn deceives(text: &str, lines: bool) -> bool {
    !text.is_ascii() && split_hidden(text, lines).iter().any(|piece| !matches!(piece, Piece::Plain(_)))
        || text.chars().any(|of| is_hidden(of, lines))
}

/// Cuts a text at its hidden characters and at those that look like others; with `lines`, line breaks and tabs belong to
/// it, as in a comment.
#[must_use]
pub fn split_hidden(text: &str, lines: bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let is_disguised = is_disguised(text);
    for word in text.split_inclusive(|of: char| !of.is_alphanumeric()) {
        // A word of one script is a word of that script, unless all of it could be of another.
        let is_mixed = is_disguised || word.chars().any(|of| of.is_ascii_alphabetic());
        for of in word.chars() {
            match (lookalike(of), pieces.last_mut()) {
                _ if is_hidden(of, lines) => pieces.push(Piece::Hidden(of)),
                (Some(Like::Sign(other)), _) => pieces.push(Piece::Lookalike(of, other)),
                (Some(Like::Letter(other)), _) if is_mixed => pieces.push(Piece::Lookalike(of, other)),
                (_, Some(Piece::Plain(text))) => text.push(of),
                _ => pieces.push(Piece::Plain(of.to_string())),
            }
        }
    }
    pieces
}

/// Whether all letters beyond Latin ones look like Latin ones: no text of another script is like that for long.
fn is_disguised(text: &str) -> bool {
    let mut foreign =
        text.chars().filter(|of| of.is_alphabetic() && matches!(of, '\u{370}'..='\u{52f}')).peekable();
    foreign.peek().is_some() && foreign.all(|of| lookalike(of).is_some())
}

/// What a character looks like.
enum Like {
    /// A sign that separates parts of paths and names, wherever it stands.
    Sign(char),
    /// A letter of another script, which is one among its own.
    Letter(char),
}

/// Letters of Cyrillic and Greek, and what they look like.
const LETTERS: &str =
    "аaеeоoрpсcуyхxіiјjѕsһhԁdԛqԝwӏlАAВBЕEЅSІIЈJКKМMНHОOРPСCТTУYХXοoαaνvιiρpυuΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX";

fn lookalike(of: char) -> Option<Like> {
    if of.is_ascii() {
        return None;
    }
    let sign = match of {
        '\u{2024}' | '\u{fe52}' | '\u{ff0e}' | '\u{3002}' | '\u{ff61}' => '.',
        '\u{2044}' | '\u{2215}' | '\u{29f8}' | '\u{ff0f}' => '/',
        '\u{2216}' | '\u{29f5}' | '\u{29f9}' | '\u{fe68}' | '\u{ff3c}' => '\\',
        '\u{2236}' | '\u{a789}' | '\u{fe55}' | '\u{ff1a}' => ':',
        '\u{fe6b}' | '\u{ff20}' => '@',
        '\u{2010}' | '\u{2011}' | '\u{2212}' | '\u{ff0d}' => '-',
        // Full-width letters and digits.
        '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => {
            char::from_u32(u32::from(of) - 0xfee0)?
        }
        _ => {
            let mut pairs = LETTERS.chars();
            while let (Some(letter), Some(other)) = (pairs.next(), pairs.next()) {
                if letter == of {
                    return Some(Like::Letter(other));
                }
            }
            return None;
        }
    };
    Some(Like::Sign(sign))
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
        assert!(deceives("a\u{7}", false) && !deceives("plain", false));
    }

    #[test]
    fn t15_what_looks_like_something_else_is_marked() {
        let marked = |text: &str| {
            let pieces = split_hidden(text, false);
            let like = pieces.iter().filter_map(|piece| match piece {
                Piece::Lookalike(_, other) => Some(*other),
                _ => None,
            });
            like.collect::<String>()
        };
        for (text, like) in [
            ("p\u{430}ypal.example", "a"),
            ("\u{440}\u{430}\u{443}\u{440}\u{430}l.example", "paypa"),
            ("invoice\u{2024}pdf.exe", "."),
            ("C:\u{2216}Windows", "\\"),
            ("https://good.example\u{2215}evil", "/"),
            ("\u{ff41}dmin", "a"),
            ("\u{3bf}ffice.exe", "o"),
            // All of it could be Latin.
            ("\u{441}\u{43e}\u{441}\u{43e}", "coco"),
        ] {
            assert_eq!(marked(text), like, "{text}");
            assert!(deceives(text, false));
        }
        for text in ["Отчёт за май.docx", "Μεγάλη αναφορά.pdf", "请求.txt", "Zoë Müller", "Привет Anna"]
        {
            assert_eq!(marked(text), "", "{text}");
        }
        let letters: Vec<char> = LETTERS.chars().collect();
        assert!(letters.chunks(2).all(|of| !of[0].is_ascii() && of[1].is_ascii_alphabetic()));
        assert_eq!(escape_controls("a\u{2024}b"), "a\u{2024}[U+2024]b");
    }
}
