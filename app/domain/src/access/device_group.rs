//! Device groups: ranked rules that sort devices, and what their threats are answered with.
//!
//! A device belongs to exactly one group: the first whose rule it meets, by rank; what meets none is in the last,
//! "Ungrouped devices". Where no group but that one is defined, the group that a tool names holds.

use std::collections::BTreeSet;
use std::fmt::{Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::core::error::FieldError;
use crate::core::id::DeviceGroupId;
use crate::core::string_enum::string_enum;
use crate::core::text::check_text;

/// The name of the group of devices that meet no rule.
pub const UNGROUPED: &str = "Ungrouped devices";
/// Groups that can be defined.
pub const MAX_DEVICE_GROUPS: usize = 200;
/// Conditions in one rule.
pub const MAX_CONDITIONS: usize = 20;
/// Characters of a group's name, and of what a condition compares with.
const MAX_NAME: usize = 100;

string_enum! {
    /// How much of what is found on a group's devices is remediated without asking.
    RemediationLevel {
        Full = "full" "Full - remediate threats automatically",
        SemiAll = "semi_all" "Semi - require approval for all folders",
        SemiCore = "semi_core" "Semi - require approval for core folders",
        SemiNonTemp = "semi_non_temp" "Semi - require approval for non-temp folders",
        None = "none" "No automated response",
    }
}

string_enum! {
    /// What of a device a condition looks at.
    DeviceField {
        Name = "name" "Name",
        Domain = "domain" "Domain",
        Os = "os" "Operating system",
        Tag = "tag" "Tag",
        ReportedGroup = "reported_group" "Group that its tool names",
    }
}

string_enum! {
    /// How a condition compares; letters are the same in either case.
    Comparison {
        Is = "is" "is",
        StartsWith = "starts_with" "starts with",
        EndsWith = "ends_with" "ends with",
        Contains = "contains" "contains",
    }
}

/// One condition of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DeviceCondition {
    /// What of the device is looked at.
    pub field: DeviceField,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what; of tags, one of them is enough.
    pub value: String,
}

impl DeviceCondition {
    fn is_met(&self, device: &Device) -> bool {
        let is = |text: &str| {
            let (text, value) = (text.to_lowercase(), self.value.to_lowercase());
            match self.comparison {
                Comparison::Is => text == value,
                Comparison::StartsWith => text.starts_with(&value),
                Comparison::EndsWith => text.ends_with(&value),
                Comparison::Contains => text.contains(&value),
            }
        };
        match self.field {
            DeviceField::Name => is(&device.name),
            DeviceField::Domain => device.domain().is_some_and(is),
            DeviceField::Os => device.os.as_deref().is_some_and(is),
            DeviceField::Tag => device.tags.iter().any(|tag| is(tag)),
            DeviceField::ReportedGroup => device.reported_group.as_deref().is_some_and(is),
        }
    }
}

/// As a line of a form or of the command line: `name starts_with web-`.
impl Display for DeviceCondition {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.field, self.comparison, self.value)
    }
}

impl FromStr for DeviceCondition {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let mut words = line.trim().splitn(3, ' ');
        let (Some(field), Some(comparison), Some(value)) = (words.next(), words.next(), words.next()) else {
            return Err(format!("{line:?} is no condition; one reads, for example, name starts_with web-"));
        };
        let field = field.parse().map_err(|error| format!("the field of a condition {error}"))?;
        let comparison =
            comparison.parse().map_err(|error| format!("the comparison of a condition {error}"))?;
        Ok(Self { field, comparison, value: value.trim().to_owned() })
    }
}

/// What is known of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its host name, as a tool wrote it last.
    pub name: String,
    /// Its domain, where a tool names it.
    pub domain: Option<String>,
    /// Its operating system.
    pub os: Option<String>,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// The group that its tool names.
    pub reported_group: Option<String>,
}

impl Device {
    /// Its domain: the one that is named, or what follows the host in a full name.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        let of_name = || self.name.split_once('.').map(|(_, domain)| domain);
        self.domain.as_deref().or_else(of_name).filter(|domain| !domain.is_empty())
    }
}

/// A group of devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DeviceGroup {
    /// Its id.
    pub id: DeviceGroupId,
    /// Its place among the groups, from 1; the first that matches wins.
    pub rank: u32,
    /// Its name.
    pub name: String,
    /// What is remediated on its devices without asking.
    pub level: RemediationLevel,
    /// What a device must meet, all of it; empty for "Ungrouped devices" alone.
    pub rule: Vec<DeviceCondition>,
    /// Grows with each change.
    pub version: i64,
}

impl DeviceGroup {
    /// Whether it is the last group, of devices that meet no rule.
    #[must_use]
    pub const fn is_rest(&self) -> bool {
        self.rule.is_empty()
    }

    /// Whether a device meets its rule.
    #[must_use]
    pub fn takes(&self, device: &Device) -> bool {
        !self.is_rest() && self.rule.iter().all(|condition| condition.is_met(device))
    }
}

/// The group of a device among all groups, in the order of their ranks; none for "Ungrouped devices".
#[must_use]
pub fn group_of<'a>(groups: &'a [DeviceGroup], device: &Device) -> Option<&'a DeviceGroup> {
    groups.iter().find(|group| group.takes(device))
}

/// The name of the group that a device's rows carry: that of the first rule which it meets, and where no group is
/// defined, the one that its tool names.
#[must_use]
pub fn group_name(groups: &[DeviceGroup], device: &Device) -> Option<String> {
    if groups.iter().all(DeviceGroup::is_rest) {
        return device.reported_group.clone().filter(|name| name != UNGROUPED);
    }
    group_of(groups, device).map(|group| group.name.clone())
}

/// A device group as an administrator writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DeviceGroupForm {
    /// Its name; that of "Ungrouped devices" stays.
    pub name: String,
    /// Its place; the last before "Ungrouped devices" where none is named.
    #[serde(default)]
    pub rank: Option<u32>,
    /// What is remediated on its devices without asking.
    pub level: RemediationLevel,
    /// What a device must meet, all of it.
    #[serde(default)]
    pub rule: Vec<DeviceCondition>,
}

impl DeviceGroupForm {
    /// What is wrong with it. `rest` is for "Ungrouped devices", which has no rule.
    #[must_use]
    pub fn check(&self, rest: bool) -> Vec<FieldError> {
        let mut found = Vec::new();
        if let Err(detail) = check_text(&self.name, MAX_NAME) {
            found.push(FieldError::new("/name", detail));
        } else if !rest && self.name.trim().to_lowercase() == UNGROUPED.to_lowercase() {
            found.push(FieldError::new("/name", "is the name of the last group; choose another"));
        } else if rest && self.name != UNGROUPED {
            found.push(FieldError::new("/name", format!("stays {UNGROUPED}: it is the last group")));
        }
        if rest && !self.rule.is_empty() {
            found.push(FieldError::new("/rule", "must be empty: the last group has what meets no rule"));
        }
        if !rest && !(1..=MAX_CONDITIONS).contains(&self.rule.len()) {
            found.push(FieldError::new("/rule", format!("must have 1 to {MAX_CONDITIONS} conditions")));
        }
        for (at, condition) in self.rule.iter().enumerate() {
            if let Err(detail) = check_text(&condition.value, MAX_NAME) {
                found.push(FieldError::new(format!("/rule/{at}/value"), detail));
            }
        }
        found
    }
}

/// The rule in the lines of a form; empty lines are none.
///
/// # Errors
/// What is wrong, with the number of the line.
pub fn parse_rule(text: &str) -> Result<Vec<DeviceCondition>, FieldError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            line.parse().map_err(|detail: String| {
                FieldError::new("/rule", format!("has an error in line {}: {detail}", at + 1))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(rank: u32, name: &str, rule: &str) -> DeviceGroup {
        DeviceGroup {
            id: uuid::Uuid::from_u128(u128::from(rank)).into(),
            rank,
            name: name.to_owned(),
            level: RemediationLevel::Full,
            rule: parse_rule(rule).unwrap(),
            version: 1,
        }
    }

    fn device(name: &str, os: &str, tags: &[&str]) -> Device {
        Device {
            name: name.to_owned(),
            os: Some(os.to_owned()).filter(|os| !os.is_empty()),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            ..Device::default()
        }
    }

    #[test]
    fn the_first_rule_that_a_device_meets_wins() {
        let groups = [
            group(1, "Vital", "tag is Vital"),
            group(2, "Web servers", "name starts_with WEB-\nos contains linux"),
            group(3, "Lab", "domain ends_with lab.example"),
            group(4, UNGROUPED, ""),
        ];
        let table = [
            (device("web-1", "Linux 6.1", &[]), Some("Web servers")),
            (device("web-1", "Linux 6.1", &["vital"]), Some("Vital")),
            (device("web-1", "Windows 11", &[]), None),
            (device("WEB-9.lab.example", "", &[]), Some("Lab")),
            (device("web-1.lab.example", "linux", &[]), Some("Web servers")),
            (device("hr-1", "", &["vitality"]), None),
            (Device { domain: Some("a.lab.example".into()), ..device("x", "", &[]) }, Some("Lab")),
        ];
        for (device, want) in table {
            assert_eq!(group_name(&groups, &device).as_deref(), want, "{device:?}");
        }
        // Exactly one group each, whatever the order of the others: the rank decides.
        let [vital, web, lab, rest] = groups;
        let turned = [web, vital, lab, rest];
        assert_eq!(
            group_name(&turned, &device("web-1", "linux", &["vital"])).as_deref(),
            Some("Web servers")
        );
    }

    #[test]
    fn a_tools_word_holds_where_no_group_is_defined() {
        let device = Device { reported_group: Some("Servers".into()), ..Device::default() };
        let rest = group(1, UNGROUPED, "");
        assert_eq!(group_name(&[], &device).as_deref(), Some("Servers"));
        assert_eq!(group_name(std::slice::from_ref(&rest), &device).as_deref(), Some("Servers"));
        assert_eq!(group_name(&[group(1, "Lab", "name is x"), rest.clone()], &device), None);
        let groups = [group(1, "Data centre", "reported_group is servers"), rest];
        assert_eq!(group_name(&groups, &device).as_deref(), Some("Data centre"));
        let named = Device { reported_group: Some(UNGROUPED.into()), ..Device::default() };
        assert_eq!(group_name(&[], &named), None);
    }

    #[test]
    fn a_condition_reads_as_it_is_written() {
        let text = "name starts_with web-\ntag is on call";
        let rule = parse_rule(text).unwrap();
        assert_eq!(rule.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), text);
        for (line, says) in [
            ("name web", "is no condition"),
            ("colour is red", "the field of a condition can't be \"colour\""),
            ("name like web", "the comparison of a condition can't be \"like\""),
        ] {
            let error = parse_rule(&format!("\n{line}")).unwrap_err();
            assert!(error.pointer == "/rule" && error.detail.contains(says), "{}", error.detail);
            assert!(error.detail.contains("line 2"));
        }
    }

    #[test]
    fn a_group_needs_a_name_of_its_own_and_a_rule() {
        let form = |name: &str, rule: &str| DeviceGroupForm {
            name: name.to_owned(),
            rank: None,
            level: RemediationLevel::SemiAll,
            rule: parse_rule(rule).unwrap(),
        };
        let wrong = |form: DeviceGroupForm, rest| {
            form.check(rest).into_iter().map(|error| error.pointer).collect::<Vec<_>>()
        };
        assert!(wrong(form("Servers", "name is a"), false).is_empty());
        assert_eq!(wrong(form("", ""), false), ["/name", "/rule"]);
        assert_eq!(wrong(form("ungrouped DEVICES", "name is a"), false), ["/name"]);
        assert!(wrong(form(UNGROUPED, ""), true).is_empty());
        assert_eq!(wrong(form("Rest", "name is a"), true), ["/name", "/rule"]);
    }
}
