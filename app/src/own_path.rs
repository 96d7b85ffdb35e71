//! Paths of this site: the only ones to which a link or a form may send anyone back.

const LONGEST: usize = 2_048;

/// Whether it is one, and fits a header. Browsers read `//host`, `/\host` and, as they drop tabs and line ends,
/// `/<tab>/host` as another site.
#[must_use]
pub fn is_own_path(path: &str) -> bool {
    path.len() <= LONGEST
        && path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_paths_are_gone_back_to() {
        for good in ["/", "/action-center/history", "/action-center/pending?item=1&x=%20", "/a//b", "/a#b"] {
            assert!(is_own_path(good), "{good:?}");
        }
        let long = format!("/{}", "a".repeat(LONGEST));
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
