//! One row of the table. Its markup is written once; what changes while it stands is kept up by three effects: whether
//! it is selected, whether it is open, and how long ago things were.

use leptos::attr::Attribute;
use leptos::attr::any_attribute::AnyAttribute;
use leptos::prelude::*;
use leptos::reactive::effect::RenderEffect;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::view::add_attr::AddAnyAttr;
use leptos::tachys::view::{Mountable, Position, PositionState};
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlInputElement, Node};

use super::action_cells::{Tick, cell};
use super::markup::Markup;
use super::visible_text::spelled_out;
use crate::domain::query::Column;
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

/// One row.
pub(super) struct Row {
    markup: Markup,
    upkeep: Upkeep,
}

/// What keeps a row up.
struct Upkeep {
    id: ActionId,
    /// The cells that count time.
    ticks: Vec<Tick>,
    rows: Rows,
}

impl Row {
    /// The row of an action.
    pub(super) fn new(action: &Action, columns: &[Column], selectable: bool, rows: Rows) -> Self {
        let id = action.id;
        let here = rows.here.read();
        let (open, now) = (here.with_open(id).href(), rows.now.get());
        let mut ticks = Vec::new();
        let mut markup = Markup::new("tr").with("data-id", id.to_string());
        if is_open(&here, id) {
            markup = markup.with("aria-current", "true");
        }
        if selectable {
            markup = markup.child(Markup::new("td").with("class", "col-select").child(checkbox(action)));
        }
        for column in columns {
            markup = markup.child(cell(*column, action, &open, now, &mut ticks));
        }
        Self { markup, upkeep: Upkeep { id, ticks, rows } }
    }
}

impl Upkeep {
    fn of(self, element: Element) -> RowState {
        let Self { id, ticks, rows: Rows { here, now, selection } } = self;
        let (row, links) = (element.clone(), element.query_selector(".entity-link").ok().flatten());
        let place = effect(move || {
            let here = here.read();
            let current = if is_open(&here, id) {
                row.set_attribute("aria-current", "true")
            } else {
                row.remove_attribute("aria-current")
            };
            drop(current);
            if let Some(link) = &links {
                drop(link.set_attribute("href", &here.with_open(id).href()));
            }
        });
        let row = element.clone();
        let checkbox = element.query_selector(".col-select input").ok().flatten();
        let checkbox = checkbox.and_then(|found| found.dyn_into::<HtmlInputElement>().ok());
        let selected = effect(move || {
            let selected = selection.has(id);
            drop(row.class_list().toggle_with_force("selected", selected));
            if let Some(checkbox) = &checkbox {
                checkbox.set_checked(selected);
            }
        });
        let row = element.clone();
        let time = effect(move || {
            let now = now.get();
            for tick in &ticks {
                if let Ok(Some(cell)) = row.query_selector(&format!(".{}", tick.column)) {
                    let (class, text) = tick.show(now);
                    cell.set_class_name(&class);
                    cell.set_text_content(Some(&text));
                }
            }
        });
        RowState { element, _effects: [place, selected, time] }
    }
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

/// A row in the document. Its effects end with it.
pub(super) struct RowState {
    element: Element,
    _effects: [RenderEffect<()>; 3],
}

impl Mountable for RowState {
    fn unmount(&mut self) {
        self.element.remove();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        self.element.mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.element.insert_before_this(child)
    }

    fn elements(&self) -> Vec<Element> {
        vec![self.element.clone()]
    }
}

impl Render for Row {
    type State = RowState;

    fn build(self) -> RowState {
        self.upkeep.of(self.markup.build())
    }

    fn rebuild(self, state: &mut RowState) {
        let new = self.build();
        drop(state.element.replace_with_with_node_1(&new.element));
        *state = new;
    }
}

impl AddAnyAttr for Row {
    type Output<New: Attribute> = Self;

    fn add_any_attr<New: Attribute>(self, _: New) -> Self {
        self
    }
}

impl RenderHtml for Row {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    fn to_html_with_buf(
        self,
        html: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        attributes: Vec<AnyAttribute>,
    ) {
        self.markup.to_html_with_buf(html, position, escape, mark_branches, attributes);
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> RowState {
        self.upkeep.of(self.markup.hydrate::<FROM_SERVER>(cursor, position))
    }

    fn into_owned(self) -> Self {
        self
    }
}
