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

/// Of an address or another id with an `@`, whether it has something before and behind it.
fn check_halves(text: &str) -> Result<(), String> {
    match text.rsplit_once('@') {
        Some(("", _)) => {
            Err("has nothing before the @; send the whole name, for example kim@corp.example".to_owned())
        }
        Some((_, "")) => {
            Err("has nothing after the @; send the whole name, for example kim@corp.example".to_owned())
        }
        _ => Ok(()),
    }
}

/// An action is on one thing: nothing is found under a pattern, and a list names several.
pub(super) fn check_one(text: &str, noun: &str) -> Result<(), String> {
    check_no_list(text, noun)?;
    match text.chars().find(|of| matches!(of, '*' | '?')) {
        Some(sign) => {
            let sign = if sign == '*' { "an asterisk" } else { "a question mark" };
            Err(format!("must name one {noun}: no {noun} has {sign} in its name; propose an action for each"))
        }
        None => Ok(()),
    }
}

fn check_no_list(text: &str, noun: &str) -> Result<(), String> {
    if is_list(text) { Err(format!("names several; propose an action for each {noun}")) } else { Ok(()) }
}

/// Whether separators stand between names. What stands behind a backslash belongs to the name, and the parts of a name in
/// a directory (`CN=Kim,DC=corp`) are one.
fn is_list(text: &str) -> bool {
    let text = text.trim();
    if text.contains(['\n', '\r', '\t']) {
        return true;
    }
    let mut is_escaped = false;
    let parts = text.split(|of: char| {
        let is_separator = matches!(of, ',' | ';' | '|') && !is_escaped;
        is_escaped = of == '\\' && !is_escaped;
        is_separator
    });
    let parts: Vec<_> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    let is_one_of_directory = parts.iter().all(|part| part.contains('='));
    // `Laptop of Kim, 2021` is a name.
    let are_words = parts.iter().all(|part| !part.contains(char::is_whitespace));
    let are_addresses = parts.iter().filter(|part| part.contains('@')).count() > 1;
    let are_names = are_words || are_addresses || text.contains([';', '|']);
    let addresses = text.split_whitespace().filter(|word| word.contains('@')).count();
    (parts.len() > 1 && !is_one_of_directory && are_names) || addresses > 1
}

/// Nothing of a defanged name exists: what would be done hits nothing. The name of a person before the address
/// (`Kim (at) work <kim@corp.example>`) is no part of it.
fn check_plain(text: &str) -> Result<(), String> {
    match refang_name(&plain::account(text)) {
        Some(plain) => Err(format!("is defanged; send {plain}")),
        None => Ok(()),
    }
}

/// One account, by its name or address.
pub(super) fn check_account(text: &str) -> Result<(), String> {
    check_plain(text)?;
    let name = plain::account(text);
    check_halves(&name)?;
    check_one(&name, "account")
}

/// One mailbox, by its address or alias.
pub(super) fn check_mailbox(text: &str) -> Result<(), String> {
    check_plain(text)?;
    let name = plain::account(text);
    check_halves(&name)?;
    check_one(&name, "mailbox")?;
    // A part in quotes may hold spaces.
    if name.contains(char::is_whitespace) && !name.starts_with('"') {
        return Err("must be one mailbox, by its address or alias, for example kim@corp.example".to_owned());
    }
    Ok(())
}

/// Who sent a message. Of what strangers write, an asterisk may be a part, but not all.
pub(super) fn check_sender(text: &str) -> Result<(), String> {
    check_plain(text)?;
    let address = plain::account(text);
    check_halves(&address)?;
    let (name, domain) = address.rsplit_once('@').unwrap_or((&address, ""));
    if is_wild(name) || domain.contains(['*', '?']) {
        return check_one(&address, "sender");
    }
    check_no_list(&address, "sender")
}

/// Whether it is a sign for anything, and nothing else.
pub(super) fn is_wild(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|of| matches!(of, '*' | '?'))
}

/// A host, without what would make it a link or a share.
pub(super) fn check_host(text: &str) -> Result<(), String> {
    if let Some(plain) = refang_name(text) {
        return Err(format!("is defanged; send {}", plain::host(&plain)));
    }
    let link = text.split_once("://").map(|(_, rest)| rest);
    let share = text.strip_prefix("\\\\");
    let Some(rest) = link.or(share) else { return check_one(text, "device") };
    let name = rest.split(['/', '\\', '?', '#']).next().unwrap_or(rest);
    Err(if name.is_empty() {
        "must be the name of a host, for example ws-0500 or ws-0500.corp.example".to_owned()
    } else {
        format!("must be the name of a host alone; send {name}")
    })
}

/// A scheduled task. In a line of cron (`/etc/crontab: 17 * * * * root a`), asterisks are a part of it.
pub(super) fn check_task(text: &str) -> Result<(), String> {
    if text.contains(": ") { Ok(()) } else { check_one(text, "task") }
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
    if let Some(plain) = refang(text.trim()) {
        return Err(format!("is defanged; send {plain}"));
    }
    let (local, domain) = inner.rsplit_once('@').unwrap_or((inner, inner));
    if is_wild(local) || is_wild(domain) {
        return Err(format!("must name one message: it is no pattern; send the Message-ID, {EXAMPLE}"));
    }
    // Some programs leave out the domain; in brackets it is what the header says.
    let is_of_header = text.trim().starts_with('<') && text.trim().ends_with('>');
    if !is_of_header && (!inner.contains('@') || inner.contains(char::is_whitespace)) {
        return Err(format!("must be the Message-ID as the header has it, {EXAMPLE}"));
    }
    Ok(())
}

/// The id that Exchange gives to a message.
pub(super) fn check_network_message_id(text: &str) -> Result<(), String> {
    if text.len() == 36 && uuid::Uuid::try_parse(text).is_ok() {
        Ok(())
    } else {
        Err("must be a GUID, for example 9a7f1c2e-0000-4000-8000-000000000001".to_owned())
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
                ("*", "no pattern"),
                ("<*>", "no pattern"),
                ("<*@b.example>", "no pattern"),
                ("abc", "as the header has it, for example <mm-9@mail.example>"),
                ("not an id@b", "as the header has it"),
            ],
        );
        for good in ["<x@[192.0.2.1]>", "mm-9@mid.example", "<m>", "<a*b@mid.example>"] {
            assert_eq!(check_message_id(good), Ok(()), "{good}");
        }
    }
    #[test]
    fn one_thing_is_named_and_no_pattern_or_list() {
        refused(
            check_account,
            &[
                ("kim*", "no account has an asterisk"),
                ("k?m", "no account has a question mark"),
                ("*@c.example", "no account has an asterisk"),
                ("kim;ana", "propose an action for each account"),
                ("a,b", "names several"),
                ("a|b", "names several"),
                ("kim@c.example; ana@c.example", "names several"),
                ("kim@c.example ana@c.example", "names several"),
                ("Kim A <kim@c.example>, Ana B <ana@c.example>", "names several"),
                ("kim\nana", "names several"),
                ("kim@", "nothing after the @"),
                ("@corp.example", "nothing before the @"),
                ("Kim <@corp.example>", "nothing before the @"),
            ],
        );
        for good in [
            "CORP\\kim",
            "kim@corp.example",
            "kim",
            "Kim Example",
            "svc-a$",
            "CN=Kim Ä,OU=Staff,DC=corp,DC=example",
            "CN=Example\\, Kim,DC=corp",
            "kim_partner.example#EXT#@corp.onmicrosoft.example",
            "host/ws-1.corp.example@CORP.EXAMPLE",
            "\"Ä, Kim\" <kim@corp.example>",
            "S-1-5-21-1-2-3-500",
            "",
        ] {
            assert_eq!(check_account(good), Ok(()), "{good}");
        }
        refused(
            check_mailbox,
            &[
                ("*", "no mailbox has an asterisk"),
                ("not a mailbox", "by its address or alias"),
                ("k@c.example;l@c.example", "names several"),
                ("@c.example", "nothing before the @"),
            ],
        );
        for good in ["kim@c.example", "sales", "Kim Ä <kim@c.example>", "\"kim a\"@c.example"] {
            assert_eq!(check_mailbox(good), Ok(()), "{good}");
        }
        refused(
            check_sender,
            &[
                ("*@c.example", "asterisk"),
                ("a@*.example", "asterisk"),
                ("a@b.example,c@d.example", "several"),
            ],
        );
        for good in ["a*b@c.example", "Kim, Ana <k@c.example>", "", "postmaster"] {
            assert_eq!(check_sender(good), Ok(()), "{good}");
        }
        refused(
            check_host,
            &[
                ("ws-*", "no device has an asterisk"),
                ("*", "asterisk"),
                ("ws-?", "question mark"),
                ("ws-1,ws-2", "propose an action for each device"),
                ("ws-1; ws-2", "several"),
                ("ws-1\nws-2", "several"),
            ],
        );
        for good in ["WS-0500", "ws_1.corp.example", "Kim's MacBook Pro, 2021", "2001:db8::1", "test host"] {
            assert_eq!(check_host(good), Ok(()), "{good}");
        }
        refused(check_task, &[("\\Vendor\\*", "asterisk"), ("a;b", "several")]);
        for good in ["\\Vendor\\Update", "/etc/crontab: 17 * * * * root a", "backup.timer"] {
            assert_eq!(check_task(good), Ok(()), "{good}");
        }
        refused(check_network_message_id, &[("nope", "must be a GUID"), ("", "GUID")]);
        assert_eq!(check_network_message_id("9A7F1C2E-0000-4000-8000-000000000001"), Ok(()));
    }
}
