//! Names of accounts, hosts, messages and contents.

use crate::core::plain;
use crate::core::refang::{refang, refang_name};

pub(super) fn check_hash(value: &str, digits: usize) -> Result<(), String> {
    if value.len() == digits && value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(())
    } else {
        Err(format!("must be {digits} hexadecimal digits"))
    }
}

pub(super) fn check_sid(sid: &str) -> Result<(), String> {
    let mut parts = sid.split('-');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let begins = parts.next().is_some_and(|part| part.eq_ignore_ascii_case("s"));
    let numbers: Vec<_> = parts.collect();
    if begins && numbers.len() >= 3 && numbers.iter().all(|part| is_number(part)) {
        Ok(())
    } else {
        Err("must be a security identifier, for example S-1-5-21-1-2-3-500".to_owned())
    }
}

/// Nothing of a defanged name exists: what would be done hits nothing. The name of a person before the address
/// (`Kim (at) work <kim@corp.example>`) is no part of it.
pub(super) fn check_account(text: &str) -> Result<(), String> {
    match refang_name(&plain::account(text)) {
        Some(plain) => Err(format!("is defanged; send {plain}")),
        None => Ok(()),
    }
}

/// A host, without what would make it a link or a share.
pub(super) fn check_host(text: &str) -> Result<(), String> {
    if let Some(plain) = refang_name(text) {
        return Err(format!("is defanged; send {}", plain::host(&plain)));
    }
    let link = text.split_once("://").map(|(_, rest)| rest);
    let share = text.strip_prefix("\\\\");
    let Some(rest) = link.or(share) else { return Ok(()) };
    let name = rest.split(['/', '\\', '?', '#']).next().unwrap_or(rest);
    Err(if name.is_empty() {
        "must be the name of a host, for example ws-0500 or ws-0500.corp.example".to_owned()
    } else {
        format!("must be the name of a host alone; send {name}")
    })
}

/// A Message-ID, which is one and not defanged.
pub(super) fn check_message_id(text: &str) -> Result<(), String> {
    const EXAMPLE: &str = "for example <mm-9@mail.example>";
    let inner = text.trim().trim_start_matches('<').trim_end_matches('>').trim();
    if inner.is_empty() {
        return Err(format!("is empty; send the Message-ID, {EXAMPLE}"));
    }
    if inner.contains(['<', '>']) && inner.contains([' ', ',', ';', '>']) && inner.matches('@').count() > 1 {
        return Err(format!("names several messages; propose an action for each, {EXAMPLE}"));
    }
    match refang(text.trim()) {
        Some(plain) => Err(format!("is defanged; send {plain}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(check: impl Fn(&str) -> Result<(), String>, table: &[(&str, &str)]) {
        for (text, want) in table {
            let error = check(text).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
    }

    #[test]
    fn defanged_names_are_refused_with_the_plain_one() {
        refused(
            check_account,
            &[
                ("kim[@]corp[.]example", "send kim@corp.example"),
                ("kim at corp dot example", "send kim@corp.example"),
                ("Kim <kim(at)corp.example>", "send Kim <kim@corp.example>"),
            ],
        );
        for good in ["Kim (at) work <k@corp.example>", "CORP\\kim", "Kim at the desk", "ana@[192.0.2.1]", ""]
        {
            assert_eq!(check_account(good), Ok(()), "{good}");
        }
        refused(
            check_host,
            &[
                ("ws[.]corp[.]example", "send ws.corp.example"),
                ("hxxp://ws-9/", "send ws-9"),
                ("http://ws-9/a", "send ws-9"),
                ("\\\\srv\\share", "send srv"),
            ],
        );
        assert_eq!(check_host("test host"), Ok(()));
        refused(
            check_message_id,
            &[
                ("<mm-9@mid[.]example>", "send <mm-9@mid.example>"),
                ("mm-9(at)mid.example", "send mm-9@mid.example"),
                ("<>", "is empty"),
                ("<a@b.example> <c@d.example>", "several messages"),
            ],
        );
        for good in ["<x@[192.0.2.1]>", "mm-9@mid.example", "<m>"] {
            assert_eq!(check_message_id(good), Ok(()), "{good}");
        }
    }
}
