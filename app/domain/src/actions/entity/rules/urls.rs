//! URLs: one, in full, and to the letter.

use url::{Host, Url};

use super::addresses;
use crate::core::canonical;
use crate::core::refang::refang_link;

/// Schemes of what is blocked.
const SCHEMES: &str = "https http ftp ftps sftp ws wss ldap ldaps smb tcp udp";

pub(super) fn check_url(text: &str) -> Result<(), String> {
    let text = text.trim();
    if is_several(text) {
        return Err(
            "holds several URLs; one URL an action (write a comma of the URL itself as %2C, a semicolon \
                    as %3B, a space as %20)"
                .to_owned(),
        );
    }
    if let Some(plain) = refang_link(text).filter(|plain| is_url(plain)) {
        return Err(format!("is defanged; send {plain}"));
    }
    if let Some(sign) = wrong_sign(text) {
        return Err(sign);
    }
    if is_url(text) {
        return Ok(());
    }
    let bare = refang_link(text).unwrap_or_else(|| text.to_owned());
    let begins = format!("https://{}", bare.trim_start_matches('/'));
    let has_scheme = Url::parse(text).is_ok_and(|url| !url.scheme().contains('.'));
    if !has_scheme && !text.contains("://") && begins.contains('.') {
        if let Some(sign) = wrong_sign(&begins) {
            return Err(sign);
        }
        if is_url(&begins) {
            return Err(format!("has no scheme; send {begins}, or http:// before it"));
        }
    }
    Err(format!(
        "must be a URL with a host, for example https://evil.example/a; its scheme is one of {}",
        SCHEMES.replace(' ', ", ")
    ))
}

/// Whether nobody can mean to block it: a host that is each device itself, by its name or address.
pub(super) fn check_blockable(text: &str) -> Result<(), String> {
    let url = canonical::url(text).and_then(|url| Url::parse(&url).ok());
    match url.as_ref().and_then(Url::host) {
        Some(Host::Domain(host)) if host == "localhost" || host.ends_with(".localhost") => {
            Err("is each device itself (localhost); it can't be blocked".to_owned())
        }
        Some(Host::Ipv4(ip)) => addresses::check_blockable(&ip.to_string()),
        Some(Host::Ipv6(ip)) => addresses::check_blockable(&ip.to_string()),
        _ => Ok(()),
    }
}

/// Whether a further URL follows a separator. In a query (`?to=http://a,http://b`) it is a part of the first one.
fn is_several(text: &str) -> bool {
    if text.contains(['\n', '\r', '\t']) {
        return true;
    }
    let separators = [',', ';', ' ', '|'];
    text.char_indices().filter(|(_, of)| separators.contains(of)).any(|(at, of)| {
        let (first, rest) = (&text[..at], text[at + 1..].trim_start_matches(separators));
        let rest = refang_link(rest).unwrap_or_else(|| rest.to_owned());
        let rest = rest.split(separators).next().unwrap_or_default();
        let is_link = rest.contains("://") && is_url(rest);
        let in_query = first.split_once('?').is_some_and(|(_, query)| query.contains("://"));
        is_link && (of == ' ' || !in_query)
    })
}

/// Words for a sign that the host of no URL has, and for a path that is meant as a pattern.
fn wrong_sign(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| SCHEMES.split(' ').any(|scheme| scheme == url.scheme()))?;
    let host = match url.host()? {
        Host::Domain(host) => host,
        Host::Ipv4(_) | Host::Ipv6(_) => "",
    };
    let is_letter = |of: char| of.is_alphanumeric() || matches!(of, '.' | '-' | '_' | '%');
    match host.chars().find(|of| !is_letter(*of)) {
        Some('*') => Some(
            "must name one host: no host name has an asterisk; propose an action for each host".to_owned(),
        ),
        Some(',') => Some("must name one host: no host name has a comma; one URL an action".to_owned()),
        Some(of) => Some(format!("must name a host: no host name has the sign {of}")),
        None if url.path().ends_with("/*") => {
            let folder = text.trim_end_matches('*');
            Some(format!(
                "is no pattern: a URL is blocked to the letter; send {folder}, or an asterisk of the URL itself as %2A"
            ))
        }
        None => None,
    }
}

fn is_url(text: &str) -> bool {
    let Ok(url) = Url::parse(text.trim()) else { return false };
    let has_host = url.host_str().is_some_and(|host| {
        let host = host.strip_suffix('.').unwrap_or(host);
        !host.is_empty() && host.split('.').all(|label| !label.is_empty()) && !host.contains("%20")
    });
    has_host && SCHEMES.split(' ').any(|scheme| scheme == url.scheme())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_match_nothing_is_refused_with_what_would_do() {
        for (text, want) in [
            ("hxxps://evil[.]example/a", "send https://evil.example/a"),
            ("https://evil[.]example/a", "send https://evil.example/a"),
            ("hxxp://203.0.113.7/x", "send http://203.0.113.7/x"),
            ("evil[.]example", "send https://evil.example"),
            ("evil.example/a", "send https://evil.example/a"),
            ("//evil.example/x", "send https://evil.example/x"),
            ("not a url at all", "must be a URL"),
            ("https://", "must be a URL"),
            ("https://evil..example/", "must be a URL"),
            ("javascript:alert(1)", "must be a URL"),
            ("mailto:a@b.example", "must be a URL"),
            ("http://a.example/x,http://b.example/y", "one URL an action"),
            ("http://a.example/x http://b.example/y", "one URL an action"),
            ("http://a.example/x; hxxp://b[.]example/y", "one URL an action"),
            ("http://a.example/x\nhttp://b.example/y", "one URL an action"),
            ("http://a.example/x\r\nb.example", "one URL an action"),
            ("http://a.example/?q=1,http://b.example/", "one URL an action"),
            ("http://a.example,b.example/", "no host name has a comma"),
            ("http://evil,example/", "no host name has a comma"),
            ("tcp://a.example,b.example", "no host name has a comma"),
            ("https://*.evil.example/*", "no host name has an asterisk"),
            ("*.evil.example/*", "no host name has an asterisk"),
            ("*.evil.example", "no host name has an asterisk"),
            ("https://evil.example/a/*", "send https://evil.example/a/, or"),
            ("evil.example/*", "is no pattern"),
            ("https://evil!.example/", "the sign !"),
        ] {
            let error = check_url(text).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
        for good in [
            "https://evil.example/a",
            "http://[2001:db8::1]:81/",
            "https://bücher.example",
            "ftp://a.example/b[1]",
            "http://evil.example/a?x=[.]",
            "http://a.example/b,c;d",
            "http://a.example/b c",
            "http://a.example/?to=http://b.example,http://c.example",
            "http://a.example/?q=*",
            "http://a.example/*/b",
            "http://a_b.example/",
            "tcp://203.0.113.7:443",
            "https://web.archive.example/web/http://b.example",
        ] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
    }
    #[test]
    fn what_is_each_device_itself_is_not_blocked() {
        for text in [
            "https://127.0.0.1/",
            "http://0x7f.1/",
            "http://localhost/",
            "http://LOCALHOST.:8080/a",
            "http://a.localhost/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://0.0.0.0/",
            "http://0/",
        ] {
            assert_eq!(check_url(text), Ok(()), "{text} is a URL");
            assert!(check_blockable(text).unwrap_err().contains("it can't be blocked"), "{text}");
        }
        for good in [
            "https://evil.example/a",
            "http://203.0.113.7/",
            "http://10.0.0.1/",
            "https://localhost.example/",
        ] {
            assert_eq!(check_blockable(good), Ok(()), "{good}");
        }
    }
}
