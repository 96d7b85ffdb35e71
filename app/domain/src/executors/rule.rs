//! What an executor serves: a rule that an asset, and the type of an action on it, fit or do not.

use std::fmt::Write as _;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::actions::catalog::ActionType;
#[cfg(feature = "ssr")]
use crate::actions::entity::Asset;
use crate::actions::entity::AssetKind;
#[cfg(feature = "ssr")]
use crate::core::{canonical, glob};

const MAX_PATTERN_LENGTH: usize = 255;

/// What fits is of this kind, name, device group and type, as far as each is named. One that names nothing fits
/// everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ServeRule {
    /// The kind of the asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_kind: Option<AssetKind>,
    /// The name of the asset, where * stands for any letters and ? for any one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The device group of the asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_group: Option<String>,
    /// The types of actions; every type where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<ActionType>,
}

impl ServeRule {
    /// Whether an action of this type on the asset fits.
    #[cfg(feature = "ssr")]
    #[must_use]
    pub fn fits(&self, action_type: ActionType, asset: &Asset) -> bool {
        let fold = |text: &str| canonical::name(text);
        self.asset_kind.is_none_or(|kind| kind == asset.kind)
            && self.name.as_ref().is_none_or(|pattern| glob::fits(&fold(pattern), &fold(&asset.name)))
            && self
                .device_group
                .as_ref()
                .is_none_or(|group| asset.device_group.as_ref().is_some_and(|of| fold(of) == fold(group)))
            && (self.types.is_empty() || self.types.contains(&action_type))
    }

    /// What is wrong with it.
    ///
    /// # Errors
    /// A sentence.
    pub fn check(&self) -> Result<(), String> {
        for (field, text) in [("name", &self.name), ("device_group", &self.device_group)] {
            let Some(text) = text else { continue };
            if text.trim().is_empty() || text.len() > MAX_PATTERN_LENGTH || text.chars().any(char::is_control)
            {
                return Err(format!(
                    "{field} must be 1 to {MAX_PATTERN_LENGTH} bytes without control characters"
                ));
            }
        }
        Ok(())
    }

    /// As people read it.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut text = match (&self.asset_kind, &self.name) {
            (None, None) => "everything".to_owned(),
            (Some(kind), None) => format!("every {}", kind.label().to_lowercase()),
            (Some(kind), Some(name)) => format!("{} {name}", kind.label().to_lowercase()),
            (None, Some(name)) => name.clone(),
        };
        // Writing to a text can't fail.
        if let Some(group) = &self.device_group {
            let _ = write!(text, " in {group}");
        }
        if !self.types.is_empty() {
            let labels: Vec<_> = self.types.iter().map(|of| of.label()).collect();
            let _ = write!(text, ", only {}", labels.join(", "));
        }
        text
    }
}

/// As command lines and forms write it: `kind=device; name=web-*; group=Servers; type=isolate_device,release_from_isolation`.
/// `*` alone is everything.
impl FromStr for ServeRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut rule = Self::default();
        if text.trim() == "*" {
            return Ok(rule);
        }
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let Some((field, value)) =
                part.split_once('=').map(|(field, value)| (field.trim(), value.trim()))
            else {
                return Err(format!("{part:?} is none of kind=, name=, group= and type="));
            };
            match field {
                "kind" => {
                    let kind = value
                        .parse()
                        .map_err(|_| format!("kind is device, mailbox or account, not {value}"))?;
                    rule.asset_kind = Some(kind);
                }
                "name" => rule.name = Some(value.to_owned()),
                "group" => rule.device_group = Some(value.to_owned()),
                "type" => {
                    for word in value.split(',').map(str::trim) {
                        rule.types.push(word.parse().map_err(|_| format!("{word} is no type of action"))?);
                    }
                }
                other => return Err(format!("{other} is none of kind, name, group and type")),
            }
        }
        if rule == Self::default() {
            return Err("says nothing; write * for everything".to_owned());
        }
        rule.check().map(|()| rule)
    }
}

impl std::fmt::Display for ServeRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let types = self.types.iter().map(|of| of.as_str()).collect::<Vec<_>>().join(",");
        let parts = [
            self.asset_kind.map(|kind| format!("kind={kind}")),
            self.name.as_ref().map(|name| format!("name={name}")),
            self.device_group.as_ref().map(|group| format!("group={group}")),
            (!types.is_empty()).then(|| format!("type={types}")),
        ];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
        f.write_str(if text.is_empty() { "*" } else { &text })
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn device(name: &str) -> Asset {
        Asset {
            kind: AssetKind::Device,
            name: name.to_owned(),
            criticality: None,
            device_group: Some("Servers".to_owned()),
        }
    }

    #[test]
    fn a_rule_fits_by_all_that_it_names() {
        let isolate = ActionType::IsolateDevice;
        let table = [
            ("*", "web-1", true),
            ("kind=device", "web-1", true),
            ("kind=mailbox", "web-1", false),
            ("name=web-*", "WEB-17", true),
            ("name=web-?", "web-17", false),
            ("name=*-1", "db-11-1", true),
            ("group=servers", "web-1", true),
            ("group=other", "web-1", false),
            ("type=isolate_device", "web-1", true),
            ("kind=device; type=quarantine_file, release_from_isolation", "web-1", false),
        ];
        for (rule, name, fits) in table {
            let parsed: ServeRule = rule.parse().unwrap();
            assert_eq!(parsed.fits(isolate, &device(name)), fits, "{rule} {name}");
            assert_eq!(parsed.to_string().parse::<ServeRule>(), Ok(parsed), "{rule}");
        }
    }

    #[test]
    fn what_is_no_rule_is_told_why() {
        for bad in ["", "x", "kind=lorry", "type=explode", "colour=red", "name=", "name=\u{7}"] {
            assert!(bad.parse::<ServeRule>().is_err(), "{bad}");
        }
    }
}
