//! Text from outside, with the characters that could make it look like other text shown by their number, or marked where
//! they can be seen and taken for others.

use leptos::prelude::*;

use super::markup::Markup;
use domain::core::text::{Piece, code_point, deceives, split_hidden};

/// Names, paths and comments come from whoever attacks: a right-to-left override can make `exe.pdf` of `fdp.exe`.
#[component]
pub fn VisibleText(
    /// The text from outside.
    text: String,
    /// Whether line breaks and tabs belong to it, as in a comment.
    #[prop(optional)]
    lines: bool,
) -> impl IntoView {
    if deceives(&text, lines) { marked(&text, lines).into_any() } else { text.into_any() }
}

/// Appends a text from outside to an element, with its bidirectional and other hidden characters shown by their code
/// points.
pub fn reveal_bidi(element: Markup, text: &str) -> Markup {
    if deceives(text, false) { element.child(marked(text, false)) } else { element.text(text.to_owned()) }
}

fn marked(text: &str, lines: bool) -> Markup {
    split_hidden(text, lines).into_iter().fold(
        Markup::new("bdi").with("class", "suspicious"),
        |marked, piece| match piece {
            Piece::Plain(text) => marked.text(text),
            Piece::Hidden(of) => {
                let hidden =
                    Markup::new("span").with("class", "hidden-char").with("title", "Hidden character");
                marked.child(hidden.text(code_point(of)))
            }
            Piece::Lookalike(of, other) => {
                let title = format!("{}, which looks like {other}", code_point(of));
                marked.child(
                    Markup::new("span")
                        .with("class", "lookalike-char")
                        .with("title", title)
                        .text(of.to_string()),
                )
            }
        },
    )
}
