//! Pages of lists: where they begin and end, and the cursors that say so.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::RowPosition;

/// The cursors of the pages beside one.
#[derive(Debug, Default)]
pub(super) struct Edges {
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
}

/// Cuts a page that was asked for with one row more, which tells whether there is another page. `before` is of the place
/// where it begins: whether the page lies before it. `edge` makes the cursor of a row, or of that place if there is none.
pub(super) fn page_of<T>(
    items: &mut Vec<T>,
    limit: u32,
    before: Option<bool>,
    edge: impl Fn(Option<&T>, bool) -> Option<String>,
) -> Edges {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    let backwards = before == Some(true);
    if more && backwards {
        items.remove(0);
    }
    items.truncate(limit);
    let next = if backwards || more { edge(items.last(), false) } else { None };
    let has_previous = if backwards { more } else { before.is_some() };
    let previous = if has_previous { edge(items.first(), true) } else { None };
    Edges { previous, next }
}

/// Leaves `limit` rows of a page that was asked for with one row more, with the pages beside them and the place after which
/// more rows come; none if there are none.
pub(super) fn cut<K: Clone + Serialize, I: Clone + Serialize, T>(
    mut items: Vec<(RowPosition<K, I>, T)>,
    limit: u32,
    from: Option<&RowPosition<K, I>>,
) -> (Vec<T>, Edges, Option<RowPosition<K, I>>) {
    let edge = |row: Option<&(RowPosition<K, I>, T)>, before| {
        let at = row.map(|(at, _)| at.clone()).or_else(|| from.cloned());
        at.map(|at| encode(&RowPosition { before, ..at }))
    };
    let edges = page_of(&mut items, limit, from.map(|from| from.before), edge);
    let next = items.last().filter(|_| edges.next.is_some()).map(|(at, _)| at.clone());
    (items.into_iter().map(|(_, row)| row).collect(), edges, next)
}

/// A position as a cursor, opaque to clients: base64url of its JSON.
pub(super) fn encode(position: &impl Serialize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).unwrap_or_default())
}

/// The position of a cursor, if it fits the list.
pub(super) fn decode<P: DeserializeOwned>(text: &str, fits: impl Fn(&P) -> bool) -> Result<P, Error> {
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .filter(fits)
        .ok_or_else(|| Error::invalid("/cursor", "is not a cursor that an answer gave out"))
}
