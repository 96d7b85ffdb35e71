//! One row of the table. What changes while it stands is kept up by four effects: whether it is open, where its link
//! leads, whether it is selected, and how long ago things were.

use leptos::prelude::*;
use leptos::reactive::effect::RenderEffect;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlInputElement};

use crate::actions::location::ListLocation;
use crate::actions::rows::Selection;
use crate::actions::table::action_cells::{SizedColumn, Tick, cell, opener};
use domain::actions::query::Column;
use domain::core::text::escape_controls;
use domain::core::time::Timestamp;
use domain::{Action, ActionId};
use kit::derived::Derived;
use kit::markup::Markup;

/// The selector of the rows.
pub const ROWS: &str = ".action-table tbody tr";

/// The link of a row to its action.
pub fn link_of(row: &Element) -> Option<Element> {
    row.query_selector(".entity-link").ok()?
}

/// The signals that all rows share.
#[derive(Clone, Copy)]
pub struct Rows {
    /// The list's location.
    pub location: Memo<ListLocation>,
    /// The same with nothing beside the list: what the links of all rows follow, which stay as another row opens.
    list: Memo<ListLocation>,
    /// The open action.
    open: Memo<Option<ActionId>>,
    /// The page's current time.
    pub now: Derived<Timestamp>,
    /// The selected rows.
    pub selection: Selection,
}

impl Rows {
    /// The signals of a list.
    pub fn new(location: Memo<ListLocation>, now: Derived<Timestamp>, selection: Selection) -> Self {
        let list = Memo::new(move |_| location.read().closed().with_panel(None));
        let open = Memo::new(move |_| location.read().open.as_ref().and_then(|open| open.parse().ok()));
        Self { location, list, open, now, selection }
    }
}

/// The row of an action. It reads without following: otherwise all rows would be compared whenever one opens.
pub fn row(action: &Action, columns: &[SizedColumn], selectable: bool, rows: Rows) -> Markup {
    let id = action.id;
    let (open, now) = (rows.list.read_untracked().with_open(id).href(), rows.now.get_untracked());
    let mut ticks = Vec::new();
    let mut row = Markup::new("tr").with("data-id", id.to_string());
    if rows.open.get_untracked() == Some(id) {
        row = row.with("aria-current", "true");
    }
    if selectable {
        row = row.child(Markup::new("td").with("class", "col-select").child(checkbox(action)));
    }
    if !shows_entity(columns) {
        row = row.child(opener(action, &open));
    }
    for SizedColumn { column, width, card_label } in columns {
        let mut cell = cell(*column, action, &open, now, &mut ticks);
        if let Some(width) = width {
            cell = cell.with("width", width.clone());
        }
        if let Some(label) = card_label {
            cell = cell.with("data-label", *label);
        }
        row = row.child(cell);
    }
    row.kept(move |row| {
        vec![
            follow_open(row, id, rows),
            follow_list(row, id, rows),
            follow_selection(row, id, rows),
            tick(row, ticks, rows),
        ]
    })
}

/// Whether a link to its action is in a column that the person sees; else each row has one of its own.
pub fn shows_entity(columns: &[SizedColumn]) -> bool {
    columns.iter().any(|sized| sized.column == Column::Entity)
}

fn follow_open(row: &Element, id: ActionId, rows: Rows) -> RenderEffect<()> {
    let row = row.clone();
    render_effect(move |_| {
        drop(if rows.open.get() == Some(id) {
            row.set_attribute("aria-current", "true")
        } else {
            row.remove_attribute("aria-current")
        });
    })
}

/// Where its link leads from here.
fn follow_list(row: &Element, id: ActionId, rows: Rows) -> RenderEffect<()> {
    let link = link_of(row);
    render_effect(move |first| {
        let list = rows.list.read();
        if let Some(link) = link.as_ref().filter(|_| !first) {
            drop(link.set_attribute("href", &list.with_open(id).href()));
        }
    })
}

/// From the start, as a browser may remember what was checked before.
fn follow_selection(row: &Element, id: ActionId, rows: Rows) -> RenderEffect<()> {
    let checkbox = row.query_selector(".col-select input").ok().flatten();
    let checkbox = checkbox.and_then(|found| found.dyn_into::<HtmlInputElement>().ok());
    let row = row.clone();
    render_effect(move |_| {
        let selected = rows.selection.has(id);
        drop(row.class_list().toggle_with_force("selected", selected));
        if let Some(checkbox) = &checkbox {
            checkbox.set_checked(selected);
        }
    })
}

/// The cells that count time move on with the page's present.
fn tick(row: &Element, ticks: Vec<Tick>, rows: Rows) -> RenderEffect<()> {
    let row = row.clone();
    render_effect(move |first| {
        let now = rows.now.get();
        for tick in ticks.iter().filter(|_| !first) {
            if let Ok(Some(cell)) = row.query_selector(&format!(".{}", tick.column)) {
                let (class, text) = tick.show(now);
                cell.set_class_name(&class);
                cell.set_text_content(Some(&text));
            }
        }
    })
}

/// Told whether it is its first time: what the markup says already needs no writing then. Boxed, so that its machinery
/// is compiled once.
fn render_effect(run: impl Fn(bool) + 'static) -> RenderEffect<()> {
    let run: Box<dyn Fn(bool)> = Box::new(run);
    RenderEffect::new(move |before: Option<()>| run(before.is_none()))
}

/// Belongs to the form of the bulk bar, so that it counts without wasm, too.
fn checkbox(action: &Action) -> Markup {
    let label =
        format!("Select {} on {}", action.action_type.label(), escape_controls(&action.entity.title()));
    Markup::new("input")
        .with("type", "checkbox")
        .with("form", "bulk")
        .with("name", "ids[]")
        .with("value", action.id.to_string())
        .with("aria-label", label)
}
