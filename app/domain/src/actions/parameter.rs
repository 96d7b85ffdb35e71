//! What an action type may be told besides its entity. The catalog lists which parameters a type takes.

use std::collections::BTreeMap;

use crate::core::string_enum::string_enum;
use crate::core::time::{self, Timestamp};

string_enum! {
    /// The name of a parameter.
    ParameterName {
        Scope = "scope" "Scope",
        CommandLine = "command_line" "Command line",
        Expiry = "expiry" "Ends at",
    }
}

/// Parameter values by name, as text.
pub type Parameters = BTreeMap<ParameterName, String>;

/// What a value must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// One of the listed words.
    OneOf(&'static [&'static str]),
    /// An RFC 3339 time that lies ahead.
    Time,
    /// Free text of at most this many characters.
    Text(usize),
}

/// One parameter that a type takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterSpec {
    /// Its name.
    pub name: ParameterName,
    /// What its value must look like.
    pub kind: ParameterKind,
    /// Whether the action makes no sense without it.
    pub required: bool,
}

impl ParameterKind {
    /// Checks a value.
    ///
    /// # Errors
    /// A sentence that says what the value must be.
    pub fn check(self, value: &str, now: Timestamp) -> Result<(), String> {
        match self {
            Self::OneOf(words) if words.contains(&value) => Ok(()),
            Self::OneOf(words) => Err(format!("must be one of {}", words.join(", "))),
            Self::Time => match time::read(value)? {
                at if at > now => Ok(()),
                at => Err(format!("is {at}, which lies in the past; name a time after {now}")),
            },
            Self::Text(limit) => match value.chars().count() {
                0 => Err("must not be empty".to_owned()),
                count if count > limit => Err(format!("has {count} characters; at most {limit}")),
                _ => Ok(()),
            },
        }
    }
}
