//! Where the person is in the Action center, as the URL says it: tab, what its list shows, page of it, open action.
//!
//! The only place that reads or writes these URLs. To add a piece of state, add it here, to `use_place` and to `href`.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::domain::query::push_pair;
use crate::domain::{ActionId, Lane};

pub(super) use crate::domain::query::push_encoded;

const CURSOR: &str = "cursor";
const OPEN: &str = "open";

/// Tab, page and open action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The tab.
    pub(super) lane: Lane,
    /// Filter, order and so on by the names of `ActionQuery`, encoded. Only the server reads them.
    pub(super) shows: String,
    /// The opaque cursor of the page; none for the first.
    pub(super) cursor: Option<String>,
    /// The id of the open action, as the URL gives it.
    pub(super) open: Option<String>,
}

impl Place {
    /// The first page of a tab, nothing open.
    pub(super) const fn of(lane: Lane) -> Self {
        Self { lane, shows: String::new(), cursor: None, open: None }
    }

    /// The same page with this action open.
    pub(super) fn with_open(&self, id: ActionId) -> Self {
        Self { open: Some(id.to_string()), ..self.clone() }
    }

    /// The same page with nothing open.
    pub(super) fn closed(&self) -> Self {
        Self { open: None, ..self.clone() }
    }

    /// Another page of the same tab; what is open stays open.
    pub(super) fn page(&self, cursor: Option<String>) -> Self {
        Self { cursor, ..self.clone() }
    }

    /// Its URL.
    pub(super) fn href(&self) -> String {
        let mut href = format!("/action-center/{}", lane_word(self.lane));
        let mut query = self.shows.clone();
        for (name, value) in [(CURSOR, &self.cursor), (OPEN, &self.open)] {
            if let Some(value) = value {
                push_pair(&mut query, name, value);
            }
        }
        if !query.is_empty() {
            href.push('?');
            href.push_str(&query);
        }
        href
    }

    /// The URL of all that the list shows, as a file.
    pub(super) fn export(&self) -> String {
        let and = if self.shows.is_empty() { "" } else { "&" };
        format!("/export/actions.csv?lane={}{and}{}", self.lane, self.shows)
    }
}

/// The tab's word in the URL.
pub(super) const fn lane_word(lane: Lane) -> &'static str {
    match lane {
        Lane::Pending => "pending",
        Lane::InProgress => "in-progress",
        Lane::History => "history",
    }
}

/// The place that the current URL names; none if it names no tab.
pub(super) fn use_place() -> Memo<Option<Place>> {
    let params = use_params_map();
    let query = use_query_map();
    Memo::new(move |_| {
        let word = params.read().get("lane")?;
        let lane = Lane::ALL.iter().copied().find(|lane| lane_word(*lane) == word)?;
        let mut place = Place::of(lane);
        for (name, value) in &*query.read() {
            match name.as_ref() {
                _ if value.is_empty() => {}
                CURSOR => place.cursor = Some(value.to_owned()),
                OPEN => place.open = Some(value.to_owned()),
                // What a form without wasm came back with.
                name if name.starts_with("__") => {}
                name => push_pair(&mut place.shows, name, value),
            }
        }
        Some(place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_is_not_in_the_url_and_cursors_are_encoded() {
        let place = Place::of(Lane::InProgress);
        assert_eq!(place.href(), "/action-center/in-progress");
        let place = place.page(Some("a b&c=/é".to_owned()));
        assert_eq!(place.href(), "/action-center/in-progress?cursor=a%20b%26c%3D%2F%C3%A9");
        let id: ActionId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let open = place.page(None).with_open(id);
        assert_eq!(open.href(), format!("/action-center/in-progress?open={id}"));
        assert_eq!(open.closed().href(), "/action-center/in-progress");
        let narrow = Place { shows: "severity=high".to_owned(), ..open };
        assert_eq!(narrow.href(), format!("/action-center/in-progress?severity=high&open={id}"));
        assert_eq!(narrow.export(), "/export/actions.csv?lane=in_progress&severity=high");
    }
}
