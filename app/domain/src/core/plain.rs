//! Names without the dress in which programs and people hand them on: quotes, the scheme of a link, the name of a header
//! or of a provider. What is dressed is one thing still, and no executor finds it by its dress.

use percent_encoding::percent_decode_str;
use url::Url;

/// Without the quotes around it.
fn unquote(text: &str) -> &str {
    let text = text.trim();
    [('"', '"'), ('\'', '\''), ('“', '”'), ('`', '`')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close))
        .filter(|inner| !inner.trim().is_empty() && !inner.contains(['"', '“']))
        .unwrap_or(text)
}

/// Without a beginning, whatever its case.
fn without<'a>(text: &'a str, begin: &str) -> Option<&'a str> {
    let (found, rest) = text.split_at_checked(begin.len())?;
    found.eq_ignore_ascii_case(begin).then_some(rest)
}

/// The path of a file: without quotes, and not as a link.
#[must_use]
pub fn path(text: &str) -> String {
    let bare = unquote(text);
    let Some(link) = without(bare, "file:").filter(|rest| rest.starts_with('/')) else {
        // A space at the end may belong to the name.
        return if bare == text.trim() { text.to_owned() } else { bare.to_owned() };
    };
    let link = percent_decode_str(link).decode_utf8_lossy();
    let (host, path) = match link.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", &*link),
    };
    let has_drive = path.get(1..).is_some_and(|path| {
        let mut letters = path.chars();
        letters.next().is_some_and(|letter| letter.is_ascii_alphabetic()) && letters.next() == Some(':')
    });
    match host {
        "" | "localhost" if has_drive => path[1..].replace('/', "\\"),
        "" | "localhost" => path.to_owned(),
        host => format!("\\\\{host}{}", path.replace('/', "\\")),
    }
}

/// The URL: without quotes or brackets around it.
#[must_use]
pub fn url(text: &str) -> String {
    let bare = unquote(text);
    let inner = bare.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    inner.unwrap_or(bare).trim().to_owned()
}

/// The name of an account or mailbox: of `Kim <smtp:kim@corp.example>` the address.
#[must_use]
pub fn account(text: &str) -> String {
    let bare = unquote(text);
    // Of a list, none is the one.
    let is_one = bare.matches('<').count() == 1;
    let inner = bare.rsplit_once('<').filter(|_| is_one).and_then(|(_, rest)| rest.strip_suffix('>'));
    mail_address(inner.filter(|inner| inner.contains('@')).unwrap_or(bare))
}

/// The address of a sender or recipient, who may have a name before it: without the scheme of a link.
#[must_use]
pub fn mail_address(text: &str) -> String {
    let text = text.trim();
    let bare = ["mailto:", "smtp:", "sip:"].into_iter().find_map(|scheme| without(text, scheme));
    bare.map_or(text, |bare| bare.split('?').next().unwrap_or(bare).trim()).to_owned()
}

/// The name of a host: of `\\\\ws-9` and `http://ws-9/` the name alone.
#[must_use]
pub fn host(text: &str) -> String {
    let bare = unquote(text);
    let unc = bare.strip_prefix("\\\\").map(|rest| rest.trim_end_matches('\\'));
    if let Some(name) = unc.filter(|name| !name.is_empty() && !name.contains('\\')) {
        return name.to_owned();
    }
    let is_of_host = |link: &Url| {
        matches!(link.scheme(), "http" | "https" | "smb" | "rdp" | "ssh") && matches!(link.path(), "" | "/")
    };
    let link = Url::parse(bare).ok().filter(|link| bare.contains("://") && is_of_host(link));
    let name = link.as_ref().and_then(Url::host_str);
    name.map_or(bare, |name| name.trim_start_matches('[').trim_end_matches(']')).to_owned()
}

/// A Message-ID as headers write it, or as it was given where that is one already.
#[must_use]
pub fn message_id(text: &str) -> String {
    let given = text.trim();
    let bare = unquote(given);
    let bare = without(bare, "message-id:").unwrap_or(bare).trim();
    let mut id = bare.to_owned();
    for (escape, sign) in [("&lt;", "<"), ("&gt;", ">"), ("&#60;", "<"), ("&#62;", ">")] {
        id = id.replace(escape, sign);
    }
    let is_encoded = without(&id, "%3c").is_some() || id.to_ascii_lowercase().ends_with("%3e");
    if is_encoded && let Ok(decoded) = percent_decode_str(&id).decode_utf8() {
        id = decoded.into_owned();
    }
    let inner = id.trim_start_matches(['<', ' ']).trim_end_matches(['>', ' ']);
    if inner == given || format!("<{inner}>") == given { given.to_owned() } else { format!("<{inner}>") }
}

/// What programs write before a registry key, and what stands for it.
const KEY_BEGINNINGS: [(&str, &str); 6] = [
    ("Microsoft.PowerShell.Core\\Registry::", ""),
    ("Registry::", ""),
    ("MACHINE\\", "HKEY_LOCAL_MACHINE\\"),
    ("USERS\\", "HKEY_USERS\\"),
    ("CLASSES_ROOT\\", "HKEY_CLASSES_ROOT\\"),
    ("CURRENT_USER\\", "HKEY_CURRENT_USER\\"),
];

/// A registry key: without brackets, with backslashes, and from its hive on.
#[must_use]
pub fn registry_key(text: &str) -> String {
    let bare = unquote(text);
    let bare = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(bare).trim();
    // A slash may stand in the name of a key, but never separates where backslashes do.
    let mut key = if bare.contains('\\') { bare.to_owned() } else { bare.replace('/', "\\") };
    for (begin, instead) in KEY_BEGINNINGS {
        if let Some(rest) = without(&key, begin) {
            key = format!("{instead}{rest}");
        }
    }
    // Behind a provider's name, which has a backslash itself.
    if key.contains('\\') { key } else { key.replace('/', "\\") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(of: impl Fn(&str) -> String, table: &[(&str, &str)]) {
        for (dressed, plain) in table {
            assert_eq!(of(dressed), *plain, "{dressed}");
            assert_eq!(of(plain), *plain, "{plain} is plain");
        }
    }

    #[test]
    fn what_is_handed_on_in_dress_is_the_name_alone() {
        plain(
            path,
            &[
                ("\"C:\\Users\\x\\a.exe\"", "C:\\Users\\x\\a.exe"),
                ("'/srv/a b '", "/srv/a b "),
                ("file:///C:/Users/x/a%20b.exe", "C:\\Users\\x\\a b.exe"),
                ("FILE:///etc/passwd", "/etc/passwd"),
                ("file://localhost/etc/passwd", "/etc/passwd"),
                ("file://srv/share/a", "\\\\srv\\share\\a"),
                ("/srv/a ", "/srv/a "),
                ("\"C:\\a.exe\" -x \"b\"", "\"C:\\a.exe\" -x \"b\""),
            ],
        );
        plain(
            account,
            &[
                ("mailto:kim@corp.example?subject=a", "kim@corp.example"),
                ("SMTP:kim@corp.example", "kim@corp.example"),
                ("Kim Ä <kim@corp.example>", "kim@corp.example"),
                ("\"Ä, Kim\" <smtp:kim@corp.example>", "kim@corp.example"),
                ("<kim@corp.example>", "kim@corp.example"),
                ("Kim <kim@a.example>, Ana <ana@a.example>", "Kim <kim@a.example>, Ana <ana@a.example>"),
                ("CORP\\kim", "CORP\\kim"),
            ],
        );
        plain(
            mail_address,
            &[("smtp:kim@a.example", "kim@a.example"), ("Kim <kim@a.example>", "Kim <kim@a.example>")],
        );
        plain(
            host,
            &[
                ("\\\\WS-9", "WS-9"),
                ("\\\\WS-9\\", "WS-9"),
                ("http://ws-9/", "ws-9"),
                ("https://ws-9.corp.example:8443", "ws-9.corp.example"),
                ("http://[2001:db8::1]/", "2001:db8::1"),
                ("http://ws-9/a", "http://ws-9/a"),
                ("test host", "test host"),
            ],
        );
        plain(
            url,
            &[
                ("<https://evil.example/>", "https://evil.example/"),
                ("\"http://a.example\"", "http://a.example"),
            ],
        );
        plain(
            message_id,
            &[
                ("&lt;a@b.example&gt;", "<a@b.example>"),
                ("a@b.example", "a@b.example"),
                ("<", "<>"),
                ("a%40b@c", "a%40b@c"),
            ],
        );
        plain(
            registry_key,
            &[
                ("Registry::HKLM/Software/X", "HKLM\\Software\\X"),
                ("HKLM:\\Software\\X", "HKLM:\\Software\\X"),
                ("machine\\Software\\X", "HKEY_LOCAL_MACHINE\\Software\\X"),
                ("HKCR\\text/html", "HKCR\\text/html"),
            ],
        );
    }
}
