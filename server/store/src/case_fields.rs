//! What the lists of incidents, investigations and pieces are sorted and filtered by: for each field of the domain's table
//! (`cases::fields`) its column or expression. Keys of pieces are made here, from their cells.

use domain::actions::query::Field as ActionField;
use domain::cases::CaseList;
use domain::cases::cells::{PieceParts, choice_rank, piece_parts};
use domain::cases::fields::{Column, Facet, SortKey};
use domain::core::device_name::DeviceName;
use domain::incidents::{Classification, IncidentStatus};
use domain::investigations::{InvestigationState, PieceKind};
use serde::Serialize;

use crate::actions_fields::{KeyKind, stored};
use crate::keys::{KeyValue, key, natural, searched};
use crate::vocabulary::{Vocabulary, number};

/// Columns of keys that a piece has.
pub(crate) const PIECE_KEYS: [&str; 10] =
    ["key_1", "key_2", "key_3", "key_4", "key_5", "key_6", "key_7", "key_8", "key_9", "key_10"];

/// The place of the assets among the cells of evidence.
const ASSETS: usize = 4;
/// The key of evidence by its assets.
pub(crate) const ASSETS_KEY: &str = PIECE_KEYS[ASSETS];

/// Characters of what is searched of a row.
const MAX_SEARCH: usize = 8_000;

/// What rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SortField {
    /// A column, or an expression of columns. Never null.
    pub(crate) expression: &'static str,
    /// Whether it is a number rather than a text.
    pub(crate) is_number: bool,
}

pub(crate) const fn text(expression: &'static str) -> SortField {
    SortField { expression, is_number: false }
}

pub(crate) const fn whole(expression: &'static str) -> SortField {
    SortField { expression, is_number: true }
}

/// What a list is sorted by under a key; none if it can't be.
pub(crate) fn sorted_by(list: CaseList, sort: SortKey) -> Option<SortField> {
    if !sort.is_of(list) {
        return None;
    }
    Some(match (list, sort) {
        (CaseList::Investigations, SortKey::Id) => text("investigation_key"),
        (CaseList::Investigations, SortKey::State) => whole("state"),
        (CaseList::Investigations, SortKey::Category) => text("category_key"),
        (CaseList::Investigations, SortKey::DetectionSource) => text("source_key"),
        (CaseList::Investigations, SortKey::Incident) | (CaseList::Incidents, SortKey::Id) => {
            text("incident_key")
        }
        (CaseList::Incidents, SortKey::Status) => whole("status"),
        (CaseList::Incidents, SortKey::Classification) => whole("class_rank"),
        (CaseList::Incidents, SortKey::AssignedTo) => text("assigned_key"),
        (CaseList::Investigations | CaseList::Incidents, SortKey::Title) => text("title_key"),
        (CaseList::Investigations | CaseList::Incidents, SortKey::Severity) => whole("severity"),
        (CaseList::Investigations | CaseList::Incidents, SortKey::Started) => whole("started_at"),
        (CaseList::Investigations | CaseList::Incidents, _) => whole("updated_at"),
        (CaseList::Pending | CaseList::History, sort) => of_actions(sort)?,
        (_, SortKey::Own) => whole("at"),
        (list, sort) => text(PIECE_KEYS.get(place_of(list, sort)?)?),
    })
}

/// The place of a column among those of a list.
fn place_of(list: CaseList, sort: SortKey) -> Option<usize> {
    Column::of_list(list).iter().position(|column| column.sort_key() == Some(sort))
}

fn of_actions(sort: SortKey) -> Option<SortField> {
    let field = match sort {
        SortKey::Own => ActionField::Urgency,
        SortKey::ActionType => ActionField::ActionType,
        SortKey::Entity => ActionField::Entity,
        SortKey::Asset => ActionField::Asset,
        SortKey::Severity => ActionField::Severity,
        SortKey::ProposedBy => ActionField::ProposedBy,
        SortKey::Proposed => ActionField::Proposed,
        SortKey::Expires => ActionField::Expires,
        SortKey::Decision => ActionField::Decision,
        SortKey::ActionStatus => ActionField::Status,
        SortKey::HandledBy => ActionField::DecidedBy,
        SortKey::WaitTime => return Some(whole("COALESCE(decided_at - proposed_at, -1)")),
        SortKey::Time => return Some(whole("COALESCE(decided_at, updated_at)")),
        _ => return None,
    };
    let stored = stored(field);
    Some(match stored.key_kind() {
        KeyKind::Number | KeyKind::Word => whole(stored.column),
        KeyKind::Text | KeyKind::Id => text(stored.column),
    })
}

/// What tells rows with one key apart.
pub(crate) const fn id_column(list: CaseList) -> &'static str {
    match list {
        CaseList::Investigations | CaseList::Incidents => "id",
        CaseList::Pending | CaseList::History => "number",
        _ => "name",
    }
}

/// Whether that is a number.
pub(crate) const fn id_is_number(list: CaseList) -> bool {
    matches!(list, CaseList::Pending | CaseList::History)
}

/// The column of a filter, and the key of one of its values there. The state of investigations is none: it is computed.
pub(crate) fn filtered_by(list: CaseList, facet: Facet, value: &str) -> Option<(&'static str, KeyValue)> {
    let word = |vocabulary: Vocabulary| (vocabulary.number)(value).map_or(-1, i64::from);
    let of_action = |field| {
        let stored = stored(field);
        (stored.column, stored.chosen_key(value))
    };
    Some(match (list, facet) {
        (CaseList::Investigations, Facet::State) => return None,
        (CaseList::Investigations | CaseList::Incidents, Facet::Severity) => {
            ("severity", KeyValue::Number(word(Vocabulary::severities())))
        }
        (CaseList::Incidents, Facet::Status) => {
            ("status", KeyValue::Number(word(Vocabulary::of::<IncidentStatus>())))
        }
        (CaseList::Incidents, Facet::Classification) => {
            ("class_rank", KeyValue::Number(word(Vocabulary::of::<Classification>()) + 1))
        }
        (CaseList::Pending | CaseList::History, Facet::Severity) => of_action(ActionField::Severity),
        (CaseList::Pending | CaseList::History, Facet::ActionType) => of_action(ActionField::ActionType),
        (CaseList::Pending | CaseList::History, Facet::Decision) => of_action(ActionField::Decision),
        (CaseList::Pending | CaseList::History, Facet::ActionStatus) => of_action(ActionField::Status),
        (list, facet) => {
            let place = Column::of_list(list).iter().position(|column| column.field() == facet.field())?;
            (PIECE_KEYS.get(place)?, KeyValue::Text(choice_rank(facet, value)?))
        }
    })
}

/// The number of a state of investigations.
pub(crate) fn state_number(value: &str) -> i16 {
    value.parse::<InvestigationState>().map_or(-1, number)
}

/// What a piece is sorted, searched and hidden by.
pub(crate) struct PieceKeys {
    /// By its cells.
    pub(crate) keys: [String; PIECE_KEYS.len()],
    /// What is searched of it.
    pub(crate) search: String,
    /// The same of evidence without its assets.
    pub(crate) own_search: String,
    /// The devices that it names, as JSON.
    pub(crate) device_names: String,
}

/// A device that a piece names, as it is stored.
#[derive(Serialize)]
struct NamedDevice {
    /// Whether the piece is the device, or on it by itself, rather than evidence on several assets: `1` or `0`, as a text
    /// that both databases read alike.
    own: &'static str,
    full: String,
    host: String,
    /// As it is sorted and searched.
    key: String,
    text: String,
}

impl NamedDevice {
    fn of(own: &'static str, name: &str) -> Self {
        let DeviceName { full, host } = DeviceName::of(name);
        Self { own, full, host, key: natural(name), text: searched(name) }
    }
}

/// The keys of a piece, by its cells, what is searched of it, and which devices it names.
pub(crate) fn piece_keys(kind: PieceKind, body: &str) -> std::result::Result<PieceKeys, serde_json::Error> {
    let PieceParts { cells, device, assets } = piece_parts(kind, body)?;
    let mut keys: [String; PIECE_KEYS.len()] = Default::default();
    for (into, cell) in keys.iter_mut().zip(&cells) {
        *into = cell.rank.clone().unwrap_or_else(|| natural(&cell.text));
    }
    let texts = |without: Option<usize>| {
        let shown = cells.iter().enumerate().filter(move |(place, _)| Some(*place) != without);
        search_text(shown.map(|(_, cell)| cell.text.as_str()))
    };
    let own_search = if kind == PieceKind::Evidence { texts(Some(ASSETS)) } else { String::new() };
    let device = device.iter().map(|name| NamedDevice::of("1", name));
    let named: Vec<_> = device.chain(assets.iter().map(|name| NamedDevice::of("0", name))).collect();
    Ok(PieceKeys { search: texts(None), own_search, device_names: serde_json::to_string(&named)?, keys })
}

/// What is searched of a row, by the texts of its cells.
pub(crate) fn search_text<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut all = String::from("\n");
    for text in texts.into_iter().filter(|text| !text.is_empty()) {
        all.push_str(crate::keys::cut(&searched(text), MAX_SEARCH / 8));
        all.push('\n');
    }
    crate::keys::cut(&all, MAX_SEARCH).to_owned()
}

/// The key of a text that may be missing.
pub(crate) fn optional_key(text: Option<&String>) -> String {
    text.map(|text| key(text)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::list::ListFacet as _;

    #[test]
    fn each_order_and_filter_of_a_list_has_its_column() {
        for &list in CaseList::ALL {
            // Figures by kind are few, and sorted by the service.
            if list == CaseList::Entities {
                continue;
            }
            for sort in SortKey::ALL.iter().filter(|sort| sort.is_of(list)) {
                assert!(sorted_by(list, *sort).is_some(), "{list} {sort}");
            }
            for facet in Facet::of_list(list) {
                let known = filtered_by(list, *facet, "high").is_some()
                    || facet.choices().iter().any(|(value, _)| filtered_by(list, *facet, value).is_some());
                assert!(known || *facet == Facet::State, "{list} {facet}");
            }
        }
        assert!(sorted_by(CaseList::Users, SortKey::Entity).is_none());
    }

    #[test]
    fn the_key_of_assets_is_that_of_their_column() {
        let place = Column::of_list(CaseList::Evidence).iter().position(|of| *of == Column::Assets);
        assert_eq!(place, Some(ASSETS));
        assert_eq!(sorted_by(CaseList::Evidence, SortKey::Assets), Some(text(ASSETS_KEY)));
    }

    #[test]
    fn keys_of_pieces_are_those_of_their_cells() {
        let body = r#"{"id":"1","entity":{"kind":"file","path":"/srv/B10"},"verdict":"suspicious"}"#;
        let PieceKeys { keys, search, own_search, device_names } =
            piece_keys(PieceKind::Evidence, body).unwrap();
        assert_eq!((keys[0].as_str(), keys[1].as_str(), keys[2].as_str()), ("/srv/b210", "0001", "0001"));
        assert_eq!(search, "\n/srv/b10\nfile\nsuspicious\nnone\n");
        assert_eq!((own_search, device_names.as_str()), (search, "[]"));
        let shared =
            r#"{"id":"1","entity":{"kind":"url","url":"http://a"},"assets":["DC-9.a.example","web-1"]}"#;
        let of = piece_keys(PieceKind::Evidence, shared).unwrap();
        assert!(of.search.contains("dc-9") && !of.own_search.contains("dc-9"), "{}", of.own_search);
        let named: serde_json::Value = serde_json::from_str(&of.device_names).unwrap();
        assert_eq!((&named[0]["full"], &named[0]["host"]), (&"dc-9.a.example".into(), &"dc-9".into()));
        assert_eq!((&named[1]["own"], &named[1]["text"]), (&"0".into(), &"web-1".into()));
        assert_eq!(search_text(["E\u{301}te\u{301}", "Été"]), "\nété\nété\n");
    }
}
