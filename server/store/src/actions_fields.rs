//! The one table of what the database holds for each field of lists of actions: its column, the index of its order, the
//! column that people see, its key and its filter bits. From it come orders, conditions, counts, exports and keys.
//!
//! A field whose rows are sorted, filtered or counted by something else than what they show has a derived column, which
//! is written beside the row. To add a field, add its row to [`stored`] and its column and index in a migration; rows of
//! before get theirs when the store opens.

use std::collections::BTreeSet;

use domain::actions::break_glass::Exception;
use domain::actions::query::{Field, Filter, SortKey, Undoable};
use domain::core::string_enum::Word;
use domain::{
    Action, ActionType, ApprovalId, Decision, EntityKind, Lane, Severity, Source, Status, UndoState,
};
use jiff::Timestamp;

use crate::actor_text;
use crate::bits::Bits;
use crate::keys::{KeyValue, asset, entity_order, key, natural, urgency};
use crate::vocabulary::{Vocabulary, number, severity_rank};

/// What the database holds for one field.
#[derive(Clone, Copy)]
pub(crate) struct StoredField {
    /// What rows are sorted, filtered and counted by.
    pub(crate) column: &'static str,
    /// The index of that order; none for what nothing is sorted by.
    index: Option<&'static str>,
    /// Whether that index holds all lanes, and not History alone: what waits and what runs is little, is sorted by most
    /// fields only now and then, and would be written into every index with each decision.
    in_all_lanes: bool,
    /// The column that holds what people see of it.
    pub(crate) shown: &'static str,
    /// How that is read.
    pub(crate) reading: Reading,
    /// What a filter calls rows that have no value; none if they are no choice.
    pub(crate) absent: Option<&'static str>,
    /// Its share of the filter bits.
    pub(crate) bits: Option<Bits>,
    source: KeySource,
    /// Whether the column is written beside the row.
    derived: bool,
    /// What stands in `shown`, where that is not the key.
    label: Option<fn(&Action) -> Option<String>>,
    /// The key of a text as a filter names it.
    chosen: fn(&str) -> String,
}

/// How a column is read that people see.
#[derive(Clone, Copy)]
pub(crate) enum Reading {
    Text,
    Time,
    /// An id of 16 bytes, all zeros if there is none.
    Id,
    /// A number, for which the word is shown.
    Word(Vocabulary),
    /// A key, which has no capitals, of what is written in capitals.
    Capitals,
    /// The text of an actor, of whom the label is shown.
    Actor,
    /// The texts of actors, with line ends between, of whom those are counted that are tokens.
    Actors,
    /// A number.
    Number,
    /// A time that not every row has.
    MaybeTime,
    /// 32 bytes.
    Hex,
    /// The text of an actor, of whom the name and the id are shown if it is a token.
    Token,
    /// Likewise of the person who answers for it.
    Person,
    /// The JSON of an entity, of which the strongest hash is shown.
    EntityHash,
    /// Likewise its Message-ID.
    EntityMessage,
    /// Likewise all that it says of itself.
    EntityDetails,
    /// The JSON of parameters.
    Parameters,
}

/// What a column of keys holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Text,
    Number,
    /// A number of two bytes.
    Word,
    Id,
}

/// Where a key comes from.
#[derive(Clone, Copy)]
enum KeySource {
    Number(fn(&Action) -> i64),
    Word(fn(&Action) -> i16, Vocabulary),
    Id(fn(&Action) -> Option<ApprovalId>),
    Text(fn(&Action) -> String),
}

/// Who decided, or who took what nobody else had to decide: 5 is `NotRequired`.
const TAKEN_BY: &str = "CASE decision WHEN 5 THEN COALESCE(decided_by, proposed_by) ELSE decided_by END";

/// The table.
#[expect(clippy::too_many_lines, reason = "a table, one row a field")]
pub(crate) const fn stored(field: Field) -> StoredField {
    match field {
        Field::Urgency => {
            own("urgency", Reading::Text, KeySource::Number(urgency)).sorted_everywhere("actions_by_urgency")
        }
        Field::Updated => time("updated_at", "actions_by_update", |action| micros(action.updated_at)),
        Field::Investigation => {
            derived("investigation_key", |action| optional(action.investigation_id.as_ref()))
                .shown("investigation_id", Reading::Text)
                .sorted("actions_by_investigation")
        }
        Field::Approval => own("approval_id", Reading::Id, KeySource::Id(|action| action.approval_id))
            .sorted("actions_by_approval"),
        Field::ActionType => word::<ActionType>("type", |action| number(action.action_type))
            .sorted("actions_by_type")
            // Uppermost, since it grows most: as long as there are 64 types, SQLite stores all in six bytes.
            .bits(Bits::words::<ActionType>(41, 8)),
        Field::EntityKind => word::<EntityKind>("entity_kind", |action| number(action.entity.kind()))
            .sorted("actions_by_entity_kind")
            .bits(Bits::words::<EntityKind>(0, 5)),
        Field::Entity => derived("entity_key", entity_order)
            .shown("entity_title", Reading::Text)
            .sorted("actions_by_entity_key"),
        Field::Asset => derived("asset_key", |action| asset(&action.asset.name))
            .chosen(asset)
            .shown("asset_name", Reading::Text)
            .labelled(|action| Some(action.asset.name.clone()))
            .sorted("actions_by_asset_key")
            .bits(Bits::hashed(22, 8)),
        Field::Decision => word::<Decision>("decision", |action| number(action.decision))
            .sorted("actions_by_decision")
            .bits(Bits::words::<Decision>(5, 4)),
        Field::DecidedBy => {
            derived("decided_by_key", |action| optional(action.taken_by().map(domain::Actor::who)))
                .shown(TAKEN_BY, Reading::Actor)
                .labelled(|action| actor_text::write(action.taken_by()?).ok())
                .sorted("actions_by_decider")
                .bits(Bits::hashed(30, 6))
        }
        Field::Source => word::<Source>("source", |action| number(action.source))
            .sorted("actions_by_source")
            .bits(Bits::words::<Source>(9, 5)),
        Field::Status => word::<Status>("status", |action| number(action.status))
            .sorted("actions_by_status")
            .bits(Bits::words::<Status>(14, 4)),
        Field::Severity => {
            let source = KeySource::Word(|action| severity_rank(action.severity), Vocabulary::severities());
            own("severity", Reading::Word(Vocabulary::severities()), source)
                .sorted("actions_by_severity")
                .bits(Bits::words::<Severity>(18, 3))
        }
        Field::ProposedBy => derived("proposed_by_key", |action| natural(action.proposed_by.who()))
            .shown("proposed_by", Reading::Actor)
            .sorted("actions_by_proposer"),
        Field::Proposed => time("proposed_at", "actions_by_proposal", |action| micros(action.proposed_at)),
        Field::Expires => time("expires_at", "actions_by_expiry", |action| micros(action.expires_at)),
        Field::Incident => derived("incident_key", |action| optional(action.incident_id.as_ref()))
            .shown("incident_id", Reading::Text)
            .sorted("actions_by_incident"),
        Field::DeviceGroup => derived("device_group_key", |action| {
            action.asset.device_group.as_deref().map(device_group).unwrap_or_default()
        })
        .shown("device_group", Reading::Text)
        .labelled(|action| action.asset.device_group.clone())
        .chosen(device_group)
        .absent(Filter::UNGROUPED)
        .sorted("actions_by_device_group")
        .bits(Bits::hashed(36, 5)),
        Field::Undo => word::<UndoState>("undo", |action| number(action.undo)).sorted("actions_by_undo"),
        Field::Technique => derived("technique_key", |action| {
            let technique = action.evidence.iter().find_map(|evidence| evidence.technique.as_ref());
            technique.map(|technique| key(technique)).unwrap_or_default()
        })
        .shown("technique_key", Reading::Capitals)
        .sorted("actions_by_technique"),
        Field::Comment => text("comment", |action| action.comment.clone().unwrap_or_default()),
        Field::Id => shown_only("id", Reading::Id),
        Field::Version => shown_only("version", Reading::Number),
        Field::ExternalId => text("external_id", |action| action.external_id.clone().unwrap_or_default()),
        Field::Decided => shown_only("decided_at", Reading::MaybeTime).shown(
            "CASE decision WHEN 5 THEN COALESCE(decided_at, proposed_at) ELSE decided_at END",
            Reading::MaybeTime,
        ),
        Field::Reason => text("reason", |action| action.taken_for().cloned().unwrap_or_default())
            .shown("CASE decision WHEN 5 THEN COALESCE(reason, comment) ELSE reason END", Reading::Text),
        Field::BreakGlass => shown_only("break_glass", Reading::Word(Vocabulary::of::<Exception>())),
        Field::DecidedByPerson => shown_only("decided_by", Reading::Person).shown(TAKEN_BY, Reading::Person),
        Field::DecidedByToken => shown_only("decided_by", Reading::Token).shown(TAKEN_BY, Reading::Token),
        Field::Hash => shown_only("entity", Reading::EntityHash),
        Field::MessageId => shown_only("entity", Reading::EntityMessage),
        Field::EntityDetails => shown_only("entity", Reading::EntityDetails),
        Field::Reverses => shown_only("undo_of", Reading::Id),
        Field::ReversedBy => shown_only("undone_by", Reading::Id),
        Field::Parameters => shown_only("parameters", Reading::Parameters),
        Field::Result => text("status_detail", |action| action.status_detail.clone().unwrap_or_default()),
        Field::Digest => shown_only("digest", Reading::Hex),
        Field::Undoable => {
            let undoable = |action: &Action| {
                number(if action.undoable().is_ok() { Undoable::Yes } else { Undoable::No })
            };
            word::<Undoable>("undoable", undoable).beside().bits(Bits::words::<Undoable>(21, 1))
        }
        Field::Token => derived("tokens_key", tokens)
            .shown("proposed_by || '\n' || COALESCE(decided_by, '')", Reading::Actors)
            .labelled(|action| actors(action).ok())
            .sorted("actions_by_tokens"),
    }
}

const fn own(column: &'static str, reading: Reading, source: KeySource) -> StoredField {
    StoredField {
        column,
        index: None,
        in_all_lanes: false,
        shown: column,
        reading,
        absent: None,
        bits: None,
        source,
        derived: false,
        label: None,
        chosen: natural,
    }
}

const fn time(column: &'static str, index: &'static str, of: fn(&Action) -> i64) -> StoredField {
    own(column, Reading::Time, KeySource::Number(of)).sorted_everywhere(index)
}

const fn word<W: Word>(column: &'static str, of: fn(&Action) -> i16) -> StoredField {
    own(column, Reading::Word(Vocabulary::of::<W>()), KeySource::Word(of, Vocabulary::of::<W>()))
}

const fn text(column: &'static str, of: fn(&Action) -> String) -> StoredField {
    own(column, Reading::Text, KeySource::Text(of))
}

/// What no list is sorted, filtered or counted by.
const fn shown_only(column: &'static str, reading: Reading) -> StoredField {
    own(column, reading, KeySource::Text(|_| String::new()))
}

const fn derived(column: &'static str, of: fn(&Action) -> String) -> StoredField {
    own(column, Reading::Text, KeySource::Text(of)).beside()
}

fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

impl StoredField {
    const fn beside(self) -> Self {
        Self { derived: true, ..self }
    }

    /// An index of History.
    const fn sorted(self, index: &'static str) -> Self {
        Self { index: Some(index), ..self }
    }

    /// An index of all lanes.
    const fn sorted_everywhere(self, index: &'static str) -> Self {
        Self { in_all_lanes: true, ..self.sorted(index) }
    }

    const fn shown(self, shown: &'static str, reading: Reading) -> Self {
        Self { shown, reading, ..self }
    }

    const fn labelled(self, label: fn(&Action) -> Option<String>) -> Self {
        Self { label: Some(label), ..self }
    }

    const fn chosen(self, chosen: fn(&str) -> String) -> Self {
        Self { chosen, ..self }
    }

    const fn absent(self, absent: &'static str) -> Self {
        Self { absent: Some(absent), ..self }
    }

    const fn bits(self, bits: Bits) -> Self {
        Self { bits: Some(bits), ..self }
    }

    /// Whether its column is written beside the row.
    pub(crate) const fn is_derived(&self) -> bool {
        self.derived
    }

    /// Whether that key can be one of this field: a cursor is what a stranger sends.
    pub(crate) fn takes(&self, key: &KeyValue) -> bool {
        match (self.source, key) {
            (KeySource::Number(_) | KeySource::Word(..), KeyValue::Number(_))
            | (KeySource::Id(_), KeyValue::Id(_)) => true,
            // No stored text has a NUL, which PostgreSQL would not even take as a parameter.
            (KeySource::Text(_), KeyValue::Text(text)) => !text.contains('\0'),
            (KeySource::Number(_) | KeySource::Word(..) | KeySource::Text(_) | KeySource::Id(_), _) => false,
        }
    }

    /// Whether one row may have several values, in one key.
    pub(crate) const fn has_several(&self) -> bool {
        matches!(self.reading, Reading::Actors)
    }

    /// What its column holds.
    pub(crate) const fn key_kind(&self) -> KeyKind {
        match self.source {
            KeySource::Number(_) => KeyKind::Number,
            KeySource::Word(..) => KeyKind::Word,
            KeySource::Id(_) => KeyKind::Id,
            KeySource::Text(_) => KeyKind::Text,
        }
    }

    /// The index of its order, if that holds the lane.
    pub(crate) fn index_in(&self, lane: Lane) -> Option<&'static str> {
        self.index.filter(|_| self.in_all_lanes || lane == Lane::History)
    }

    /// The key of a row.
    pub(crate) fn key(&self, action: &Action) -> KeyValue {
        match self.source {
            KeySource::Number(of) => KeyValue::Number(of(action)),
            KeySource::Word(of, _) => KeyValue::Number(of(action).into()),
            KeySource::Id(of) => KeyValue::Id(of(action).map(Into::into).unwrap_or_default()),
            KeySource::Text(of) => KeyValue::Text(of(action)),
        }
    }

    /// What a row with that key shows.
    pub(crate) fn label(&self, action: &Action, key: &KeyValue) -> String {
        match (self.label, key) {
            (Some(label), _) => label(action).unwrap_or_default(),
            (None, KeyValue::Number(number)) => self.word(*number).unwrap_or_default().to_owned(),
            (None, KeyValue::Text(text)) => text.clone(),
            (None, KeyValue::Id(id)) => id.to_string(),
        }
    }

    /// The word that a number of the column stands for.
    pub(crate) fn word(&self, number: i64) -> Option<&'static str> {
        match self.source {
            KeySource::Word(_, vocabulary) => (vocabulary.word)(i16::try_from(number).ok()?),
            KeySource::Number(_) | KeySource::Id(_) | KeySource::Text(_) => None,
        }
    }

    /// The key of a value as a filter names it; what no row has, if it can't be one.
    pub(crate) fn chosen_key(&self, value: &str) -> KeyValue {
        match self.source {
            KeySource::Word(_, vocabulary) => {
                KeyValue::Number((vocabulary.number)(value).map_or(-1, i64::from))
            }
            KeySource::Number(_) => KeyValue::Number(value.parse().unwrap_or(-1)),
            KeySource::Id(_) => KeyValue::Id(value.parse().unwrap_or(uuid::Uuid::max())),
            KeySource::Text(_) => KeyValue::Text((self.chosen)(value)),
        }
    }
}

/// The column that a list is sorted by.
#[must_use]
pub const fn sort_column(sort: SortKey) -> &'static str {
    stored(sort.field()).column
}

/// The key of a device group's name; "Ungrouped devices" is no group.
pub(crate) fn device_group(name: &str) -> String {
    if name == Filter::UNGROUPED { String::new() } else { natural(name) }
}

/// The key of the tokens of a row: those of their names, in order, with line ends between, which no key has.
fn tokens(action: &Action) -> String {
    let names: BTreeSet<_> = action.tokens().map(|actor| natural(&actor.name)).collect();
    names.into_iter().collect::<Vec<_>>().join("\n")
}

/// The texts of who proposed and who decided, as the row has them.
fn actors(action: &Action) -> serde_json::Result<String> {
    let decided_by = action.decided_by.as_ref().map(actor_text::write).transpose()?;
    Ok(format!("{}\n{}", actor_text::write(&action.proposed_by)?, decided_by.unwrap_or_default()))
}

/// What stands between line ends.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').filter(|part| !part.is_empty())
}

fn optional(text: Option<&(impl AsRef<str> + ?Sized)>) -> String {
    text.map(|text| natural(text.as_ref())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::actions::query::{Column, Facet};

    #[test]
    fn what_is_sorted_by_has_an_index_and_what_is_counted_is_a_text() {
        for key in SortKey::ALL {
            assert!(stored(key.field()).index_in(Lane::History).is_some(), "{key}");
        }
        for facet in Facet::ALL {
            assert!(!matches!(stored(facet.field()).source, KeySource::Number(_)), "{facet}");
        }
        for column in Column::ALL.iter().filter(|column| column.sort_key().is_none()) {
            assert!(!stored(column.field()).is_derived(), "nothing asks for the key of {column}");
        }
    }

    #[test]
    fn no_two_fields_share_a_bit() {
        let mut taken = 0_i64;
        for field in Field::ALL {
            let Some(bits) = stored(*field).bits else { continue };
            assert_eq!(taken & bits.mask(), 0, "{field}");
            taken |= bits.mask();
        }
        assert!(taken > 0);
    }
}
