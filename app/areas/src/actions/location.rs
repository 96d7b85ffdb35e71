//! The location in the Action center, as the URL has it: tab, what its list shows, page of it, open action,
//! open panel.
//!
//! The only place that reads or writes these URLs. To add a piece of state, add it here, to `use_place` and to `href`.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use domain::actions::export::ExportFormat;
use domain::actions::query::{Column, Sort, SortKey, push_encoded, push_pair};
use domain::{ActionId, Lane};
use kit::url::with_query;

/// The path of the form by which a person takes an action.
pub const TAKE_PATH: &str = "/action-center/take";

const CURSOR: &str = "cursor";
const OPEN: &str = "open";
const PANEL: &str = "panel";
/// Fields of a query that do not restrict the rows.
const PRESENTATION_FIELDS: [&str; 3] = ["sort", "cols", "limit"];

/// A panel over the list, opened from its toolbar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panel {
    /// The filters.
    Filters,
    /// The columns.
    Columns,
    /// The saved views.
    Views,
    /// The groups of similar actions.
    Similar,
}

impl Panel {
    const ALL: [Self; 4] = [Self::Filters, Self::Columns, Self::Views, Self::Similar];

    /// The panel's value in the URL, and the id of its element.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Filters => "filters",
            Self::Columns => "columns",
            Self::Views => "views",
            Self::Similar => "similar",
        }
    }
}

/// The list's location: tab, filters, sort, cursor, open item, open panel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "it is only an address"]
pub struct ListLocation {
    /// The tab.
    pub lane: Lane,
    /// Filter, order and so on by the names of `ActionQuery`, in the order of the URL.
    pub pairs: Vec<(String, String)>,
    /// The opaque cursor of the page; none for the first.
    pub cursor: Option<String>,
    /// The id of the open action, as the URL gives it.
    pub open: Option<String>,
    /// The open panel.
    pub panel: Option<Panel>,
}

impl ListLocation {
    /// The first page of a tab, nothing open.
    pub const fn new(lane: Lane) -> Self {
        Self { lane, pairs: Vec::new(), cursor: None, open: None, panel: None }
    }

    /// The same page with this action open.
    pub fn with_open(&self, id: ActionId) -> Self {
        Self { open: Some(id.to_string()), panel: None, ..self.clone() }
    }

    /// The same page with nothing open.
    pub fn closed(&self) -> Self {
        Self { open: None, ..self.clone() }
    }

    /// The same page with this panel, or with none.
    pub fn with_panel(&self, panel: Option<Panel>) -> Self {
        Self { panel, ..self.clone() }
    }

    /// Another page of the same tab; what is open stays open.
    pub fn page(&self, cursor: Option<String>) -> Self {
        Self { cursor, ..self.clone() }
    }

    /// The first page with this field as given, or without it.
    pub fn with(&self, name: &str, value: Option<&str>) -> Self {
        let mut pairs = self.pairs.clone();
        pairs.retain(|(known, _)| known != name);
        pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        Self { pairs, cursor: None, ..self.clone() }
    }

    /// The first page without this value of a field.
    pub fn without(&self, name: &str, value: &str) -> Self {
        let mut pairs = self.pairs.clone();
        pairs.retain(|(known, has)| known != name || has != value);
        Self { pairs, cursor: None, ..self.clone() }
    }

    /// The first page of all rows of the tab, in the same order and with the same columns.
    pub fn unfiltered(&self) -> Self {
        let mut pairs = self.pairs.clone();
        pairs.retain(|(name, _)| PRESENTATION_FIELDS.contains(&name.as_str()));
        Self { pairs, cursor: None, ..self.clone() }
    }

    /// The first page of a tab with the same search; other filters differ from tab to tab.
    pub fn searching_in(&self, lane: Lane) -> Self {
        Self::new(lane).with("q", self.value("q"))
    }

    /// The fields that restrict the rows.
    pub fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs.filter(|(name, _)| !PRESENTATION_FIELDS.contains(name))
    }

    /// The first value of a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a field has this value.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.pairs.iter().any(|(known, has)| known == name && has == value)
    }

    /// The order of the list; the tab's own where the URL says nothing that can be read.
    pub fn sort(&self) -> Sort {
        self.value("sort").and_then(|text| text.parse().ok()).unwrap_or(Sort::of(self.lane))
    }

    /// The first page sorted by this key; the other way round, if it is already.
    pub fn sorted_by(&self, key: SortKey) -> Self {
        let now = self.sort();
        let descending = if now.key == key { !now.descending } else { key.begins_descending() };
        let next = Sort { key, descending };
        let text = next.to_string();
        self.with("sort", (next != Sort::of(self.lane)).then_some(text.as_str()))
    }

    /// The columns that the URL asks for.
    pub fn columns(&self) -> Option<Vec<Column>> {
        let columns =
            self.value("cols")?.split(',').map(|word| word.parse().ok()).collect::<Option<Vec<_>>>();
        columns.filter(|columns| !columns.is_empty())
    }

    /// Which rows are shown, encoded as in the URL, whatever their order.
    pub fn unordered(&self) -> String {
        encode(self.filters())
    }

    /// Which rows of the list are asked for, and in which order: all but its columns.
    pub fn asks(&self) -> String {
        self.with("cols", None).shows()
    }

    /// Filter, order and so on, encoded as in the URL.
    pub fn shows(&self) -> String {
        encode(self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// The URL of the tab alone: where forms go.
    pub fn path(&self) -> String {
        format!("/action-center/{}", lane_word(self.lane))
    }

    /// The URL.
    pub fn href(&self) -> String {
        let pairs = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let more = [
            (CURSOR, self.cursor.as_deref()),
            (OPEN, self.open.as_deref()),
            (PANEL, self.panel.map(Panel::as_str)),
        ];
        let more = more.into_iter().filter_map(|(name, value)| Some((name, value?)));
        with_query(self.path(), &encode(pairs.chain(more)))
    }

    /// The URL of all that the list shows, as a file.
    pub fn export(&self, format: ExportFormat) -> String {
        let shows = self.shows();
        let and = if shows.is_empty() { "" } else { "&" };
        format!("{}?lane={}{and}{shows}", format.page_path(), self.lane)
    }
}

/// The segment of a tab in the path.
pub const fn lane_word(lane: Lane) -> &'static str {
    match lane {
        Lane::Pending => "pending",
        Lane::InProgress => "in-progress",
        Lane::History => "history",
    }
}

/// The page of an investigation.
pub fn investigation_href(id: &str) -> String {
    below("/investigations/", id)
}

/// The page of an incident.
pub fn incident_href(id: &str) -> String {
    below("/incidents/", id)
}

/// The page of an email message, by its Message-ID, or of a cluster, by its id.
pub fn email_href(id: &str) -> String {
    below("/emails/", id)
}

fn below(root: &str, id: &str) -> String {
    let mut href = root.to_owned();
    push_encoded(&mut href, id);
    href
}

/// The URL of a saved view.
pub fn view_href(lane: Lane, shows: &str) -> String {
    with_query(ListLocation::new(lane).path(), shows)
}

/// The location that the current URL names; `None` if it names no tab.
///
/// Path and query are both read from the router's URL: a route's own query stays as it was when only the path's
/// parameter changes, as from one tab to another (`FlatRoutes` of `leptos_router` 0.8.17).
pub fn use_list_location() -> Memo<Option<ListLocation>> {
    let url = use_location();
    Memo::new(move |before: Option<&Option<ListLocation>>| {
        let path = url.pathname.read();
        let Some(word) = lane_of(&path) else {
            // On the way to another page this one stays as it is.
            return before.cloned().flatten();
        };
        let lane = Lane::ALL.iter().copied().find(|lane| lane_word(*lane) == word)?;
        let mut location = ListLocation::new(lane);
        for (name, value) in &*url.query.read() {
            match name.as_ref() {
                _ if value.is_empty() => {}
                CURSOR => location.cursor = Some(value.to_owned()),
                OPEN => location.open = Some(value.to_owned()),
                PANEL => location.panel = Panel::ALL.into_iter().find(|panel| panel.as_str() == value),
                // Error parameters that a server function adds to the address of a form sent without wasm.
                name if name.starts_with("__") => {}
                name => location.pairs.push((name.to_owned(), value.to_owned())),
            }
        }
        Some(location)
    })
}

/// The segment of a path where that of a tab is expected.
fn lane_of(path: &str) -> Option<&str> {
    let word = path.strip_prefix("/action-center/")?.trim_end_matches('/');
    (!word.is_empty() && !word.contains('/')).then_some(word)
}

/// Encodes names and values as a query.
fn encode<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        push_pair(&mut query, name, value);
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(lane: Lane, pairs: &[(&str, &str)]) -> ListLocation {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ListLocation { pairs, ..ListLocation::new(lane) }
    }

    #[test]
    fn what_is_not_set_is_not_in_the_url_and_cursors_are_encoded() {
        let plain = ListLocation::new(Lane::InProgress);
        assert_eq!(plain.href(), "/action-center/in-progress");
        let paged = plain.page(Some("a b&c=/é".to_owned()));
        assert_eq!(paged.href(), "/action-center/in-progress?cursor=a%20b%26c%3D%2F%C3%A9");
        let id: ActionId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let open = paged.page(None).with_open(id);
        assert_eq!(open.href(), format!("/action-center/in-progress?open={id}"));
        assert_eq!(open.closed().href(), "/action-center/in-progress");
        let narrow =
            ListLocation { pairs: location(Lane::InProgress, &[("severity", "high")]).pairs, ..open };
        assert_eq!(narrow.href(), format!("/action-center/in-progress?severity=high&open={id}"));
        assert_eq!(narrow.export(ExportFormat::Csv), "/export/actions.csv?lane=in_progress&severity=high");
        let panel = plain.with_panel(Some(Panel::Filters));
        assert_eq!(panel.href(), "/action-center/in-progress?panel=filters");
    }

    #[test]
    fn a_tab_has_one_word_in_its_path() {
        for (path, word) in [
            ("/action-center/history", Some("history")),
            ("/action-center/history/", Some("history")),
            ("/action-center/elsewhere", Some("elsewhere")),
            ("/action-center/plans/1", None),
            ("/action-center", None),
            ("/action-center/", None),
            ("/", None),
        ] {
            assert_eq!(lane_of(path), word, "{path}");
        }
    }

    #[test]
    fn a_change_of_what_is_shown_begins_at_the_first_page() {
        let before = location(Lane::History, &[("severity", "high"), ("severity", "low"), ("limit", "25")]);
        let before = before.page(Some("x".to_owned()));
        assert_eq!(before.without("severity", "low").href(), "/action-center/history?severity=high&limit=25");
        assert_eq!(before.with("severity", None).href(), "/action-center/history?limit=25");
        assert_eq!(
            before.unfiltered().with("q", Some("a b")).href(),
            "/action-center/history?limit=25&q=a%20b"
        );
        assert_eq!(before.filters().collect::<Vec<_>>(), [("severity", "high"), ("severity", "low")]);
    }

    #[test]
    fn a_heading_sorts_and_then_turns_round() {
        let history = ListLocation::new(Lane::History);
        assert_eq!(history.sort(), Sort { key: SortKey::Updated, descending: true });
        assert_eq!(history.sorted_by(SortKey::Updated).href(), "/action-center/history?sort=updated");
        let asset = history.sorted_by(SortKey::Asset);
        assert_eq!(asset.href(), "/action-center/history?sort=asset");
        assert_eq!(asset.sorted_by(SortKey::Asset).href(), "/action-center/history?sort=-asset");
        assert_eq!(asset.sorted_by(SortKey::Updated).href(), "/action-center/history");
        assert_eq!(history.sorted_by(SortKey::Proposed).href(), "/action-center/history?sort=-proposed");
    }

    #[test]
    fn columns_of_the_url_are_all_known_or_none() {
        let columns = |text| location(Lane::History, &[("cols", text)]).columns();
        assert_eq!(columns("asset,entity"), Some(vec![Column::Asset, Column::Entity]));
        assert_eq!(columns("asset,colour"), None);
    }
}
