//! The one table of what the database holds for each field of lists of actions: its column, the index of its order, the
//! column that people see, its key and its filter bits. From it come orders, conditions, counts, exports and keys.
//!
//! A field whose rows are sorted, filtered or counted by something else than what they show has a derived column, which
//! is written beside the row. To add a field, add its row to [`stored`] and its column and index in a migration; rows of
//! before get theirs when the store opens.

use std::str::FromStr as _;

use domain::actions::query::{Field, Filter, SortKey, Undoable};
use domain::{Action, ActionType, Decision, EntityKind, Severity, Source, Status};
use jiff::Timestamp;

use crate::bits::Bits;
use crate::keys::{KeyValue, asset, entity_order, key, natural, urgency};

/// What the database holds for one field.
#[derive(Clone, Copy)]
pub(crate) struct StoredField {
    /// What rows are sorted, filtered and counted by.
    pub(crate) column: &'static str,
    /// The index of that order; none for what nothing is sorted by.
    pub(crate) index: Option<&'static str>,
    /// The column that holds what people see of it.
    pub(crate) shown: &'static str,
    /// How that is read.
    pub(crate) reading: Reading,
    /// What a filter calls rows that have no value; none if they are no choice.
    pub(crate) absent: Option<&'static str>,
    /// Its share of the filter bits.
    pub(crate) bits: Option<Bits>,
    source: KeySource,
    /// What stands in `shown`, where that is not the key.
    label: Option<fn(&Action) -> Option<String>>,
    /// The key of a value as a filter names it.
    chosen: fn(&str) -> String,
}

/// How a column is read that people see.
#[derive(Clone, Copy)]
pub(crate) enum Reading {
    Text,
    Time,
    /// The JSON of an actor, of whom the name is shown.
    Actor,
    /// A key, which has no capitals, of what is written in capitals.
    Capitals,
    /// A number.
    Number,
    /// A time that not every row has.
    MaybeTime,
    /// The JSON of an actor, of whom the name and the id are shown if it is a token.
    Token,
    /// The JSON of an entity, of which the strongest hash is shown.
    EntityHash,
    /// Likewise its Message-ID.
    EntityMessage,
    /// The JSON of parameters.
    Parameters,
}

/// Where a key comes from.
#[derive(Clone, Copy)]
enum KeySource {
    /// A time that the row has anyway.
    Time(fn(&Action) -> Timestamp),
    /// A text that the row has anyway.
    Row(fn(&Action) -> String),
    /// A text that is written beside the row.
    Derived(fn(&Action) -> String),
}

/// The table.
pub(crate) const fn stored(field: Field) -> StoredField {
    match field {
        Field::Urgency => row("urgency", urgency).sorted("actions_by_urgency"),
        Field::Updated => time("updated_at", |action| action.updated_at).sorted("actions_by_update"),
        Field::Investigation => {
            derived("investigation_key", |action| optional(action.investigation_id.as_ref()))
                .shown("investigation_id", Reading::Text)
                .sorted("actions_by_investigation")
        }
        Field::Approval => {
            derived("approval_key", |action| action.approval_id.map(|id| id.to_string()).unwrap_or_default())
                .chosen(key)
                .shown("approval_id", Reading::Text)
                .sorted("actions_by_approval")
        }
        Field::ActionType => row("type", |action| action.action_type.to_string())
            .sorted("actions_by_type")
            // Uppermost, since it grows most: as long as there are 64 types, SQLite stores all in six bytes.
            .bits(Bits::words::<ActionType>(41, 8)),
        Field::EntityKind => row("entity_kind", |action| action.entity.kind().to_string())
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
        Field::Decision => row("decision", |action| action.decision.to_string())
            .sorted("actions_by_decision")
            .bits(Bits::words::<Decision>(5, 4)),
        Field::DecidedBy => derived("decided_by_key", |action| {
            optional(action.taken_by().map(domain::Actor::who))
        })
        .shown(
            "CASE decision WHEN 'NotRequired' THEN COALESCE(decided_by, proposed_by) ELSE decided_by END",
            Reading::Actor,
        )
        .labelled(|action| serde_json::to_string(action.taken_by()?).ok())
        .sorted("actions_by_decider")
        .bits(Bits::hashed(30, 6)),
        Field::Source => row("source", |action| action.source.to_string())
            .sorted("actions_by_source")
            .bits(Bits::words::<Source>(9, 5)),
        Field::Status => row("status", |action| action.status.to_string())
            .sorted("actions_by_status")
            .bits(Bits::words::<Status>(14, 4)),
        Field::Severity => derived("severity_key", |action| severity(action.severity).to_owned())
            .shown("severity", Reading::Text)
            .labelled(|action| Some(action.severity.to_string()))
            .chosen(|word| Severity::from_str(word).map(severity).unwrap_or_default().to_owned())
            .sorted("actions_by_severity")
            .bits(Bits::words::<Severity>(18, 3)),
        Field::ProposedBy => derived("proposed_by_key", |action| natural(action.proposed_by.who()))
            .shown("proposed_by", Reading::Actor)
            .sorted("actions_by_proposer"),
        Field::Proposed => time("proposed_at", |action| action.proposed_at).sorted("actions_by_proposal"),
        Field::Expires => time("expires_at", |action| action.expires_at).sorted("actions_by_expiry_and_id"),
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
        Field::Undo => row("undo", |action| action.undo.to_string()).sorted("actions_by_undo"),
        Field::Technique => derived("technique_key", |action| {
            let technique = action.evidence.iter().find_map(|evidence| evidence.technique.as_ref());
            technique.map(|technique| key(technique)).unwrap_or_default()
        })
        .shown("technique_key", Reading::Capitals)
        .sorted("actions_by_technique"),
        Field::Comment => row("comment", |action| action.comment.clone().unwrap_or_default()),
        Field::Id => row("id", |action| action.id.to_string()),
        Field::Version => {
            row("version", |action| action.version.to_string()).shown("version", Reading::Number)
        }
        Field::ExternalId => row("external_id", |action| action.external_id.clone().unwrap_or_default()),
        Field::Decided => row("decided_at", |_| String::new()).shown("decided_at", Reading::MaybeTime),
        Field::Reason => row("reason", |action| action.reason.clone().unwrap_or_default()),
        Field::DecidedByPerson => row("decided_by_person", |_| String::new()),
        Field::DecidedByToken => row("decided_by", |_| String::new()).shown("decided_by", Reading::Token),
        Field::Hash => row("entity", |_| String::new()).shown("entity", Reading::EntityHash),
        Field::MessageId => row("entity", |_| String::new()).shown("entity", Reading::EntityMessage),
        Field::Parameters => row("parameters", |_| String::new()).shown("parameters", Reading::Parameters),
        Field::Result => row("status_detail", |action| action.status_detail.clone().unwrap_or_default()),
        Field::Digest => row("digest", |action| action.digest.clone()),
        Field::Undoable => derived("undoable", |action| {
            let undoable = if action.undoable().is_ok() { Undoable::Yes } else { Undoable::No };
            undoable.to_string()
        })
        .bits(Bits::words::<Undoable>(21, 1)),
    }
}

const fn field(column: &'static str, reading: Reading, source: KeySource) -> StoredField {
    StoredField {
        column,
        index: None,
        shown: column,
        reading,
        absent: None,
        bits: None,
        source,
        label: None,
        chosen: match source {
            KeySource::Derived(_) => natural,
            KeySource::Time(_) | KeySource::Row(_) => str::to_owned,
        },
    }
}

const fn time(column: &'static str, of: fn(&Action) -> Timestamp) -> StoredField {
    field(column, Reading::Time, KeySource::Time(of))
}

const fn row(column: &'static str, of: fn(&Action) -> String) -> StoredField {
    field(column, Reading::Text, KeySource::Row(of))
}

const fn derived(column: &'static str, of: fn(&Action) -> String) -> StoredField {
    field(column, Reading::Text, KeySource::Derived(of))
}

impl StoredField {
    const fn sorted(self, index: &'static str) -> Self {
        Self { index: Some(index), ..self }
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
        matches!(self.source, KeySource::Derived(_))
    }

    /// Whether its keys are times.
    pub(crate) const fn is_time(&self) -> bool {
        matches!(self.source, KeySource::Time(_))
    }

    /// The column, and the index that finds rows by it.
    pub(crate) fn access(&self) -> Option<(&'static str, &'static str)> {
        self.index.map(|index| (self.column, index))
    }

    /// The key of a row.
    pub(crate) fn key(&self, action: &Action) -> KeyValue {
        match self.source {
            KeySource::Time(of) => KeyValue::Time(of(action).as_microsecond()),
            KeySource::Row(of) | KeySource::Derived(of) => KeyValue::Text(of(action)),
        }
    }

    /// What a row with that key shows.
    pub(crate) fn label(&self, action: &Action, key: &str) -> String {
        self.label.map_or_else(|| key.to_owned(), |label| label(action).unwrap_or_default())
    }

    /// The key of a value as a filter names it.
    pub(crate) fn chosen_key(&self, value: &str) -> String {
        (self.chosen)(value)
    }
}

/// The column that a list is sorted by.
#[must_use]
pub const fn sort_column(sort: SortKey) -> &'static str {
    stored(sort.field()).column
}

/// Grows with severity.
const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "0",
        Severity::Low => "1",
        Severity::Medium => "2",
        Severity::High => "3",
        Severity::Critical => "4",
    }
}

/// The key of a device group's name; "Ungrouped devices" is no group.
pub(crate) fn device_group(name: &str) -> String {
    if name == Filter::UNGROUPED { String::new() } else { natural(name) }
}

fn optional(text: Option<&(impl AsRef<str> + ?Sized)>) -> String {
    text.map(|text| natural(text.as_ref())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::actions::query::{Column, Facet};

    #[test]
    fn severities_grow() {
        let mut keys: Vec<_> = Severity::ALL.iter().map(|of| severity(*of)).collect();
        keys.reverse();
        assert!(keys.is_sorted(), "{keys:?}");
    }

    #[test]
    fn what_is_sorted_by_has_an_index_and_what_is_counted_is_a_text() {
        for key in SortKey::ALL {
            assert!(stored(key.field()).index.is_some(), "{key}");
        }
        for facet in Facet::ALL {
            assert!(!stored(facet.field()).is_time(), "{facet}");
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
