//! The zones of the IANA database, which the program carries in itself.

use domain::core::zone::Zone;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Changes of the offset that a page may need: of what is behind in History, and of what is ahead in expiries.
const BEHIND: usize = 12;
const AHEAD: usize = 4;

/// The zone of that name, around a time; none if there is none.
#[must_use]
pub fn zone(name: &str, now: Timestamp) -> Option<Zone> {
    let zone = TimeZone::get(name).ok()?;
    let mut offsets: Vec<_> = zone
        .preceding(now)
        .take(BEHIND)
        .chain(zone.following(now).take(AHEAD))
        .map(|change| (change.timestamp().as_second(), change.offset().seconds()))
        .collect();
    offsets.sort_unstable();
    offsets.dedup();
    if offsets.is_empty() {
        offsets.push((0, zone.to_offset(now).seconds()));
    }
    // As it was asked for: the database takes names in any case.
    Some(Zone { name: zone.iana_name().unwrap_or(name).to_owned(), offsets })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_the_whole_database() {
        let now: Timestamp = "2026-11-22T03:56:10Z".parse().unwrap();
        for name in [
            "UTC",
            "Europe/Berlin",
            "Asia/Kathmandu",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Tokyo",
        ] {
            let (ours, theirs) = (zone(name, now).unwrap(), TimeZone::get(name).unwrap());
            for days in (-700..300).step_by(3) {
                let at = now + jiff::SignedDuration::from_hours(24 * days + 1);
                let zoned = at.to_zoned(theirs.clone());
                let text = if name == "UTC" { "%F %T UTC" } else { "%F %T %:z" };
                assert_eq!(ours.full(at), zoned.strftime(text).to_string(), "{name}");
                assert_eq!(ours.day(at), zoned.date().to_string());
            }
        }
        for bad in ["", "Mars/Olympus_Mons", "../../etc/passwd", "+01:00"] {
            assert_eq!(zone(bad, now), None, "{bad}");
        }
    }
}
