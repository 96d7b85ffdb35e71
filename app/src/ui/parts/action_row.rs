//! One row of the table. Its markup is written once; what changes while it stands is kept up by three effects: whether
//! it is selected, whether it is open, and how long ago things were.

use leptos::prelude::*;
use leptos::reactive::effect::RenderEffect;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlInputElement};

use super::action_cells::{SizedColumn, Tick, cell};
use super::markup::Markup;
use super::visible_text::spelled_out;
use crate::domain::time::Timestamp;
use crate::domain::{Action, ActionId};
use crate::ui::derived::Derived;
use crate::ui::place::Place;
use crate::ui::selection::Selection;

/// What rows share with their page.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Rows {
    /// Where the person is.
    pub(in crate::ui) here: Memo<Place>,
    /// The page's present.
    pub(in crate::ui) now: Derived<Timestamp>,
    /// Which are selected.
    pub(in crate::ui) selection: Selection,
}

/// The row of an action.
pub(super) fn row(action: &Action, columns: &[SizedColumn], selectable: bool, rows: Rows) -> Markup {
    let id = action.id;
    let here = rows.here.read();
    let (open, now) = (here.with_open(id).href(), rows.now.get());
    let mut ticks = Vec::new();
    let mut row = Markup::new("tr").with("data-id", id.to_string());
    if is_open(&here, id) {
        row = row.with("aria-current", "true");
    }
    if selectable {
        row = row.child(Markup::new("td").with("class", "col-select").child(checkbox(action)));
    }
    for SizedColumn { column, width } in columns {
        let cell = cell(*column, action, &open, now, &mut ticks);
        row = row.child(match width {
            Some(width) => cell.with("width", width.clone()),
            None => cell,
        });
    }
    row.kept(move |row| {
        vec![follow_place(row, id, rows), follow_selection(row, id, rows), tick(row, ticks, rows)]
    })
}

/// Whether it is open, and where its link leads from here.
fn follow_place(row: &Element, id: ActionId, rows: Rows) -> RenderEffect<()> {
    let (row, link) = (row.clone(), row.query_selector(".entity-link").ok().flatten());
    effect(move || {
        let here = rows.here.read();
        let current = if is_open(&here, id) {
            row.set_attribute("aria-current", "true")
        } else {
            row.remove_attribute("aria-current")
        };
        drop(current);
        if let Some(link) = &link {
            drop(link.set_attribute("href", &here.with_open(id).href()));
        }
    })
}

fn follow_selection(row: &Element, id: ActionId, rows: Rows) -> RenderEffect<()> {
    let checkbox = row.query_selector(".col-select input").ok().flatten();
    let checkbox = checkbox.and_then(|found| found.dyn_into::<HtmlInputElement>().ok());
    let row = row.clone();
    effect(move || {
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
    effect(move || {
        let now = rows.now.get();
        for tick in &ticks {
            if let Ok(Some(cell)) = row.query_selector(&format!(".{}", tick.column)) {
                let (class, text) = tick.show(now);
                cell.set_class_name(&class);
                cell.set_text_content(Some(&text));
            }
        }
    })
}

/// Boxed, so that its machinery is compiled once.
fn effect(run: impl Fn() + 'static) -> RenderEffect<()> {
    let run: Box<dyn Fn()> = Box::new(run);
    RenderEffect::new(move |_| run())
}

fn is_open(here: &Place, id: ActionId) -> bool {
    here.open.as_ref().is_some_and(|open| *open == id.to_string())
}

/// Belongs to the form of the bulk bar, so that it counts without wasm, too.
fn checkbox(action: &Action) -> Markup {
    let label = format!("Select {} on {}", action.action_type.label(), spelled_out(&action.entity.title()));
    Markup::new("input")
        .with("type", "checkbox")
        .with("form", "bulk")
        .with("name", "ids[]")
        .with("value", action.id.to_string())
        .with("aria-label", label)
}
