//! How long sessions last.

use jiff::SignedDuration;

/// Minutes without use after which a session may be set to end.
const IDLE_MINUTES: std::ops::RangeInclusive<u32> = 1..=24 * 60;
/// Hours after which a session may be set to end whatever happens.
const MAX_HOURS: std::ops::RangeInclusive<u32> = 1..=30 * 24;

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimes {
    /// A session that nobody uses ends after this.
    pub idle: SignedDuration,
    /// A session ends after this whatever happens.
    pub max_age: SignedDuration,
}

impl Default for SessionTimes {
    fn default() -> Self {
        Self { idle: SignedDuration::from_mins(30), max_age: SignedDuration::from_hours(12) }
    }
}

impl SessionTimes {
    /// The times, if they are within what is sensible.
    ///
    /// # Errors
    /// One sentence.
    pub fn checked(idle_minutes: u32, max_hours: u32) -> Result<Self, String> {
        let bounds = |name: &str, unit: &str, given: u32, range: std::ops::RangeInclusive<u32>| {
            if range.contains(&given) {
                return Ok(());
            }
            Err(format!("{name} must be {} to {} {unit}, not {given}", range.start(), range.end()))
        };
        bounds("the time without use after which a session ends", "minutes", idle_minutes, IDLE_MINUTES)?;
        bounds("the time after which a session ends in any case", "hours", max_hours, MAX_HOURS)?;
        let times = Self {
            idle: SignedDuration::from_mins(i64::from(idle_minutes)),
            max_age: SignedDuration::from_hours(i64::from(max_hours)),
        };
        if times.idle > times.max_age {
            return Err(format!(
                "a session can't last {idle_minutes} minutes without use, as it ends after {max_hours} hours in any case"
            ));
        }
        Ok(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_bounds() {
        assert_eq!(SessionTimes::checked(30, 12), Ok(SessionTimes::default()));
        for (idle, hours) in [(1, 1), (60, 1), (1_440, 24), (1_440, 720)] {
            assert!(SessionTimes::checked(idle, hours).is_ok(), "{idle} {hours}");
        }
        for (idle, hours, want) in [
            (0, 12, "must be 1 to 1440 minutes, not 0"),
            (1_441, 720, "must be 1 to 1440 minutes"),
            (30, 0, "must be 1 to 720 hours, not 0"),
            (30, 721, "must be 1 to 720 hours"),
            (61, 1, "can't last 61 minutes"),
        ] {
            let error = SessionTimes::checked(idle, hours).unwrap_err();
            assert!(error.contains(want), "{error}");
        }
    }
}
