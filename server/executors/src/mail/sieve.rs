//! Sieve scripts (RFC 5228), as far as it takes to know where they forward.

/// A script that forwards nothing outside any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Script {
    pub(super) text: String,
    /// Where it forwarded.
    pub(super) removed: Vec<String>,
}

/// Commands that may send mail elsewhere in ways that can't be seen here.
const OPAQUE: &[&str] =
    &["include", "pipe", "execute", "filter", "notify", "vnd.dovecot.execute", "extprograms"];

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Word(String),
    Tag(String),
    Text(String),
    Mark(u8),
}

struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

/// The script without commands that redirect to other domains than these; what was redirected is kept instead.
pub(super) fn without_forwarding(text: &str, own_domains: &[String]) -> Result<Script, String> {
    let tokens = tokens(text)?;
    let mut out = String::with_capacity(text.len());
    let (mut copied, mut removed) = (0, Vec::new());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        let Kind::Word(word) = &token.kind else { continue };
        if OPAQUE.contains(&word.as_str()) {
            return Err(format!("it uses {word}"));
        }
        if word != "redirect" {
            continue;
        }
        let rest = tokens.get(at..).unwrap_or_default();
        let length = rest.iter().position(|token| token.kind == Kind::Mark(b';'));
        let length = length.ok_or("a redirect has no end")?;
        let arguments = rest.get(..length).unwrap_or_default();
        let tag = |name: &str| arguments.iter().any(|token| token.kind == Kind::Tag(name.to_owned()));
        let target = arguments.iter().rev().find_map(|token| match &token.kind {
            Kind::Text(text) => Some(text.as_str()),
            _ => None,
        });
        let target = target.ok_or("a redirect names no address")?;
        if !tag("list") && is_own(target, own_domains) {
            continue;
        }
        let end = rest.get(length).map_or(text.len(), |token| token.end);
        out.push_str(text.get(copied..token.start).unwrap_or_default());
        // Without `:copy` a redirect is instead of keeping; the mailbox gets it now.
        out.push_str(if tag("copy") { "" } else { "keep;" });
        copied = end;
        if !removed.iter().any(|known| known == target) {
            removed.push(target.to_owned());
        }
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Ok(Script { text: out, removed })
}

/// Whether an address is certainly inside.
fn is_own(address: &str, own_domains: &[String]) -> bool {
    let domain = address.rsplit_once('@').map(|(_, domain)| domain.trim_end_matches('>').trim());
    !address.contains("${")
        && domain.is_some_and(|domain| own_domains.iter().any(|own| own.eq_ignore_ascii_case(domain)))
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let rest = text.get(at..).ok_or("it is no UTF-8")?;
        let kind = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += rest.find('\n').map_or(rest.len(), |line| line + 1);
                continue;
            }
            b'/' if rest.starts_with("/*") => {
                at += rest.find("*/").ok_or("a comment has no end")? + 2;
                continue;
            }
            b'"' => {
                let (value, length) = quoted(rest)?;
                at += length;
                Kind::Text(value)
            }
            _ if is_multi_line(rest) => {
                let (value, length) = multi_line(rest)?;
                at += length;
                Kind::Text(value)
            }
            b':' => {
                let word = word(rest.get(1..).unwrap_or_default());
                at += 1 + word.len();
                Kind::Tag(word.to_ascii_lowercase())
            }
            _ if byte.is_ascii_alphanumeric() || byte == b'_' => {
                let word = word(rest);
                at += word.len();
                Kind::Word(word.to_ascii_lowercase())
            }
            b'[' | b']' | b'(' | b')' | b'{' | b'}' | b',' | b';' => {
                at += 1;
                Kind::Mark(byte)
            }
            _ => return Err(format!("{:?} has no meaning there", rest.chars().next().unwrap_or(' '))),
        };
        tokens.push(Token { kind, start, end: at });
    }
    Ok(tokens)
}

fn word(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != '.');
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

fn quoted(text: &str) -> Result<(String, usize), String> {
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, at + 1)),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    Err("a text has no end".to_owned())
}

/// `text:` begins a text of lines, up to one that is a dot.
fn is_multi_line(text: &str) -> bool {
    text.get(..5).is_some_and(|begin| begin.eq_ignore_ascii_case("text:"))
}

fn multi_line(text: &str) -> Result<(String, usize), String> {
    let mut at = text.find('\n').ok_or("a text has no end")? + 1;
    let mut value = String::new();
    for line in text.get(at..).unwrap_or_default().split_inclusive('\n') {
        at += line.len();
        let bare = line.trim_end_matches(['\r', '\n']);
        if bare == "." {
            return Ok((value.trim_end().to_owned(), at));
        }
        value.push_str(bare.strip_prefix("..").map_or(bare, |_| bare.get(1..).unwrap_or_default()));
        value.push('\n');
    }
    Err("a text has no end".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Result<(String, Vec<String>), String> {
        let own = ["corp.example".to_owned()];
        without_forwarding(text, &own).map(|script| (script.text, script.removed))
    }

    #[test]
    fn what_leaves_is_kept_and_the_rest_stays_as_it_is() {
        let table = [
            ("redirect \"x@evil.example\";", "keep;", &["x@evil.example"][..]),
            ("Redirect :copy \"x@evil.example\";\r\nkeep;", "\r\nkeep;", &["x@evil.example"]),
            ("redirect \"lee@CORP.example\";", "redirect \"lee@CORP.example\";", &[]),
            ("redirect \"lee@corp.example.evil.example\";", "keep;", &["lee@corp.example.evil.example"]),
            ("redirect \"${who}@corp.example\";", "keep;", &["${who}@corp.example"]),
            ("redirect text:\r\nx@evil.example\r\n.\r\n;stop;", "keep;stop;", &["x@evil.example"]),
            ("redirect :list \"lee@corp.example\";", "keep;", &["lee@corp.example"]),
            ("# redirect \"x@evil.example\";\nkeep;", "# redirect \"x@evil.example\";\nkeep;", &[]),
            ("/* redirect \"x@e\"; */ keep;", "/* redirect \"x@e\"; */ keep;", &[]),
            ("fileinto \"redirect \\\"x@e\\\";\";", "fileinto \"redirect \\\"x@e\\\";\";", &[]),
            (
                "require [\"copy\"];\nif header :is \"a\" [\"b\",\"c\"] { redirect \"x@e.example\"; stop; }",
                "require [\"copy\"];\nif header :is \"a\" [\"b\",\"c\"] { keep; stop; }",
                &["x@e.example"],
            ),
        ];
        for (text, without, removed) in table {
            let removed: Vec<String> = removed.iter().map(|&text| text.to_owned()).collect();
            assert_eq!(script(text), Ok((without.to_owned(), removed)), "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_not_harmless() {
        for bad in [
            "include :personal \"more\";",
            "pipe \"x\";",
            "notify \"mailto:x@evil.example\";",
            "redirect \"x@evil.example",
            "redirect \"x@evil.example\"",
            "redirect ;",
            "/* redirect",
            "keep \u{1F600};",
            "redirect text:\r\nx",
        ] {
            assert!(script(bad).is_err(), "{bad}: {:?}", script(bad));
        }
    }
}
