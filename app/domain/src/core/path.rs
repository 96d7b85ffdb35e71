//! Paths of this site: the only ones to which a link or a form may send anyone back.

const MAX_LENGTH: usize = 2_048;

/// Whether it is one, and fits a header. Browsers read `//host`, `/\host` and, as they drop tabs and line ends,
/// `/<tab>/host` as another site.
#[must_use]
pub fn is_own_path(path: &str) -> bool {
    path.len() <= MAX_LENGTH
        && path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'\\')
}

/// The field of an address that says that others hold what was typed into a form, before a second factor was asked for.
pub const KEPT: &str = "kept";

/// An encoded query without the fields that a form left empty: they ask for nothing.
#[must_use]
pub fn filled_fields(query: &str) -> String {
    let is_filled = |field: &&str| field.split_once('=').is_some_and(|(_, value)| !value.is_empty());
    query.split('&').filter(is_filled).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_fields_are_left_out() {
        for (query, filled) in [
            ("", ""),
            ("q=", ""),
            ("q", ""),
            ("severity=high&from=&to=&q=a%3D", "severity=high&q=a%3D"),
            ("q=a=", "q=a="),
        ] {
            assert_eq!(filled_fields(query), filled, "{query:?}");
        }
    }

    #[test]
    fn only_own_paths_are_gone_back_to() {
        for good in ["/", "/action-center/history", "/action-center/pending?item=1&x=%20", "/a//b", "/a#b"] {
            assert!(is_own_path(good), "{good:?}");
        }
        let long = format!("/{}", "a".repeat(MAX_LENGTH));
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil",
            "https://evil.example",
            "javascript:alert(1)",
            "evil",
            "/\t/evil",
            "/\r\nSet-Cookie: a=b",
            "/a b",
            "/ü",
            " /a",
            "/\u{0}",
            "/a\\b",
            &long,
        ] {
            assert!(!is_own_path(bad), "{bad:?}");
        }
    }
}
