//! Pages of lists by the place of their last row.

use domain::Error;
use jiff::Timestamp;
use store::investigations::Place;

/// Rows of a page.
pub(super) const PAGE: u32 = 50;

/// A place as the cursor of a page.
pub(super) fn place((at, name): &Place) -> String {
    format!("{}.{name}", at.as_microsecond())
}

pub(super) fn parse_place(cursor: &str) -> Result<Place, Error> {
    let bad = || Error::invalid("/cursor", "is none that this server gave out");
    let (micros, name) = cursor.split_once('.').ok_or_else(bad)?;
    let at = micros.parse().ok().and_then(|micros| Timestamp::from_microsecond(micros).ok());
    Ok((at.ok_or_else(bad)?, name.to_owned()))
}

/// Cuts a page that was asked for with one row more; the cursor of the next one, if there is one.
pub(super) fn cut<T>(items: &mut Vec<T>, cursor: impl Fn(&T) -> String) -> Option<String> {
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = items.len() > page;
    items.truncate(page);
    items.last().filter(|_| more).map(cursor)
}
