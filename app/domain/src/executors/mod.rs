//! What carries actions out: executors as an administrator sets them up, what each serves, and how each is.

pub mod contract;
pub mod rule;
pub mod settings;

use serde::{Deserialize, Serialize};

use crate::core::error::{Error, FieldError};

pub use crate::core::executor::ExecutorKind;
pub use rule::ServeRule;
pub use settings::Settings;

/// Executors that can be set up.
pub const MAX_EXECUTORS: usize = 200;
const MAX_NAME_LENGTH: usize = 64;
const MAX_RULES: usize = 50;
const MAX_CONCURRENCY: u32 = 64;
const MAX_RATE: u32 = 60_000;
const MAX_TIME_LIMIT: u32 = 30 * 24 * 3_600;

/// An executor as it was set up; its secret is apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ExecutorSetup {
    /// Its name, which never changes: actions and the audit log name it.
    pub name: String,
    /// What it speaks.
    pub kind: ExecutorKind,
    /// What its kind needs to know.
    #[serde(default)]
    pub settings: Settings,
    /// What it serves: one of these must fit. Executors are asked in their order, and the first that serves and can
    /// carry out the action has it.
    pub serves: Vec<ServeRule>,
    /// Commands at a time on each instance.
    #[serde(default = "default_concurrency")]
    pub concurrency: u32,
    /// Commands a minute on each instance; any number where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// Seconds that what was handed over may take until its end is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<u32>,
}

/// Commands at a time where nothing is said.
#[must_use]
pub const fn default_concurrency() -> u32 {
    4
}

impl ExecutorSetup {
    /// Everything that is wrong with it as one to be added.
    ///
    /// # Errors
    /// [`Error::Invalid`] with each field.
    pub fn check_new(&self) -> Result<(), Error> {
        let mut wrong = self.wrong();
        if !self.kind.info().can_be_added {
            let detail = "can't be added: a responder comes by enrolling its host, others with an option of the server";
            wrong.insert(0, FieldError::new("/kind", detail));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
    }

    /// Everything that is wrong with it as one that there is, which `before` says.
    ///
    /// # Errors
    /// [`Error::Invalid`] with each field.
    pub fn check_change(&self, before: &Self) -> Result<(), Error> {
        let mut wrong = self.wrong();
        if self.kind != before.kind {
            wrong.insert(0, FieldError::new("/kind", format!("stays {}; add another executor", before.kind)));
        }
        // What an enrolled host is told to do, it does to itself, whatever device was meant.
        if self.kind == ExecutorKind::Responder {
            let own = |rule: &ServeRule| (rule.asset_kind, rule.name.clone());
            let device = before.serves.first().map(own);
            for (index, rule) in self.serves.iter().enumerate() {
                if Some(own(rule)) == device {
                    continue;
                }
                let detail = format!(
                    "must begin with kind=device; name={}, the device that its host was enrolled for",
                    device.clone().and_then(|(_, name)| name).unwrap_or_default()
                );
                wrong.push(FieldError::new(format!("/serves/{index}"), detail));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
    }

    fn wrong(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        if let Err(detail) = check_name(&self.name) {
            wrong.push(FieldError::new("/name", detail));
        }
        if self.serves.is_empty() || self.serves.len() > MAX_RULES {
            wrong.push(FieldError::new(
                "/serves",
                format!("has {} rules; give 1 to {MAX_RULES}", self.serves.len()),
            ));
        }
        for (index, rule) in self.serves.iter().enumerate() {
            if let Err(detail) = rule.check() {
                wrong.push(FieldError::new(format!("/serves/{index}"), detail));
            }
        }
        let bounded = |field: &str, value: Option<u32>, most: u32| match value {
            Some(value) if value == 0 || value > most => {
                Some(FieldError::new(format!("/{field}"), format!("is {value}; give 1 to {most}")))
            }
            _ => None,
        };
        wrong.extend(bounded("concurrency", Some(self.concurrency), MAX_CONCURRENCY));
        wrong.extend(bounded("rate", self.rate, MAX_RATE));
        wrong.extend(bounded("time_limit", self.time_limit, MAX_TIME_LIMIT));
        wrong.extend(self.settings.check(self.kind));
        wrong
    }

    /// The first of its rules that fits, in words.
    #[must_use]
    pub fn rule_in_words(&self, index: usize) -> Option<String> {
        self.serves.get(index).map(|rule| format!("rule {}: {}", index + 1, rule.in_words()))
    }
}

/// Names stand in addresses, command lines and records.
fn check_name(name: &str) -> Result<(), String> {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let rest = bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte));
    if first && rest && name.len() <= MAX_NAME_LENGTH && name != "new" {
        return Ok(());
    }
    Err(format!(
        "must be 1 to {MAX_NAME_LENGTH} of a-z, 0-9, '.', '_' and '-', begin with a letter or digit, and not be new"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(name: &str, kind: ExecutorKind) -> ExecutorSetup {
        ExecutorSetup {
            name: name.to_owned(),
            kind,
            settings: Settings::default(),
            serves: vec![ServeRule::default()],
            concurrency: 4,
            rate: None,
            time_limit: None,
        }
    }

    #[test]
    fn each_wrong_field_is_named() {
        assert!(setup("by-hand", ExecutorKind::Manual).check_new().is_ok());
        let wrong = ExecutorSetup {
            serves: Vec::new(),
            concurrency: 0,
            rate: Some(0),
            time_limit: Some(u32::MAX),
            ..setup("New!", ExecutorKind::Responder)
        };
        let Err(Error::Invalid(errors)) = wrong.check_new() else { panic!("accepted") };
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/kind", "/name", "/serves", "/concurrency", "/rate", "/time_limit"]);
        for name in ["", "new", "-a", "a b", "ü", "A", &"a".repeat(65)] {
            assert!(setup(name, ExecutorKind::Manual).check_new().is_err(), "{name}");
        }
    }

    #[test]
    fn an_enrolled_host_stays_that_of_its_device() {
        let of = |rules: &[&str]| {
            let serves = rules.iter().map(|rule| rule.parse().unwrap()).collect();
            ExecutorSetup { serves, ..setup("responder-web-1", ExecutorKind::Responder) }
        };
        let before = of(&["kind=device; name=web-1"]);
        for rules in [&["kind=device; name=web-1"][..], &["kind=device; name=web-1; type=quarantine_file"]] {
            assert!(of(rules).check_change(&before).is_ok(), "{rules:?}");
        }
        for rules in [&["*"][..], &["name=web-1"], &["kind=device; name=web-1", "kind=device; name=web-*"]] {
            let Err(Error::Invalid(errors)) = of(rules).check_change(&before) else { panic!("{rules:?}") };
            assert_eq!(errors[0].pointer, format!("/serves/{}", rules.len() - 1));
        }
        let other = ExecutorSetup { kind: ExecutorKind::Manual, ..of(&["*"]) };
        let Err(Error::Invalid(errors)) = other.check_change(&before) else { panic!("another kind") };
        assert_eq!(errors[0].pointer, "/kind");
    }
}
