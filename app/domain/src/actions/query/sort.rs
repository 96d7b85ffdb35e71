//! The orders that a list can have.

use std::fmt;
use std::str::FromStr;

use super::SortKey;
use crate::actions::lifecycle::Lane;
use crate::core::string_enum::UnknownWord;

/// A key and a direction. Rows with equal keys come in the order of their ids, in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// Largest, newest or most severe first.
    pub descending: bool,
}

impl Sort {
    /// The default order of a tab: Pending most urgent first (severity, then expiry, then age), the others newest
    /// change first.
    #[must_use]
    pub const fn of(lane: Lane) -> Self {
        match lane {
            Lane::Pending => Self { key: SortKey::Urgency, descending: false },
            Lane::InProgress | Lane::History => Self { key: SortKey::Updated, descending: true },
        }
    }
}

/// The key's word, with `-` before it for descending.
impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.key)
    }
}

impl FromStr for Sort {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let (descending, key) = text.strip_prefix('-').map_or((false, text), |key| (true, key));
        Ok(Self { key: key.parse()?, descending })
    }
}

impl SortKey {
    /// Whether people look for its greatest values first: the newest, the most severe.
    #[must_use]
    pub const fn begins_descending(self) -> bool {
        matches!(self, Self::Updated | Self::Proposed | Self::Severity)
    }
}
