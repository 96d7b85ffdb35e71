//! What people set for themselves: columns, density and page size of each list, the frame, their time zone, and the
//! views that they saved. What a URL says wins over it, and is never saved by itself.
//!
//! To add a setting, add a field to [`Preferences`] and a variant to [`Preference`]; the store keeps a row for each.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::actions::lifecycle::Lane;
use crate::actions::query::{ActionQuery, Column, DEFAULT_LIMIT, LIMITS};
use crate::core::error::Error;
use crate::core::id::ViewId;
use crate::core::string_enum::{UnknownWord, string_enum};

/// Widths that a column may have, in CSS pixels.
const WIDTHS: std::ops::RangeInclusive<u16> = 48..=800;

/// Characters of a time zone's name.
const MAX_ZONE_LENGTH: usize = 64;

/// Characters of a view's name.
pub const MAX_NAME_LENGTH: usize = 60;

/// Views of one person.
pub const MAX_VIEWS: usize = 50;

string_enum! {
    /// How much room a row takes.
    Density {
        Compact = "compact" "Compact",
        Comfortable = "comfortable" "Comfortable",
    }
}

string_enum! {
    /// Whether pages are light or dark.
    #[derive(Default)]
    ColorScheme {
        #[default]
        System = "system" "As the device says",
        Light = "light" "Light",
        Dark = "dark" "Dark",
    }
}

/// One column to show. As text it is `entity`, or `entity:240` with a width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnChoice {
    /// Which one.
    pub column: Column,
    /// Its width in CSS pixels; none for what its content needs.
    pub width: Option<u16>,
}

impl From<Column> for ColumnChoice {
    fn from(column: Column) -> Self {
        Self { column, width: None }
    }
}

impl fmt::Display for ColumnChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.column.as_str())?;
        self.width.map_or(Ok(()), |width| write!(f, ":{width}"))
    }
}

impl FromStr for ColumnChoice {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let (column, width) =
            text.split_once(':').map_or((text, None), |(column, width)| (column, Some(width)));
        let unknown = || UnknownWord { what: "width", word: text.to_owned(), words: vec!["a number"] };
        let width = width.map(|width| width.parse().map_err(|_| unknown())).transpose()?;
        Ok(Self { column: column.parse()?, width })
    }
}

impl Serialize for ColumnChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ColumnChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How the list of a tab is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablePreference {
    /// The columns, in this order.
    pub columns: Vec<ColumnChoice>,
    /// How much room a row takes.
    pub density: Density,
    /// Rows a page, one of [`LIMITS`].
    pub limit: u16,
}

impl TablePreference {
    /// What a tab shows where nobody chose anything.
    #[must_use]
    pub fn of(lane: Lane) -> Self {
        Self {
            columns: Column::of_lane(lane).iter().copied().map(ColumnChoice::from).collect(),
            density: Density::Compact,
            limit: DEFAULT_LIMIT,
        }
    }

    /// Whether a list can be shown like that.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is wrong.
    pub fn check(&self) -> Result<(), Error> {
        if self.columns.is_empty() {
            return Err(Error::invalid("/columns", "must be one at least"));
        }
        let mut seen = BTreeSet::new();
        for ColumnChoice { column, width } in &self.columns {
            if !seen.insert(column) {
                return Err(Error::invalid("/columns", format!("name {} twice", column.label())));
            }
            if width.is_some_and(|width| !WIDTHS.contains(&width)) {
                let (least, most) = (WIDTHS.start(), WIDTHS.end());
                let detail =
                    format!("can't be that wide: {} has from {least} to {most} pixels", column.label());
                return Err(Error::invalid("/columns", detail));
            }
        }
        if !LIMITS.contains(&self.limit) {
            return Err(Error::invalid("/limit", "must be 25, 50, 100 or 200"));
        }
        Ok(())
    }
}

/// All that a person set, and the defaults for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// The list of Pending.
    pub pending: TablePreference,
    /// The list of In progress.
    pub in_progress: TablePreference,
    /// The list of History.
    pub history: TablePreference,
    /// Whether the navigation pane shows icons only.
    pub pane_collapsed: bool,
    /// The IANA name of the zone in which absolute times are shown.
    pub time_zone: String,
    /// Whether pages are light or dark.
    pub color_scheme: ColorScheme,
}

impl Default for Preferences {
    fn default() -> Self {
        let of = TablePreference::of;
        Self {
            pending: of(Lane::Pending),
            in_progress: of(Lane::InProgress),
            history: of(Lane::History),
            pane_collapsed: false,
            time_zone: "UTC".to_owned(),
            color_scheme: ColorScheme::System,
        }
    }
}

impl Preferences {
    /// How the list of a tab is shown.
    #[must_use]
    pub const fn table(&self, lane: Lane) -> &TablePreference {
        match lane {
            Lane::Pending => &self.pending,
            Lane::InProgress => &self.in_progress,
            Lane::History => &self.history,
        }
    }

    /// The columns of a list: those that its URL names, if any, otherwise those of the preference. Widths are the
    /// preference's in both cases, as a URL has none.
    #[must_use]
    pub fn columns_for(&self, lane: Lane, named: &[Column]) -> Vec<ColumnChoice> {
        let preferred = &self.table(lane).columns;
        if named.is_empty() {
            return preferred.clone();
        }
        let choice = |column: &Column| {
            let preferred = preferred.iter().find(|choice| choice.column == *column);
            preferred.copied().unwrap_or(ColumnChoice::from(*column))
        };
        named.iter().map(choice).collect()
    }

    /// Rows a page of a list: as its URL says, otherwise as preferred.
    #[must_use]
    pub fn limit_for(&self, url: &ActionQuery) -> u16 {
        url.limit.unwrap_or(self.table(url.lane).limit)
    }

    /// With one thing set.
    pub fn set(&mut self, preference: Preference) {
        let (lane, table) = match preference {
            Preference::Table(lane, table) => (lane, table),
            Preference::DefaultTable(lane) => (lane, TablePreference::of(lane)),
            Preference::PaneCollapsed(collapsed) => return self.pane_collapsed = collapsed,
            Preference::TimeZone(zone) => return self.time_zone = zone,
            Preference::ColorScheme(scheme) => return self.color_scheme = scheme,
            // Only the list itself asks for them.
            Preference::Columns(..) => return,
        };
        match lane {
            Lane::Pending => self.pending = table,
            Lane::InProgress => self.in_progress = table,
            Lane::History => self.history = table,
        }
    }
}

/// One thing that a person sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preference {
    /// How the list of a tab is shown.
    Table(Lane, TablePreference),
    /// The list of a tab is shown as if nobody had chosen anything.
    DefaultTable(Lane),
    /// Whether the navigation pane shows icons only.
    PaneCollapsed(bool),
    /// The IANA name of the zone in which absolute times are shown.
    TimeZone(String),
    /// Whether pages are light or dark.
    ColorScheme(ColorScheme),
    /// The columns of the list that is kept under a name ([`TabbedList::kept_as`](crate::list::TabbedList::kept_as)), by
    /// their names; none for the usual ones.
    Columns(String, Vec<String>),
}

impl Preference {
    /// Whether it can be set to that. Which zones there are, only the server knows.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is wrong.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Self::Table(_, table) => table.check(),
            Self::DefaultTable(_) | Self::PaneCollapsed(_) | Self::ColorScheme(_) | Self::Columns(..) => {
                Ok(())
            }
            Self::TimeZone(zone) => {
                let good = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
                if !zone.is_empty() && zone.len() <= MAX_ZONE_LENGTH && zone.bytes().all(good) {
                    return Ok(());
                }
                Err(Error::invalid("/time_zone", "must be a name like Europe/Berlin or UTC"))
            }
        }
    }
}

/// A list that a person comes back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    /// Its id.
    pub id: ViewId,
    /// What the person calls it; no other view of theirs is called so, whatever the case.
    pub name: String,
    /// The tab.
    pub lane: Lane,
    /// Filter, order and so on, as [`ActionQuery::shows`] writes them.
    pub shows: String,
    /// Whether it is the one that the person begins with; one at most is.
    pub is_default: bool,
}

/// The name of a view, without the space around it.
///
/// # Errors
/// [`Error::Invalid`] if it is no name.
pub fn view_name(name: &str) -> Result<&str, Error> {
    let name = name.trim();
    if !(1..=MAX_NAME_LENGTH).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        let detail = format!("must be 1 to {MAX_NAME_LENGTH} printable characters");
        return Err(Error::invalid("/name", detail));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(text: &str) -> Vec<ColumnChoice> {
        text.split(',').map(|choice| choice.parse().unwrap()).collect()
    }

    #[test]
    fn columns_have_a_text_form() {
        for text in ["entity", "entity:240", "type:48"] {
            assert_eq!(text.parse::<ColumnChoice>().unwrap().to_string(), text);
        }
        for bad in
            ["", "colour", "entity:", "entity:wide", "entity:-1", "entity:70000", "entity:1:2", " entity"]
        {
            assert!(bad.parse::<ColumnChoice>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_saved_is_checked() {
        let table = |columns: &str, limit| TablePreference {
            columns: if columns.is_empty() { Vec::new() } else { choices(columns) },
            limit,
            ..TablePreference::of(Lane::Pending)
        };
        for &lane in Lane::ALL {
            assert!(TablePreference::of(lane).check().is_ok());
        }
        for (columns, limit, good) in [
            ("entity", 25, true),
            ("comment:48,entity:800", 200, true),
            ("", 50, false),
            ("entity,asset,entity", 50, false),
            ("entity:47", 50, false),
            ("entity:801", 50, false),
            ("entity", 0, false),
            ("entity", 51, false),
        ] {
            assert_eq!(table(columns, limit).check().is_ok(), good, "{columns} {limit}");
        }
        for (zone, good) in
            [("UTC", true), ("America/Port-au-Prince", true), ("Etc/GMT+3", true), ("", false)]
        {
            assert_eq!(Preference::TimeZone(zone.to_owned()).check().is_ok(), good, "{zone}");
        }
        for bad in ["../../etc/passwd", "Europe/Berlin\n", &"x".repeat(65), "Zürich"] {
            assert!(Preference::TimeZone(bad.to_owned()).check().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_url_wins_over_the_preference() {
        let mut preferences = Preferences::default();
        let mine = TablePreference {
            columns: choices("asset:100,entity,severity:60"),
            density: Density::Comfortable,
            limit: 100,
        };
        preferences.set(Preference::Table(Lane::History, mine));
        let table = [
            (Lane::Pending, "", "severity,type,entity_type,entity,asset,proposed_by,proposed,expires", 50),
            (Lane::InProgress, "", "type,entity_type,entity,asset,status,decided_by,updated", 50),
            (Lane::History, "", "asset:100,entity,severity:60", 100),
            (Lane::History, "severity,comment", "severity:60,comment", 100),
            (Lane::Pending, "severity,comment", "severity,comment", 50),
        ];
        for (lane, cols, columns, limit) in table {
            let mut pairs = vec![("lane", lane.as_str())];
            if !cols.is_empty() {
                pairs.push(("cols", cols));
            }
            let url = ActionQuery::from_pairs(pairs.clone()).unwrap();
            assert_eq!(preferences.columns_for(url.lane, &url.columns), choices(columns), "{lane} {cols}");
            assert_eq!(preferences.limit_for(&url), limit, "{lane}");
            for chosen in ["25", "50", "200"] {
                pairs.push(("limit", chosen));
                let url = ActionQuery::from_pairs(pairs.clone()).unwrap();
                assert_eq!(preferences.limit_for(&url).to_string(), chosen);
                pairs.pop();
            }
        }
        preferences.set(Preference::DefaultTable(Lane::History));
        assert_eq!(preferences, Preferences::default());
    }

    #[test]
    fn names_of_views_are_short_and_printable() {
        assert_eq!(view_name("  Mine 🦀 ").unwrap(), "Mine 🦀");
        let long = "ü".repeat(MAX_NAME_LENGTH);
        assert_eq!(view_name(&long).unwrap(), long);
        for bad in ["", "   ", "a\nb", "a\0", &"ü".repeat(MAX_NAME_LENGTH + 1)] {
            assert!(view_name(bad).is_err(), "{bad:?}");
        }
    }
}
