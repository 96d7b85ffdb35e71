//! Rows of which several API tokens have a part: what a filter by one of them means, and what is counted of each.
//!
//! A row has one key for all of its tokens, and rows are counted by it. There are as many keys as there are tools times
//! deciding tokens at most, so a filter names those of them that hold its token.

use std::collections::BTreeMap;

use domain::Lane;
use domain::actions::query::Facet;

use super::{Connection, rows};
use crate::Result;
use crate::actions_fields::{parts, stored};
use crate::keys::KeyValue;
use crate::vocabulary::number;

/// Of the keys that rows of a lane have, those that hold one of the wanted.
pub(super) async fn keys_with_any(
    db: &mut Connection,
    facet: Facet,
    lane: Lane,
    wanted: &[KeyValue],
) -> Result<Vec<KeyValue>> {
    let keys = sqlx::query_scalar::<_, String>("SELECT key FROM counts WHERE facet = $1 AND lane = $2");
    let keys = keys.bind(facet.as_str()).bind(number(lane)).fetch_all(db).await?;
    let is_wanted = |part: &str| wanted.iter().any(|key| matches!(key, KeyValue::Text(text) if text == part));
    Ok(keys.into_iter().filter(|key| parts(key).any(is_wanted)).map(KeyValue::Text).collect())
}

/// What is counted of each token: its key, its name and its rows, of keys with what is shown for them and their rows.
pub(super) fn of_each(
    facet: Facet,
    counted: impl Iterator<Item = (String, i64)>,
) -> Result<Vec<(String, String, i64)>> {
    let field = stored(facet.field());
    let mut each: BTreeMap<String, (String, i64)> = BTreeMap::new();
    for (actors, n) in counted {
        // Two tokens of one row may bear one name.
        let mut named = BTreeMap::new();
        for actor in parts(&actors) {
            let actor = rows::actor(actor)?;
            if actor.kind == domain::ActorKind::Token {
                named.insert(field.chosen_key(&actor.name).to_text(), actor.name);
            }
        }
        for (key, name) in named {
            let (greatest, sum) = each.entry(key).or_default();
            *greatest = std::mem::take(greatest).max(name);
            *sum += n;
        }
    }
    Ok(each.into_iter().map(|(key, (name, n))| (key, name, n)).collect())
}
