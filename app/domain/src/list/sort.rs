//! The orders that a list can have.

use std::fmt;
use std::str::FromStr;

use crate::core::string_enum::{UnknownWord, Word};

/// From the smallest value up, or from the greatest down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest, oldest or least severe first.
    Ascending,
    /// Greatest, newest or most severe first.
    Descending,
}

/// A key and a direction. Rows with equal keys come in the order of their ids, in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort<K> {
    /// By what.
    pub key: K,
    /// Largest, newest or most severe first.
    pub descending: bool,
}

/// The key's word, with `-` before it for descending.
impl<K: Word> fmt::Display for Sort<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.key)
    }
}

impl<K: Word> FromStr for Sort<K> {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let (descending, key) = text.strip_prefix('-').map_or((false, text), |key| (true, key));
        Ok(Self { key: key.parse()?, descending })
    }
}
