//! The keys of a row: those of each field, what is similar, what is the same, what is searched.

use std::collections::HashSet;

use domain::actions::query::Field;
use domain::{Action, ParameterName};

use crate::actions_fields::stored;
use crate::keys::{KeyValue, cut, identity, searched, similar};

/// Characters of a part of the text that is searched.
const MAX_PART: usize = 32 * 1024;
/// Bytes of the whole: a message to several thousand people fits.
const MAX_SEARCH_BYTES: usize = 256 * 1024;

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

/// Asset, targets and entity as they were given and in their one spelling, the proposer's ids of action, alert and
/// campaign, and a command. What is short and few comes first, so that it is found however long the rest is.
fn search_text(action: &Action) -> String {
    let (entity, asset) = (action.entity.canonical(), action.asset.canonical());
    let mut texts = vec![action.asset.name.clone(), asset.name];
    texts.extend(action.external_id.clone());
    texts.extend(action.alert.as_ref().map(|alert| alert.id.clone()));
    texts.extend(action.campaign.clone());
    texts.extend(action.parameters.get(&ParameterName::CommandLine).cloned());
    texts.extend(action.targets.iter().map(|target| target.name.clone()));
    texts.extend(action.entity.search_texts());
    texts.extend(entity.search_texts());
    let mut known = HashSet::new();
    let mut lines = "\n".to_owned();
    for text in texts {
        let line = cut(&searched(&text), MAX_PART).to_owned();
        if line.is_empty() || lines.len() + line.len() >= MAX_SEARCH_BYTES || known.contains(&line) {
            continue;
        }
        lines.push_str(&line);
        lines.push('\n');
        known.insert(line);
    }
    lines
}
