//! Rolling time periods.

use crate::core::string_enum::string_enum;

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
