//! How databases carry out pages: every order must come from its index.

use app::domain::query::{Sort, SortKey};
use app::domain::{ActionId, ActionQuery, Lane};

use super::{KeyValue, Position};

/// Asks `plan` for the plan of a page of every lane in every order, from its beginning and from the middle, forwards
/// and backwards; `walks` says whether it walks an index without sorting.
pub(super) async fn every_order_walks_its_index(
    plan: impl AsyncFn(&ActionQuery, Option<&Position>) -> Vec<String>,
    walks: impl Fn(&[String]) -> bool,
) {
    let id = ActionId::from(uuid::Uuid::nil());
    for &lane in Lane::ALL {
        for &key in SortKey::ALL {
            for (descending, before) in [(false, false), (true, false), (false, true), (true, true)] {
                let is_time = matches!(key, SortKey::Updated | SortKey::Proposed | SortKey::Expires);
                let edge = if is_time { KeyValue::Time(1) } else { KeyValue::Text("m".into()) };
                let from = Position { sort: key, key: edge, id, before };
                let query = ActionQuery { sort: Sort { key, descending }, ..ActionQuery::of(lane) };
                for from in [None, Some(&from)] {
                    let lines = plan(&query, from).await;
                    assert!(walks(&lines), "{lane} by {key} {descending} {from:?}: {lines:#?}");
                }
            }
        }
    }
}
