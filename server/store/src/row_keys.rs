//! The keys of a row: those of each field, what is similar, what is the same, what is searched.

use domain::Action;
use domain::actions::query::Field;

use crate::actions_fields::stored;
use crate::keys::{KeyValue, cut, fold, identity, similar};

/// Characters of a part of the text that is searched.
const MAX_TEXT: usize = 2_000;
/// Bytes of the whole: a message to a thousand people fits.
const MAX_SEARCH_BYTES: usize = 64 * 1024;

/// The keys of one action.
pub(super) struct Keys {
    /// Of each field, in the order of [`Field::ALL`].
    fields: Vec<KeyValue>,
    /// What the rows of one bucket share; none for rows that are in none.
    pub(super) similar: Option<i64>,
    /// What the rows on the same entity of the same asset share; none for rows whose entity has no key of its own.
    pub(super) identity_key: Option<i64>,
    /// Likewise by the name of the entity.
    pub(super) identity_name: Option<i64>,
    /// All by which the row is found: line ends before, between and after.
    pub(super) search_text: String,
}

impl Keys {
    pub(super) fn of(action: &Action) -> Self {
        let (identity_key, identity_name) = identity(action);
        Self {
            fields: Field::ALL.iter().map(|field| stored(*field).key(action)).collect(),
            similar: similar(action),
            identity_key,
            identity_name,
            search_text: search_text(action),
        }
    }

    /// The key of a field.
    pub(super) fn of_field(&self, field: Field) -> &KeyValue {
        &self.fields[field as usize]
    }
}

/// Entity and asset as they were given and in their one spelling, and the proposer's id of the action.
fn search_text(action: &Action) -> String {
    let (entity, asset) = (action.entity.canonical(), action.asset.canonical());
    let mut texts = action.entity.search_texts();
    texts.push(action.asset.name.clone());
    texts.extend(entity.search_texts());
    texts.push(asset.name);
    texts.extend(action.external_id.clone());
    texts.extend(action.targets.iter().map(|target| target.name.clone()));
    let mut lines: Vec<String> = Vec::with_capacity(texts.len());
    let mut bytes = 1;
    for text in texts {
        let line = cut(&fold(&text), MAX_TEXT).to_owned();
        bytes += line.len() + 1;
        if bytes > MAX_SEARCH_BYTES {
            break;
        }
        if !line.is_empty() && !lines.contains(&line) {
            lines.push(line);
        }
    }
    format!("\n{}\n", lines.join("\n"))
}
