//! One spelling for each thing that can be written in several ways: what is compared, searched, digested and grouped.
//! The spelling that was given is what people see.

use std::net::IpAddr;

use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use url::Host;

use crate::core::plain;

/// An address, or a range of them, in its one form: IPv6 as of RFC 5952, IPv4 in its own clothes, a range by its first
/// address. None if it is neither, or a range that does not begin at its beginning.
#[must_use]
pub fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let Some((first, length)) = text.split_once('/') else {
        return text.parse().ok().map(|ip| plain(ip).to_string());
    };
    let (first, length): (IpAddr, u8) = (first.parse().ok()?, digits(length)?);
    let net = match (first, plain(first)) {
        // ::ffff:203.0.113.0/120
        (IpAddr::V6(_), inner @ IpAddr::V4(_)) if length >= 96 => IpNet::new(inner, length - 96),
        _ => IpNet::new(first, length),
    };
    let net = net.ok().filter(|net| net.trunc() == *net)?;
    Some(if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() })
}

/// A length as people write it: without a sign, and without a zero before it.
fn digits(text: &str) -> Option<u8> {
    text.parse::<u8>().ok().filter(|number| number.to_string() == text)
}

/// Without the wrapping of an IPv4 address that is written as one of IPv6.
fn plain(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// The name of a host, mailbox or account: without case, an international domain in its ASCII form, an address in its
/// one form.
#[must_use]
pub fn name(text: &str) -> String {
    let text = text.trim();
    if let Some(address) = address(text) {
        return address;
    }
    match text.rsplit_once('@') {
        Some((local, domain)) => format!("{}@{}", local.to_lowercase(), host(domain)),
        None => host(text),
    }
}

fn host(text: &str) -> String {
    let text = text.strip_suffix('.').filter(|rest| !rest.is_empty()).unwrap_or(text);
    let ascii = if text.is_ascii() { None } else { idna::domain_to_ascii(text).ok() };
    ascii.filter(|ascii| !ascii.is_empty()).unwrap_or_else(|| text.to_lowercase())
}

/// A URL as of the URL standard, without its fragment, which is never sent; none if it is none. Its host is one in ASCII
/// whatever the scheme, and what needs no escape has none (RFC 3986, 6.2.2.2).
#[must_use]
pub fn url(text: &str) -> Option<String> {
    let mut url = before::parsed(text)?;
    if let Some(Host::Domain(domain)) = url.host() {
        let name = host(&percent_decode_str(domain).decode_utf8_lossy());
        if name != domain {
            url.set_host(Some(&name)).ok()?;
        }
    }
    Some(plain_escapes(url.as_str()))
}

/// `%2f` and `%2F` are one, `%61` is `a`.
fn plain_escapes(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    let mut parts = url.split('%');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let code = part.get(..2).filter(|code| code.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let Some(code) = code else {
            out.push('%');
            out.push_str(part);
            continue;
        };
        let byte = u8::from_str_radix(code, 16).unwrap_or_default();
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&code.to_ascii_uppercase());
        }
        out.push_str(&part[2..]);
    }
    out
}

/// A path of Windows without case and with one kind of separator; of other systems without doubled separators and ways
/// up. There, a space at the end belongs to the name.
#[must_use]
pub fn path(text: &str) -> String {
    let path = text.trim_start();
    if is_windows(path.trim_end()) || !path.starts_with('/') {
        return before::path(path);
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Whether it is a path of Windows: with a drive, or with separators that no other system has.
#[must_use]
pub fn is_windows(text: &str) -> bool {
    let mut letters = text.chars();
    let drive =
        letters.next().is_some_and(|letter| letter.is_ascii_alphabetic()) && letters.next() == Some(':');
    drive || (text.contains('\\') && !text.starts_with('/'))
}

fn windows_path(text: &str) -> String {
    let text = text.replace('/', "\\").to_lowercase();
    let text = ["\\\\?\\unc\\", "\\\\?\\", "\\\\.\\", "\\??\\"]
        .into_iter()
        .find_map(|prefix| {
            let rest = text.strip_prefix(prefix)?;
            Some(if prefix.ends_with("unc\\") { format!("\\\\{rest}") } else { rest.to_owned() })
        })
        .unwrap_or(text);
    let share = text.starts_with("\\\\");
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('\\') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.len() > 1 {
                    parts.pop();
                }
            }
            // Windows drops dots and spaces at the end of a name.
            part => parts.push(part.trim_end_matches(['.', ' '])),
        }
    }
    format!("{}{}", if share { "\\\\" } else { "" }, parts.join("\\"))
}

/// A registry key without case, and with the long name of its hive.
#[must_use]
pub fn registry_key(text: &str) -> String {
    before::registry_key(&plain::registry_key(text))
}

/// A Message-ID with its brackets; its domain has no case.
#[must_use]
pub fn message_id(text: &str) -> String {
    before::message_id(&plain::message_id(text))
}

/// The forms of which older programs made digests, which bind what they stored.
pub mod before {
    use url::{Host, Url};

    use super::{is_windows, windows_path};

    /// A URL with the escapes that it was given, and with the host that its scheme makes of it.
    #[must_use]
    pub fn url(text: &str) -> Option<String> {
        Some(upper_escapes(parsed(text)?.as_str()))
    }

    pub(super) fn parsed(text: &str) -> Option<Url> {
        let mut url = Url::parse(text.trim()).ok()?;
        url.set_fragment(None);
        let inner = match url.host() {
            Some(Host::Ipv6(ip)) => ip.to_ipv4_mapped().map(|ip| ip.to_string()),
            Some(Host::Domain(domain)) => domain.strip_suffix('.').map(str::to_owned),
            _ => None,
        };
        if let Some(inner) = inner {
            url.set_host(Some(&inner)).ok()?;
        }
        Some(url)
    }

    /// `%2f` and `%2F` are one.
    fn upper_escapes(url: &str) -> String {
        let mut out = String::with_capacity(url.len());
        let mut in_escape = 0;
        for letter in url.chars() {
            match letter {
                '%' => in_escape = 2,
                letter if in_escape > 0 => {
                    in_escape -= 1;
                    out.push(letter.to_ascii_uppercase());
                    continue;
                }
                _ => {}
            }
            out.push(letter);
        }
        out
    }

    /// A path, without spaces at its end and with ways up.
    #[must_use]
    pub fn path(text: &str) -> String {
        let text = text.trim();
        if is_windows(text) {
            return windows_path(text);
        }
        let absolute = text.starts_with('/');
        let parts: Vec<_> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
    }

    /// A registry key in whatever dress it came.
    #[must_use]
    pub fn registry_key(text: &str) -> String {
        let text = text.trim().to_lowercase();
        let parts: Vec<_> = text.split('\\').filter(|part| !part.is_empty()).collect();
        let parts = match parts.as_slice() {
            ["computer", rest @ ..] => rest.to_vec(),
            ["registry", "machine", rest @ ..] => [&["hkey_local_machine"], rest].concat(),
            ["registry", "user", rest @ ..] => [&["hkey_users"], rest].concat(),
            parts => parts.to_vec(),
        };
        let Some((hive, rest)) = parts.split_first() else { return String::new() };
        let hive = match hive.trim_end_matches(':') {
            "hklm" => "hkey_local_machine",
            "hkcu" => "hkey_current_user",
            "hkcr" => "hkey_classes_root",
            "hku" => "hkey_users",
            "hkcc" => "hkey_current_config",
            other => other,
        };
        [&[hive], rest].concat().join("\\")
    }

    /// A Message-ID in whatever dress it came.
    #[must_use]
    pub fn message_id(text: &str) -> String {
        let text = text.trim();
        let bare = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(text).trim();
        match bare.rsplit_once('@') {
            Some((local, domain)) => format!("<{local}@{}>", domain.to_lowercase()),
            None => format!("<{bare}>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(canonical: impl Fn(&str) -> String, spellings: &[&str]) {
        let (first, others) = spellings.split_first().unwrap();
        for other in others {
            assert_eq!(canonical(first), canonical(other), "{first} and {other}");
        }
    }

    #[test]
    fn every_spelling_of_an_address_is_one() {
        let canonical = |text: &str| address(text).unwrap();
        same(canonical, &["2001:db8::53", "2001:DB8:0:0:0:0:0:53", "2001:0db8::0:53", "2001:db8::53/128"]);
        same(canonical, &["203.0.113.7", "::ffff:203.0.113.7", "::FFFF:cb00:7107", "203.0.113.7/32"]);
        same(canonical, &["203.0.113.0/24", "::ffff:203.0.113.0/120"]);
        same(canonical, &["2001:db8:aa::/48", "2001:DB8:AA:0::/48"]);
        for none in
            ["", "1.2.3", "010.0.0.1", "203.0.113.7/24", "203.0.113.0/33", "203.0.113.0/+8", "fe80::1%eth0"]
        {
            assert_eq!(address(none), None, "{none}");
        }
    }

    #[test]
    fn every_spelling_of_a_name_is_one() {
        same(name, &["ws-0500", "WS-0500", " WS-0500. "]);
        same(name, &["kim@corp.example", "Kim@CORP.example", "kim@corp.example."]);
        same(name, &["bücher.example", "BÜCHER.example", "xn--bcher-kva.example", "bu\u{308}cher.example"]);
        same(name, &["kim@bücher.example", "KIM@xn--bcher-kva.example"]);
        same(name, &["::ffff:192.0.2.1", "192.0.2.1"]);
        same(name, &["CORP\\kim", "corp\\Kim"]);
        assert_eq!(name("test host"), "test host");
    }

    #[test]
    fn every_spelling_of_a_url_is_one() {
        let canonical = |text: &str| url(text).unwrap();
        same(
            canonical,
            &["https://evil.example/a", "HTTPS://EVIL.example:443/a", "https://evil.example./x/../a#top"],
        );
        same(canonical, &["http://bücher.example/", "http://xn--bcher-kva.example"]);
        same(canonical, &["http://127.0.0.1/", "http://0x7f.1/", "http://[::ffff:7f00:1]/"]);
        same(canonical, &["http://a.example/%2fb", "http://a.example/%2Fb"]);
        same(
            canonical,
            &["https://bücher.example/%61", "https://xn--bcher-kva.example/a", "https://BÜCHER.example/a"],
        );
        same(canonical, &["http://a.example/%7Ekim/%2E%2e/b?%41=%2D", "http://a.example/b?A=-"]);
        same(canonical, &["http://a.example/%c3%a4", "http://a.example/ä"]);
        same(
            canonical,
            &["tcp://Bücher.example:81", "tcp://xn--bcher-kva.example:81", "TCP://BÜCHER.example:81"],
        );
        same(canonical, &["sftp://EVIL.example./a", "sftp://evil.example/a"]);
        assert_ne!(canonical("http://a.example/%2F"), canonical("http://a.example//"));
        assert_ne!(canonical("http://a.example/?a=%26b"), canonical("http://a.example/?a=&b"));
        assert_eq!(canonical("http://a.example/100%/%zz"), "http://a.example/100%/%zz");
        assert_ne!(canonical("http://a.example/A"), canonical("http://a.example/a"));
        assert_eq!(url("not a url at all"), None);
    }

    #[test]
    fn every_spelling_of_a_path_is_one_and_others_keep_their_case() {
        same(path, &["c:\\users\\x\\a.exe", "C:/Users/X/A.EXE", "\\\\?\\C:\\Users\\x\\\\.\\y\\..\\a.exe"]);
        same(path, &["\\\\srv\\share\\a", "\\\\?\\UNC\\SRV\\share\\a", "\\\\SRV\\Share\\a."]);
        same(path, &["/srv/a", "//srv/./a/", " /srv/a", "/srv/b/../a", "/../srv/a"]);
        assert_ne!(path("/srv/A"), path("/srv/a"));
        assert_ne!(path("/srv/a b "), path("/srv/a b"));
        same(path, &["C:\\a b", "C:\\a b "]);
        assert_eq!((path("../a"), path("site/y ")), ("../a".to_owned(), "site/y".to_owned()));
        same(
            registry_key,
            &[
                "HKEY_LOCAL_MACHINE\\Software\\X",
                "HKLM\\SOFTWARE\\x\\",
                "HKLM:\\Software\\X",
                "\\REGISTRY\\MACHINE\\Software\\X",
                "Computer\\HKEY_LOCAL_MACHINE\\Software\\X",
                "Registry::HKEY_LOCAL_MACHINE\\Software\\X",
                "Microsoft.PowerShell.Core\\Registry::HKEY_LOCAL_MACHINE\\Software\\X",
                "HKLM/Software/X",
                "HKLM:/Software/X",
                "[HKEY_LOCAL_MACHINE\\Software\\X]",
                "MACHINE\\Software\\X",
                "\"HKLM\\Software\\X\"",
            ],
        );
        // A slash may stand in the name of a key.
        assert_eq!(registry_key("HKCR\\MIME\\text/html"), "hkey_classes_root\\mime\\text/html");
        same(
            message_id,
            &[
                "<m-1@mail.bad.example>",
                "m-1@MAIL.bad.example",
                " <m-1@mail.bad.example> ",
                "&lt;m-1@mail.bad.example&gt;",
                "%3Cm-1@mail.bad.example%3E",
                "%3cm-1%40mail.bad.example%3e",
                "Message-ID: <m-1@mail.bad.example>",
                "message-id:m-1@mail.bad.example",
                "<m-1@mail.bad.example",
                "m-1@mail.bad.example>",
                "<<m-1@mail.bad.example>>",
                "\"<m-1@mail.bad.example>\"",
            ],
        );
        assert_ne!(message_id("<M-1@a.example>"), message_id("<m-1@a.example>"));
    }
}
