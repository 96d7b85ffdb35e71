//! The keys of a row: those of each field, what is similar, what is searched.

use domain::Action;
use domain::actions::query::Field;

use crate::actions_fields::stored;
use crate::keys::{KeyValue, cut, fold, similar};

/// Characters of a part of the text that is searched.
const MAX_TEXT: usize = 2_000;

/// The keys of one action.
pub(super) struct Keys {
    /// Of each field, in the order of [`Field::ALL`].
    fields: Vec<KeyValue>,
    /// What the rows of one bucket share; empty for rows that are in none.
    pub(super) similar: String,
    /// Entity and asset, each on a line of its own.
    pub(super) search_text: String,
}

impl Keys {
    pub(super) fn of(action: &Action) -> Self {
        let (entity, asset) = (fold(&action.entity.title()), fold(&action.asset.name));
        Self {
            fields: Field::ALL.iter().map(|field| stored(*field).key(action)).collect(),
            similar: similar(action).unwrap_or_default(),
            search_text: format!("{}\n{}", cut(&entity, MAX_TEXT), cut(&asset, MAX_TEXT)),
        }
    }

    /// The key of a field that is a text.
    pub(super) fn text(&self, field: Field) -> &str {
        match self.fields.get(field as usize) {
            Some(KeyValue::Text(text)) => text,
            Some(KeyValue::Time(_)) | None => "",
        }
    }
}
