//! The words on the screen for the words of a query.

use std::str::FromStr;

use super::{Period, Undoable};
use crate::{ActionType, Decision, EntityKind, Severity, Source, Status, UndoState};

/// What the screen says for a value of a field or column; names and most ids stay as they are.
#[must_use]
pub fn value_label<'a>(field: &str, value: &'a str) -> &'a str {
    fn of<T: FromStr>(value: &str, label: impl Fn(T) -> &'static str) -> &str {
        match value.parse() {
            Ok(known) => label(known),
            Err(_) => value,
        }
    }
    match field {
        "type" => of(value, ActionType::label),
        "entity_type" => of(value, EntityKind::label),
        "decision" => of(value, Decision::label),
        "source" => of(value, Source::label),
        "status" => of(value, Status::label),
        "severity" => of(value, Severity::label),
        "undo" => of(value, UndoState::label),
        "undoable" => of(value, Undoable::label),
        "period" => of(value, Period::label),
        // The beginning of an id is its time; the end tells it from others.
        "similar" => value.rsplit('-').next().unwrap_or(value),
        _ => value,
    }
}

/// What the screen calls a field of a filter; the field's own name if it is none.
#[must_use]
pub fn field_label(field: &str) -> &str {
    match field {
        "type" => "Action type",
        "entity_type" => "Entity type",
        "asset" => "Asset",
        "decision" => "Decision",
        "decided_by" => "Decided by",
        "source" => "Action source",
        "status" => "Status",
        "severity" => "Severity",
        "device_group" => "Device group",
        "investigation" => "Investigation",
        "approval" => "Approval ID",
        "undoable" => "Undo",
        "similar" => "Similar to",
        "period" => "Updated",
        "from" => "From",
        "to" => "Until",
        "q" => "Search",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_labels_and_names_stay() {
        let table = [
            ("type", "isolate_device", "Isolate device"),
            ("severity", "high", "High"),
            ("period", "7d", "Past week"),
            ("undoable", "yes", "Can be undone"),
            ("similar", "01890a5d-ac96-774b-bcce-b302099a8057", "b302099a8057"),
            ("asset", "isolate_device", "isolate_device"),
            ("type", "explode", "explode"),
        ];
        for (field, value, label) in table {
            assert_eq!(value_label(field, value), label, "{field}");
        }
    }
}
