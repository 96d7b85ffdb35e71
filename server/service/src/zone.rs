//! The zones of the IANA database, which the program carries in itself.

use domain::core::zone::Zone;
use domain::list::Moment;
use domain::{ActionQuery, Caller, Error};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::Service;

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

/// Makes of the days of a query the times at which they begin and end in a zone.
pub(crate) fn resolve_days(query: &mut ActionQuery, zone: &str) {
    let Ok(zone) = TimeZone::get(zone) else { return };
    let begin = |day: &str, after: i64| {
        let date: Date = day.parse().ok()?;
        let date = date.checked_add(Span::new().days(after)).ok()?;
        Some(Moment::At(date.to_zoned(zone.clone()).ok()?.timestamp()))
    };
    let resolve = |moment: &mut Option<Moment>, after| {
        if let Some(Moment::Day(day)) = moment
            && let Some(at) = begin(day, after)
        {
            *moment = Some(at);
        }
    };
    resolve(&mut query.filter.from, 0);
    resolve(&mut query.filter.to, 1);
}

impl Service {
    /// The query as the caller means it: days are those of the person's zone, for tools those of UTC.
    pub(crate) async fn in_zone(
        &self,
        caller: &Caller,
        mut query: ActionQuery,
    ) -> Result<ActionQuery, Error> {
        let has_day =
            [&query.filter.from, &query.filter.to].iter().any(|of| matches!(of, Some(Moment::Day(_))));
        if has_day && let Ok(person) = caller.own() {
            resolve_days(&mut query, &self.store.preferences(person).await?.time_zone);
        }
        Ok(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_persons_and_may_have_23_hours() {
        let day = |text: &str, zone: &str| {
            let mut query = ActionQuery::from_pairs([("from", text), ("to", text)]).unwrap();
            resolve_days(&mut query, zone);
            let text = |moment: Option<Moment>| moment.unwrap().to_string();
            (text(query.filter.from), text(query.filter.to))
        };
        let table = [
            ("2026-11-30", "Pacific/Auckland", "2026-11-29T11:00:00Z", "2026-11-30T11:00:00Z"),
            ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
            ("2026-11-30", "UTC", "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z"),
            ("2026-11-30T01:00:00Z", "Asia/Tokyo", "2026-11-30T01:00:00Z", "2026-11-30T01:00:00Z"),
        ];
        for (text, zone, from, to) in table {
            assert_eq!(day(text, zone), (from.to_owned(), to.to_owned()), "{text} {zone}");
        }
    }

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
