//! Rolling time periods, and moments: times, or days as a calendar has them.

use std::fmt;
use std::str::FromStr;

use crate::core::string_enum::string_enum;
use crate::core::time::{SignedDuration, Timestamp};

string_enum! {
    /// A time period that ends now.
    Period {
        Day = "24h" "Past day",
        Week = "7d" "Past week",
        Month = "30d" "Past 30 days",
        HalfYear = "180d" "Past 6 months",
    }
}

impl Period {
    /// Its length.
    #[must_use]
    pub const fn hours(self) -> i64 {
        match self {
            Self::Day => 24,
            Self::Week => 7 * 24,
            Self::Month => 30 * 24,
            Self::HalfYear => 180 * 24,
        }
    }
}

/// A time, or a day, which begins and ends by the clock of whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// A point in time.
    At(Timestamp),
    /// A day, as `2026-01-31`.
    Day(String),
}

impl Moment {
    /// Its beginning, if days are those of UTC.
    #[must_use]
    pub fn begin(&self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(*at),
            Self::Day(day) => format!("{day}T00:00:00Z").parse().ok(),
        }
    }

    /// Its end, likewise.
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(*at),
            Self::Day(_) => self.begin()?.checked_add(SignedDuration::from_hours(24)).ok(),
        }
    }
}

/// A text that is neither a time nor a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a day like 2026-01-31 or a time like 2026-01-31T00:00:00Z")]
pub struct NoMoment;

impl FromStr for Moment {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        let day = Self::Day(text.to_owned());
        if text.len() == 10 && day.end().is_some() {
            return Ok(day);
        }
        text.parse().map(Self::At).map_err(|_| NoMoment)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => at.fmt(f),
            Self::Day(day) => f.write_str(day),
        }
    }
}
