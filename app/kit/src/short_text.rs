//! A long value on one line: shortened in its middle by the style, whole in its tooltip and for copying.

use crate::markup::Markup;
use crate::visible_text::reveal_bidi;
use domain::core::text::escape_controls;
use leptos::prelude::*;

/// Characters at the end of a hash that are always shown.
const END: usize = 12;
/// Maximum bytes of the end of any other value: as many letters as fit in the narrowest column.
const MAX_END: usize = 20;

/// Letters of a head that are always shown: as many as the style's minimum width has room for.
const MIN_HEAD: usize = 3;

/// The ends of a path or hash tell it from others; the middle rarely does.
#[component]
pub fn ShortText(
    /// The value, not shortened.
    text: String,
) -> impl IntoView {
    let title = escape_controls(&text);
    let (head, tail) = halves(&text);
    let short = Markup::new("span").with("class", "short-text").with("title", title);
    let short = short.child(reveal_bidi(head_of(head), head));
    if tail.is_empty() { short } else { reveal_bidi(short, tail) }
}

/// The element of a head. One too short to be shortened gives no room away either: a gap would read as blanks.
pub fn head_of(head: &str) -> Markup {
    let element = Markup::new("span");
    if head.chars().count() > MIN_HEAD { element.with("class", "short-head") } else { element }
}

/// Splits a text into a head that may be shortened and an end that may not, for an element with the class `short-text`.
pub fn halves(text: &str) -> (&str, &str) {
    text.split_at(tail_start(text))
}

/// Where the end begins that must stay: that of a file's name, which says what kind it really is, a count or number in
/// brackets, that of a hash. Half a number would be a lie, so other texts give way at their end.
fn tail_start(text: &str) -> usize {
    let segment = text.rfind(['\\', '/']).filter(|&at| at > 0);
    let longest = text.ceil_char_boundary(text.len().saturating_sub(MAX_END));
    if let Some(at) = segment {
        return at.max(longest);
    }
    let bracket = text.rfind(" (").filter(|&at| text.ends_with(')') && at >= longest);
    let is_hash = text.len() > 2 * END && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    bracket.unwrap_or(if is_hash { text.len() - END } else { text.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_cut_stays() {
        let table = [
            ("C:\\Users\\omar\\AppData\\Local\\Temp\\report.xlsm", "\\report.xlsm"),
            (r"C:\Users\ana\Downloads\Freight_Invoice_88213.pdf.exe", "nvoice_88213.pdf.exe"),
            ("/usr/bin/a-name-that-is-long.sh (214 messages)", "ng.sh (214 messages)"),
            ("/usr/bin/python3.11 (4412)", "/python3.11 (4412)"),
            ("Your parcel could not be delivered (214 messages)", " (214 messages)"),
            ("9f86d081884c7d659a2feaa0c55ad015", "eaa0c55ad015"),
            ("hr-ws-022.corp.contoso-energy.example", ""),
            ("/a-directory-at-the-root-with-a-very-long-name", ""),
            ("éé/éé", "/éé"),
            ("", ""),
        ];
        for (text, tail) in table {
            assert_eq!(&text[tail_start(text)..], tail, "{text}");
        }
    }
}
