//! Paths of PATCH (RFC 7644, 3.5.2): an attribute, perhaps only values of it, perhaps only a part of these.

use serde_json::Value;

use super::failure::Failure;
use super::schema::{Attribute, Kind, Mutability, Schema};

/// What a path names.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) attribute: &'static Attribute,
    /// Only values whose part is this.
    pub(super) filter: Option<(&'static Attribute, Value)>,
    pub(super) part: Option<&'static Attribute>,
}

impl Target {
    /// Whether a value is one that the filter means.
    pub(super) fn means(&self, value: &Value) -> bool {
        let Some((part, wanted)) = &self.filter else { return true };
        match (value.get(part.name), wanted) {
            (Some(Value::String(a)), Value::String(b)) if !part.exact => a.eq_ignore_ascii_case(b),
            (Some(value), wanted) => value == wanted,
            (None, _) => false,
        }
    }
}

/// Reads a path. None: it names what is not kept here, which is no fault.
pub(super) fn parse(path: &str, schema: &Schema) -> Result<Option<Target>, Failure> {
    let wrong = || Failure::bad("invalidPath", format!("{path:?} can't be read as a path"));
    let mut rest = path.trim();
    let lower = rest.to_ascii_lowercase();
    if let Some(own) = lower.strip_prefix(&format!("{}:", schema.urn.to_ascii_lowercase())) {
        rest = &rest[rest.len() - own.len()..];
    } else if lower.starts_with("urn:") {
        return Ok(None);
    }
    let (name, mut rest) = split_name(rest).ok_or_else(wrong)?;
    let attribute = schema.find(name);
    let mut filter = None;
    if let Some(inside) = rest.strip_prefix('[') {
        let (text, after) = inside.rsplit_once(']').ok_or_else(wrong)?;
        filter = Some(text);
        rest = after;
    }
    let mut part = None;
    if let Some(text) = rest.strip_prefix('.') {
        let (name, after) = split_name(text).ok_or_else(wrong)?;
        part = Some(name);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(wrong());
    }
    let Some(attribute) = attribute else { return Ok(None) };
    if attribute.mutability == Mutability::ReadOnly {
        return Err(Failure::bad("mutability", format!("{} is not written by others", attribute.name)));
    }
    let filter = filter.map(|text| self::filter(text, attribute)).transpose()?;
    let part = match part.map(|name| attribute.part(name)) {
        Some(None) => return Ok(None),
        part => part.flatten(),
    };
    Ok(Some(Target { attribute, filter, part }))
}

fn split_name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|of: char| !(of.is_ascii_alphanumeric() || "$-_".contains(of))).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// One comparison: a part and its value.
fn filter(text: &str, attribute: &'static Attribute) -> Result<(&'static Attribute, Value), Failure> {
    let wrong = || {
        let detail = format!("{text:?} is no filter that is known here: NAME eq VALUE");
        Failure::bad("invalidFilter", detail)
    };
    let (name, value) = comparison(text).ok_or_else(wrong)?;
    if attribute.kind != Kind::Complex || !attribute.many {
        return Err(Failure::bad("invalidPath", format!("{} has one value", attribute.name)));
    }
    let part = attribute.part(name).ok_or_else(wrong)?;
    Ok((part, super::document::single(part, &value)?))
}

/// `NAME eq VALUE`, as filters have it.
pub(super) fn comparison(text: &str) -> Option<(&str, Value)> {
    let (name, rest) = text.trim().split_once(char::is_whitespace)?;
    let (word, value) = rest.trim_start().split_once(char::is_whitespace)?;
    let value: Value = serde_json::from_str(value.trim()).ok()?;
    (word.eq_ignore_ascii_case("eq") && !value.is_object() && !value.is_array()).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::super::schema::{GROUP, USER};
    use super::*;

    #[test]
    fn paths_are_read_as_they_are_written() {
        let table = [
            ("active", "active", None, None),
            ("ACTIVE", "active", None, None),
            ("name.familyName", "name", None, Some("familyName")),
            ("urn:ietf:params:scim:schemas:core:2.0:User:userName", "userName", None, None),
            ("emails[type eq \"work\"].value", "emails", Some("type"), Some("value")),
            ("emails[type EQ \"work\"]", "emails", Some("type"), None),
            ("emails[primary eq true].value", "emails", Some("primary"), Some("value")),
        ];
        for (path, attribute, filter, part) in table {
            let target = parse(path, &USER).unwrap().unwrap();
            let got =
                (target.attribute.name, target.filter.map(|of| of.0.name), target.part.map(|of| of.name));
            assert_eq!(got, (attribute, filter, part), "{path}");
        }
        for unknown in [
            "title",
            "name.nickname",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            "phoneNumbers[type eq \"work\"].value",
        ] {
            assert!(parse(unknown, &USER).unwrap().is_none(), "{unknown}");
        }
        for bad in [
            "",
            "[",
            "emails[",
            "emails]",
            "emails[type]",
            "emails[type co \"a\"]",
            "emails[type eq work]",
            "a b",
            "emails.",
            "userName[type eq \"a\"]",
            "emails[colour eq \"a\"]",
            "id",
            "meta.version",
            "groups",
        ] {
            assert!(parse(bad, &USER).is_err(), "{bad}");
        }
        assert!(parse("members[value eq \"1\"]", &GROUP).unwrap().unwrap().filter.is_some());
    }
}
