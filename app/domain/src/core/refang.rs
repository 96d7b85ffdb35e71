//! Defanged text: addresses and links that somebody made harmless for reading (`hxxps://evil[.]example`), and back.

/// What stands for which characters.
const MARKS: [(&str, &str); 20] = [
    ("[://]", "://"),
    ("[:]//", "://"),
    ("[:/]/", "://"),
    ("[.]", "."),
    ("(.)", "."),
    ("{.}", "."),
    ("<.>", "."),
    ("[dot]", "."),
    ("(dot)", "."),
    ("{dot}", "."),
    ("[.", "."),
    (".]", "."),
    ("[:]", ":"),
    ("[/]", "/"),
    ("[@]", "@"),
    ("(@)", "@"),
    ("{@}", "@"),
    ("[at]", "@"),
    ("(at)", "@"),
    ("{at}", "@"),
];

/// Likewise, but only in what can hold no backslash and no space.
const LINK_MARKS: [(&str, &str); 4] = [("\\.", "."), (" dot ", "."), (" . ", "."), (" at ", "@")];

/// Likewise, but only in a name that would hold no space then.
const SPOKEN_MARKS: [(&str, &str); 3] = [(" dot ", "."), (" at ", "@"), (" . ", ".")];

/// Beginnings of links that no program follows.
const SCHEMES: [(&str, &str); 12] = [
    ("hxxps:", "https:"),
    ("hxxp:", "http:"),
    ("hxtps:", "https:"),
    ("hxtp:", "http:"),
    ("htxps:", "https:"),
    ("htxp:", "http:"),
    ("hxps:", "https:"),
    ("hxp:", "http:"),
    ("h**ps:", "https:"),
    ("h**p:", "http:"),
    ("fxps:", "ftps:"),
    ("fxp:", "ftp:"),
];

/// The text as it was before it was defanged; none if it was not.
#[must_use]
pub fn refang(text: &str) -> Option<String> {
    let plain = undo(text, &MARKS);
    (plain != text).then_some(plain)
}

/// The same for the name of an account, a mailbox or a host: also where marks are spoken (`kim at corp dot example`).
#[must_use]
pub fn refang_name(text: &str) -> Option<String> {
    let plain = with_scheme(undo(text.trim(), &MARKS));
    let spoken = undo(&plain, &SPOKEN_MARKS);
    let is_name = spoken.contains('.') && !spoken.contains(char::is_whitespace);
    let plain = if is_name { spoken } else { plain };
    (plain != text.trim()).then_some(plain)
}

/// The same for a link or an address, which can be defanged in more ways. What follows the host of a link may hold the
/// same marks as it is: they are undone only where the link's beginning has some, too.
#[must_use]
pub fn refang_link(text: &str) -> Option<String> {
    let text = text.trim();
    let undone = |text: &str| with_scheme(undo(&undo(text, &MARKS), &LINK_MARKS));
    let begin = &text[..end_of_authority(text)];
    (undone(begin) != begin).then(|| undone(text))
}

/// Where the host of a link ends, with its scheme and port, whichever marks it holds.
fn end_of_authority(text: &str) -> usize {
    let begin = ["[://]", "[:/]/", "[/][/]", "//"]
        .into_iter()
        .filter_map(|mark| text.find(mark).map(|at| at + mark.len()))
        .min()
        .unwrap_or_default();
    let Some(end) = text[begin..].find(['/', '?', '#']) else { return text.len() };
    let end = begin + end;
    // The slash may stand in brackets itself.
    if text[..end].ends_with('[') && text[end..].starts_with("/]") { end + 2 } else { end }
}

fn with_scheme(mut plain: String) -> String {
    for (fanged, scheme) in SCHEMES {
        if plain.get(..fanged.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(fanged)) {
            plain.replace_range(..fanged.len(), scheme);
        }
    }
    plain
}

fn undo(text: &str, marks: &[(&str, &str)]) -> String {
    marks.iter().fold(text.to_owned(), |text, (mark, plain)| replace(&text, mark, plain))
}

/// Without regard to the case of ASCII letters.
fn replace(text: &str, mark: &str, plain: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if rest.get(..mark.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(mark)) {
            out.push_str(plain);
            rest = &rest[mark.len()..];
        } else {
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_harmless_is_told_from_what_is_so() {
        for (fanged, plain) in [
            ("hxxps://evil[.]example/a", "https://evil.example/a"),
            ("hXXp://evil(.)example", "http://evil.example"),
            ("https[:]//evil[dot]example", "https://evil.example"),
            ("http[://]evil{.}example/[.]git", "http://evil.example/.git"),
            ("fxp://evil[.example", "ftp://evil.example"),
            ("203[.]0[.]113[.]5", "203.0.113.5"),
            ("203\\.0\\.113\\.5", "203.0.113.5"),
            ("2001[:]db8[:][:]1", "2001:db8::1"),
            ("billing[@]bad[.]example", "billing@bad.example"),
            ("billing[AT]bad[DOT]example", "billing@bad.example"),
            ("evil dot example", "evil.example"),
            ("evil[.]example/a?x=[.]", "evil.example/a?x=."),
            ("evil.example[/]a", "evil.example/a"),
        ] {
            assert_eq!(refang_link(fanged).as_deref(), Some(plain));
        }
        for plain in [
            "https://evil.example/a?b=[1]",
            "https://evil.example/a?x=[.]",
            "http://evil.example/a[.]b#(at)",
            "evil.example/a?b=c dot d",
            "http://[2001:db8::1]:8080/",
            "ana@[192.0.2.1]",
            "WS-0500",
            "2001:db8::1",
            "Zoë (Vienna)",
        ] {
            assert_eq!(refang_link(plain), None, "{plain}");
        }
        for (fanged, plain) in [
            ("kim at corp dot example", "kim@corp.example"),
            ("k[@]corp[.]example", "k@corp.example"),
            ("hxxp://ws-9/", "http://ws-9/"),
        ] {
            assert_eq!(refang_name(fanged).as_deref(), Some(plain));
        }
        for plain in
            ["ana@[192.0.2.1]", "WS-0500", "Zoë (Vienna)", "Kim at the desk", "ws at hq", "CORP\\.svc"]
        {
            assert_eq!(refang_name(plain), None, "{plain}");
        }
        assert_eq!(refang("C:\\Users\\kim\\.ssh"), None);
    }
}
