//! A person's time zone, as far as a page shows times in it: its name, and from when on which offset holds.
//!
//! The server knows all zones and fills this in; the page carries it, so that both sides write the same text and the
//! browser needs no calendar of zones. Texts name the offset: abbreviations mean several zones.

use serde::{Deserialize, Serialize};

use crate::core::time::{SignedDuration, Timestamp};

/// One zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Its IANA name.
    pub name: String,
    /// Offsets from UTC in seconds, each with the second since 1970 from which on it holds, in order. Before the first
    /// of them it is the first.
    pub offsets: Vec<(i64, i32)>,
}

impl Default for Zone {
    fn default() -> Self {
        Self { name: "UTC".to_owned(), offsets: Vec::new() }
    }
}

impl Zone {
    fn offset(&self, at: Timestamp) -> i32 {
        let second = at.duration_since(Timestamp::UNIX_EPOCH).as_secs();
        let holds = self.offsets.iter().rev().find(|(from, _)| *from <= second);
        holds.or(self.offsets.first()).map_or(0, |(_, offset)| *offset)
    }

    /// As if it were a time of UTC.
    fn local(&self, at: Timestamp) -> String {
        let offset = SignedDuration::from_secs(self.offset(at).into());
        at.checked_add(offset).unwrap_or(at).to_string()
    }

    /// For example `2026-11-22 03:56:10 UTC` or `2026-11-22 09:41:10 +05:45`.
    #[must_use]
    pub fn full(&self, at: Timestamp) -> String {
        let (local, offset) = (self.local(at), self.offset(at));
        let (Some(day), Some(time)) = (local.get(..10), local.get(11..19)) else { return local };
        let zone = match offset {
            0 if self.name == "UTC" => "UTC".to_owned(),
            _ => {
                let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs() / 60);
                format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        };
        format!("{day} {time} {zone}")
    }

    /// The date, for example `2026-11-22`.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> String {
        let local = self.local(at);
        local.get(..10).map(str::to_owned).unwrap_or(local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_on_the_wall_with_their_offset() {
        let at: Timestamp = "2026-11-22T23:56:10.5Z".parse().unwrap();
        let zone =
            |name: &str, offsets: &[(i64, i32)]| Zone { name: name.to_owned(), offsets: offsets.to_vec() };
        let table = [
            (Zone::default(), "2026-11-22 23:56:10 UTC", "2026-11-22"),
            (zone("Europe/London", &[(0, 0)]), "2026-11-22 23:56:10 +00:00", "2026-11-22"),
            (zone("Asia/Kathmandu", &[(0, 20_700)]), "2026-11-23 05:41:10 +05:45", "2026-11-23"),
            (zone("America/St_Johns", &[(0, -12_600)]), "2026-11-22 20:26:10 -03:30", "2026-11-22"),
        ];
        for (zone, full, day) in table {
            assert_eq!((zone.full(at).as_str(), zone.day(at).as_str()), (full, day));
        }
        let summer = zone("Europe/Berlin", &[(1_774_746_000, 7_200), (1_792_890_000, 3_600)]);
        for (at, full) in [
            ("2026-10-25T00:59:59Z", "2026-10-25 02:59:59 +02:00"),
            ("2026-10-25T01:00:00Z", "2026-10-25 02:00:00 +01:00"),
            // Before what is known, the first that is.
            ("2020-01-01T00:00:00Z", "2020-01-01 02:00:00 +02:00"),
        ] {
            assert_eq!(summer.full(at.parse().unwrap()), full);
        }
    }
}
