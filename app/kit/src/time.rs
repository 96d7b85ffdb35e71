//! Times as text. The present is an argument and the person's zone comes with the page, so that server and browser
//! render the same.

use std::sync::Arc;

use leptos::prelude::use_context;

use domain::core::time::{SignedDuration, Timestamp};
use domain::core::zone::Zone;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The zone of the page's person; UTC outside of a page.
fn zone() -> Arc<Zone> {
    use_context().unwrap_or_default()
}

/// The time in the person's zone, for example `2026-11-22 03:56:10 UTC` or `2026-11-22 04:56:10 +01:00`.
pub fn full(at: Timestamp) -> String {
    zone().full(at)
}

/// A sentence of ours with the times that it names in UTC, as in `2026-11-22T03:56:10Z` or `2026-11-22 03:56:10 UTC`, in
/// the person's zone. What others wrote stays as they wrote it.
pub fn localize(sentence: &str) -> String {
    localize_in(&zone(), sentence)
}

fn localize_in(zone: &Zone, sentence: &str) -> String {
    let mut out = String::with_capacity(sentence.len());
    let (mut rest, mut is_in_word) = (sentence, false);
    while let Some(letter) = rest.chars().next() {
        let found = if is_in_word || !letter.is_ascii_digit() { None } else { leading_time(rest) };
        let length = if let Some((at, length)) = found {
            out.push_str(&zone.full(at));
            length
        } else {
            out.push(letter);
            letter.len_utf8()
        };
        is_in_word = found.is_some() || letter.is_alphanumeric();
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

/// The time of UTC with which a text begins, to the second, and its length.
fn leading_time(text: &str) -> Option<(Timestamp, usize)> {
    let (day, time, rest) = (text.get(..10)?, text.get(11..19)?, text.get(19..)?);
    let length = match text.as_bytes().get(10)? {
        b'T' => {
            let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
            let fraction = rest.strip_prefix('.').map_or(0, |fraction| 1 + digits(fraction));
            rest.get(fraction..)?.starts_with('Z').then_some(20 + fraction)?
        }
        b' ' => rest.starts_with(" UTC").then_some(23)?,
        _ => return None,
    };
    let is_over = !text.get(length..)?.starts_with(|letter: char| letter.is_alphanumeric());
    let at = format!("{day}T{time}Z").parse().ok()?;
    is_over.then_some((at, length))
}

/// The date in the person's zone, for example `2026-11-22`.
pub fn day(at: Timestamp) -> String {
    zone().day(at)
}

/// The age as text: `just now`, `4 min ago`, `3 h ago`, `12 d ago`, then the date.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs();
    match seconds {
        // Clocks of two machines differ a little.
        i64::MIN..MINUTE => "just now".to_owned(),
        MINUTE..HOUR => format!("{} min ago", seconds / MINUTE),
        HOUR..DAY => format!("{} h ago", seconds / HOUR),
        _ if seconds < 14 * DAY => format!("{} d ago", seconds / DAY),
        _ => day(at),
    }
}

/// The time that is left until a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// More than a day.
    Long,
    /// Less than a day: this many hours and minutes.
    Hours(i64, i64),
    /// Less than an hour: this many minutes.
    Minutes(i64),
    /// The deadline has passed.
    Over,
}

impl Left {
    /// The time that is left from `now` until `until`.
    pub fn until(until: Timestamp, now: Timestamp) -> Self {
        let left = until.duration_since(now);
        let seconds = left.as_secs();
        if left <= SignedDuration::ZERO {
            Self::Over
        } else if seconds < HOUR {
            Self::Minutes(seconds / MINUTE)
        } else if seconds < DAY {
            Self::Hours(seconds / HOUR, seconds % HOUR / MINUTE)
        } else {
            Self::Long
        }
    }

    /// The text: a countdown, or the date of `until` if more than a day is left.
    pub fn text(self, until: Timestamp) -> String {
        match self {
            Self::Long => day(until),
            Self::Hours(hours, minutes) => format!("{hours} h {minutes:02} min left"),
            Self::Minutes(0) => "under 1 min left".to_owned(),
            Self::Minutes(minutes) => format!("{minutes} min left"),
            Self::Over => "time is over".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_deadlines_read_naturally() {
        let now: Timestamp = "2026-11-22T03:56:10.5Z".parse().unwrap();
        let back = |seconds| now - SignedDuration::from_secs(seconds);
        let table = [
            (-30, "just now"),
            (59, "just now"),
            (60, "1 min ago"),
            (3_599, "59 min ago"),
            (3_600, "1 h ago"),
            (86_399, "23 h ago"),
            (86_400, "1 d ago"),
            (13 * DAY, "13 d ago"),
            (14 * DAY, "2026-11-08"),
        ];
        for (seconds, want) in table {
            assert_eq!(ago(back(seconds), now), want, "{seconds}");
        }
        let table = [
            (0, "time is over"),
            (30, "under 1 min left"),
            (600, "10 min left"),
            (3_600, "1 h 00 min left"),
            (86_399, "23 h 59 min left"),
            (86_400, "2026-11-23"),
        ];
        for (seconds, want) in table {
            let until = now + SignedDuration::from_secs(seconds);
            assert_eq!(Left::until(until, now).text(until), want, "{seconds}");
        }
        assert_eq!(full(now), "2026-11-22 03:56:10 UTC");
    }

    #[test]
    fn times_in_a_sentence_are_in_the_zone_of_who_reads() {
        let zone = Zone { name: "Europe/Berlin".to_owned(), offsets: vec![(0, 3_600)] };
        let table = [
            (
                "expires at: 2026-11-22T03:56:10Z → 2026-11-23T23:30:00.25Z",
                "expires at: 2026-11-22 04:56:10 +01:00 → 2026-11-24 00:30:00 +01:00",
            ),
            (
                "which ANA undid at 2026-11-22 03:56:10 UTC: it is gone",
                "which ANA undid at 2026-11-22 04:56:10 +01:00: it is gone",
            ),
            ("(2026-11-22T03:56:10Z)", "(2026-11-22 04:56:10 +01:00)"),
            // No times, or none of UTC.
            ("2026-11-22 is a day", "2026-11-22 is a day"),
            ("at 2026-11-22T03:56:10+05:45", "at 2026-11-22T03:56:10+05:45"),
            ("at 2026-11-22 03:56:10", "at 2026-11-22 03:56:10"),
            ("2026-13-22T03:56:10Z", "2026-13-22T03:56:10Z"),
            ("backup-x2026-11-22T03:56:10Zed", "backup-x2026-11-22T03:56:10Zed"),
            ("é2026-11-22é03:56:10Z日本", "é2026-11-22é03:56:10Z日本"),
            ("", ""),
        ];
        for (text, want) in table {
            assert_eq!(localize_in(&zone, text), want, "{text}");
        }
    }
}
