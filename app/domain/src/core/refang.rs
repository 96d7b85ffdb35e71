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

/// The same for a link or an address, which can be defanged in more ways.
#[must_use]
pub fn refang_link(text: &str) -> Option<String> {
    let mut plain = undo(&undo(text.trim(), &MARKS), &LINK_MARKS);
    for (fanged, scheme) in SCHEMES {
        if plain.get(..fanged.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(fanged)) {
            plain.replace_range(..fanged.len(), scheme);
        }
    }
    (plain != text.trim()).then_some(plain)
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
        ] {
            assert_eq!(refang_link(fanged).as_deref(), Some(plain));
        }
        for plain in [
            "https://evil.example/a?b=[1]",
            "http://[2001:db8::1]:8080/",
            "ana@[192.0.2.1]",
            "WS-0500",
            "2001:db8::1",
            "Zoë (Vienna)",
        ] {
            assert_eq!((refang(plain), refang_link(plain)), (None, None), "{plain}");
        }
        assert_eq!(refang("C:\\Users\\kim\\.ssh"), None);
    }
}
