//! Text from outside, with the characters that could make it look like other text shown by their number.

use leptos::prelude::*;

use super::markup::Markup;

/// Names, paths and comments come from whoever attacks: a right-to-left override can make `exe.pdf` of `fdp.exe`.
#[component]
pub(super) fn VisibleText(
    /// The text.
    text: String,
    /// Whether line breaks and tabs belong to it, as in a comment.
    #[prop(optional)]
    lines: bool,
) -> impl IntoView {
    if text.chars().any(|of| is_hidden(of, lines)) {
        marked(&text, lines).into_any()
    } else {
        text.into_any()
    }
}

/// The same within an element.
pub(super) fn visible(element: Markup, text: &str) -> Markup {
    if text.chars().any(|of| is_hidden(of, false)) {
        element.child(marked(text, false))
    } else {
        element.text(text.to_owned())
    }
}

fn marked(text: &str, lines: bool) -> Markup {
    split(text, lines).into_iter().fold(Markup::new("bdi").with("class", "suspicious"), |marked, piece| {
        match piece {
            Piece::Plain(text) => marked.text(text),
            Piece::Hidden(of) => {
                let hidden =
                    Markup::new("span").with("class", "hidden-char").with("title", "Hidden character");
                marked.child(hidden.text(number(of)))
            }
        }
    })
}

/// The same for places that hold no markup, such as a tooltip.
#[must_use]
pub fn spelled_out(text: &str) -> String {
    if !text.chars().any(|of| is_hidden(of, false)) {
        return text.to_owned();
    }
    split(text, false)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) => text,
            Piece::Hidden(of) => format!("[{}]", number(of)),
        })
        .collect()
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Plain(String),
    Hidden(char),
}

fn split(text: &str, lines: bool) -> Vec<Piece> {
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

fn number(of: char) -> String {
    format!("U+{:04X}", u32::from(of))
}

/// Control, direction and zero-width characters, fillers, and spaces that are not the ordinary one.
fn is_hidden(of: char, lines: bool) -> bool {
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
    fn what_deceives_is_spelled_out_and_what_does_not_stays() {
        assert_eq!(spelled_out("invoice\u{202e}fdp.exe"), "invoice[U+202E]fdp.exe");
        assert_eq!(spelled_out("a\u{200b}\u{2066}b\nc"), "a[U+200B][U+2066]b[U+000A]c");
        for plain in ["C:\\Users\\Zoë Müller\\Straße.docx", "请求.txt", "اسم", "a b"] {
            assert_eq!(spelled_out(plain), plain);
        }
        assert_eq!(split("a\nb", true), [Piece::Plain("a\nb".to_owned())]);
    }
}
