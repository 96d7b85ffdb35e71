//! Points in time. On the server they are `jiff`'s; in the browser a small stand-in of the same shape, since a
//! calendar, time zones and their messages would be a tenth of the page's wasm and none of it is used there.
//!
//! The rest of the vocabulary imports from here and does not notice. To use one more method in the browser, add it
//! to the stand-in under `jiff`'s name.

#[cfg(feature = "ssr")]
pub use jiff::{SignedDuration, Timestamp};
#[cfg(not(feature = "ssr"))]
pub use light::{SignedDuration, Timestamp};

/// The time that a text from outside names.
///
/// # Errors
/// A sentence that says what the text must be.
pub fn read(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| {
        // What programs write for "never"; with its offset, the last day of the calendar has no end.
        if text.trim_start().starts_with("9999-12-3") {
            "is after the last time there is, 9999-12-30T22:00:00Z; name a nearer one, or leave it out"
                .to_owned()
        } else {
            "must be an RFC 3339 time with Z or an offset, for example 2026-01-31T12:00:00Z".to_owned()
        }
    })
}

/// Times on the wire, all with the same six decimals: programs guess the form of a column from its first rows.
pub mod six_decimals {
    use serde::{Serialize as _, Serializer};

    use super::Timestamp;

    /// The text of a time.
    #[cfg(feature = "ssr")]
    #[must_use]
    pub fn text(at: Timestamp) -> String {
        format!("{at:.6}")
    }

    /// The text of a time. What a browser sends is read by the server alone.
    #[cfg(not(feature = "ssr"))]
    #[must_use]
    pub fn text(at: Timestamp) -> String {
        at.to_string()
    }

    /// For serde.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&text(*at))
    }

    /// For serde.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn optional<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(text).serialize(serializer)
    }
}

#[cfg(any(test, not(feature = "ssr")))]
#[cfg_attr(feature = "ssr", expect(dead_code, unreachable_pub, reason = "only the browser uses all of it"))]
mod light {
    //! RFC 3339 in UTC, to the nanosecond, from year 0 to 9999.

    use std::fmt;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    const NANOS: i128 = 1_000_000_000;
    const DAY: i64 = 86_400;

    /// A span between two points, to the nanosecond.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub struct SignedDuration(i128);

    impl SignedDuration {
        /// No time.
        pub const ZERO: Self = Self(0);

        /// That many seconds.
        #[must_use]
        pub const fn from_secs(seconds: i64) -> Self {
            Self(seconds as i128 * NANOS)
        }

        /// That many hours.
        #[must_use]
        pub const fn from_hours(hours: i64) -> Self {
            Self::from_secs(hours * 3_600)
        }

        /// Its whole seconds.
        #[must_use]
        #[expect(clippy::cast_possible_truncation, reason = "10,000 years of seconds fit")]
        pub const fn as_secs(self) -> i64 {
            (self.0 / NANOS) as i64
        }
    }

    impl std::ops::AddAssign for SignedDuration {
        fn add_assign(&mut self, other: Self) {
            self.0 = self.0.saturating_add(other.0);
        }
    }

    /// A point in time.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub struct Timestamp(i128);

    /// A text that is no time.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct NoTime;

    impl fmt::Display for NoTime {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("not an RFC 3339 time")
        }
    }

    impl std::error::Error for NoTime {}

    impl Timestamp {
        /// 1970-01-01T00:00:00Z.
        pub const UNIX_EPOCH: Self = Self(0);

        /// How long it is after `other`.
        #[must_use]
        pub const fn duration_since(self, other: Self) -> SignedDuration {
            SignedDuration(self.0 - other.0)
        }

        /// That much later.
        ///
        /// # Errors
        /// None here; the signature is `jiff`'s.
        pub const fn checked_add(self, span: SignedDuration) -> Result<Self, NoTime> {
            match self.0.checked_add(span.0) {
                Some(nanos) => Ok(Self(nanos)),
                None => Err(NoTime),
            }
        }
    }

    impl std::ops::Sub<SignedDuration> for Timestamp {
        type Output = Self;

        fn sub(self, span: SignedDuration) -> Self {
            Self(self.0.saturating_sub(span.0))
        }
    }

    impl std::ops::Add<SignedDuration> for Timestamp {
        type Output = Self;

        fn add(self, span: SignedDuration) -> Self {
            Self(self.0.saturating_add(span.0))
        }
    }

    impl FromStr for Timestamp {
        type Err = NoTime;

        fn from_str(text: &str) -> Result<Self, NoTime> {
            let number = |from: usize, to: usize| {
                let digits = text.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
                digits.and_then(|digits| digits.parse::<i64>().ok()).ok_or(NoTime)
            };
            let days = days(number(0, 4)?, number(5, 7)?, number(8, 10)?);
            let (end, offset) = offset(text.get(11..).ok_or(NoTime)?)?;
            let end = 11 + end;
            let second = if end > 16 { number(17, 19)? } else { 0 };
            let seconds = days * DAY + number(11, 13)? * 3_600 + number(14, 16)? * 60 + second - offset;
            let fraction = if end > 19 { text.get(19..end).ok_or(NoTime)? } else { "" };
            let nanos = match fraction.strip_prefix('.') {
                None if fraction.is_empty() => 0,
                Some(digits) if digits.len() <= 9 => {
                    let width = digits.len();
                    let places = u32::try_from(9 - width).map_err(|_| NoTime)?;
                    number(20, 20 + width)? * 10_i64.pow(places)
                }
                _ => return Err(NoTime),
            };
            Ok(Self(i128::from(seconds) * NANOS + i128::from(nanos)))
        }
    }

    impl fmt::Display for Timestamp {
        #[expect(clippy::cast_possible_truncation, reason = "seconds and nanoseconds of these years fit")]
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let seconds = self.0.div_euclid(NANOS) as i64;
            let nanos = self.0.rem_euclid(NANOS) as i64;
            let (year, month, day) = date(seconds.div_euclid(DAY));
            let of_day = seconds.rem_euclid(DAY);
            let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
            write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
            if nanos != 0 {
                let digits = format!("{nanos:09}");
                write!(f, ".{}", digits.trim_end_matches('0'))?;
            }
            f.write_str("Z")
        }
    }

    impl Serialize for Timestamp {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for Timestamp {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        }
    }

    /// Where the offset begins in a time of day, and how many seconds it is ahead of UTC.
    fn offset(time: &str) -> Result<(usize, i64), NoTime> {
        let at = time.find(['Z', 'z', '+', '-']).filter(|at| *at >= 5).ok_or(NoTime)?;
        let (sign, text) = time.split_at(at);
        let ahead = match text.split_at_checked(1).ok_or(NoTime)? {
            ("Z" | "z", "") => 0,
            (sign @ ("+" | "-"), text) => {
                let digits = text.replace(':', "");
                let number = |from: usize, to: usize| match digits.get(from..to) {
                    Some(part) if part.bytes().all(|byte| byte.is_ascii_digit()) => {
                        part.parse().map_err(|_| NoTime)
                    }
                    _ => Err(NoTime),
                };
                let hours: i64 = number(0, 2)?;
                let minutes: i64 = if digits.len() > 2 { number(2, 4)? } else { 0 };
                let seconds = hours * 3_600 + minutes * 60;
                if digits.len() > 4 {
                    return Err(NoTime);
                }
                if sign == "-" { -seconds } else { seconds }
            }
            _ => return Err(NoTime),
        };
        Ok((sign.len(), ahead))
    }

    /// Days from 1970-01-01 in the proleptic Gregorian calendar; years begin in March, so that leap days are last.
    const fn days(year: i64, month: i64, day: i64) -> i64 {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    /// Year, month and day of a day counted from 1970-01-01.
    const fn date(day: i64) -> (i64, i64, i64) {
        let day = day + 719_468;
        let era = day.div_euclid(146_097);
        let of_era = day.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let march = (5 * of_year + 2) / 153;
        let month = if march < 10 { march + 3 } else { march - 9 };
        let year = year + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, of_year - (153 * march + 2) / 5 + 1)
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::light;

    #[test]
    fn the_browser_reads_and_writes_times_as_the_server_does() {
        let table = [
            "1970-01-01T00:00:00Z",
            "2000-02-29T23:59:59.5Z",
            "2026-11-22T03:56:10.123456Z",
            "2026-12-31T23:59:59.000000001Z",
            "2100-03-01T00:00:00Z",
            "1969-12-31T23:59:59.25Z",
            "0001-01-01T00:00:00Z",
            "9999-12-30T00:00:00Z",
        ];
        for text in table {
            let ours: light::Timestamp = text.parse().unwrap();
            let theirs: jiff::Timestamp = text.parse().unwrap();
            assert_eq!(ours.to_string(), theirs.to_string());
            let since = ours.duration_since(light::Timestamp::UNIX_EPOCH).as_secs();
            assert_eq!(since, theirs.duration_since(jiff::Timestamp::UNIX_EPOCH).as_secs(), "{text}");
        }
        // As older proposals name the end of what they ask for.
        for text in [
            "2026-12-01T00:00:00+02:00",
            "2026-12-01 00:00+02",
            "2026-12-01T00:00:00.25-0330",
            "2026-12-01 00:00:00Z",
        ] {
            let ours: light::Timestamp = text.parse().unwrap();
            assert_eq!(ours.to_string(), text.parse::<jiff::Timestamp>().unwrap().to_string(), "{text}");
        }
        for day in (-700_000..2_900_000).step_by(173) {
            let ours = light::Timestamp::UNIX_EPOCH + light::SignedDuration::from_hours(24 * day);
            if let Ok(theirs) = jiff::Timestamp::from_second(day * 86_400) {
                assert_eq!(ours.to_string(), theirs.to_string());
                assert_eq!(theirs.to_string().parse(), Ok(ours));
            }
        }
        for bad in
            ["", "2026-11-22", "2026-11-22T03:56:10", "2026-11-22T03:56:10.Z1", "+026-11-22T03:56:10Z", "é"]
        {
            assert!(bad.parse::<light::Timestamp>().is_err(), "{bad}");
        }
    }
}
