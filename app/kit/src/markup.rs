//! Elements that the framework leaves alone: no marker, no closure and no type of view for each. For what a page has by
//! the thousand, as the cells of a table.
//!
//! What is shown anew is written over what stands there, as far as it differs: to make a table's rows anew, and above
//! all to have them laid out anew, takes the browser longer.
//!
//! Text and attributes are escaped by the framework's own functions on the server, and are set as text in the browser.

use std::borrow::Cow;
use std::collections::VecDeque;

use leptos::attr::any_attribute::AnyAttribute;
use leptos::attr::{Attribute, AttributeValue};
use leptos::prelude::*;
use leptos::reactive::effect::RenderEffect;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::renderer::{CastFrom, Rndr};
use leptos::tachys::view::add_attr::AddAnyAttr;
use leptos::tachys::view::{Mountable, Position, PositionState};
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, FocusOptions, HtmlElement, Node};

use uuid::Uuid;

/// A piece of text, or an element with what it holds.
#[derive(PartialEq)]
enum Child {
    Text(Cow<'static, str>),
    Element(Markup),
}

/// Creates the effects of an element while it is in the document.
type Upkeep = Box<dyn FnOnce(&Element) -> Vec<RenderEffect<()>> + Send>;

/// An element, with its attributes and children.
#[must_use = "it is shown only where it is put"]
pub struct Markup {
    tag: &'static str,
    attributes: Vec<(&'static str, Cow<'static, str>)>,
    children: Vec<Child>,
    /// Whether effects may have changed it since it was written.
    live: bool,
    upkeep: Option<Upkeep>,
    /// Keyed rows, instead of children.
    rows: Vec<Row>,
}

/// A keyed child element, which is created on demand.
struct Row {
    key: RowKey,
    make: Box<dyn FnOnce() -> Markup + Send>,
}

/// The id and version of a row: while both are the same, its element is left alone.
pub type RowKey = (Uuid, i64);

/// Whether the written form of one is valid for the other.
impl PartialEq for Markup {
    fn eq(&self, other: &Self) -> bool {
        !self.live
            && !other.live
            && self.tag == other.tag
            && self.attributes == other.attributes
            && self.children == other.children
    }
}

impl Markup {
    /// An element without attributes and children.
    pub const fn new(tag: &'static str) -> Self {
        Self {
            tag,
            attributes: Vec::new(),
            children: Vec::new(),
            live: false,
            upkeep: None,
            rows: Vec::new(),
        }
    }

    /// Adds an attribute.
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// Adds a text. Adjacent texts are joined, as browsers parse them as one.
    pub fn text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        match self.children.last_mut() {
            Some(Child::Text(last)) => last.to_mut().push_str(&text.into()),
            _ => self.children.push(Child::Text(text.into())),
        }
        self
    }

    /// Adds a child element.
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(Child::Element(child));
        self
    }

    /// Adds a keyed row, which is created unless it exists already. An element with rows has no other children.
    pub fn row(mut self, key: RowKey, make: impl FnOnce() -> Self + Send + 'static) -> Self {
        self.rows.push(Row { key, make: Box::new(make) });
        self
    }

    /// Marks it as changed by effects.
    pub const fn live(mut self) -> Self {
        self.live = true;
        self
    }

    /// With effects that change it while it stands; those of an element that is neither shown by itself nor a row are
    /// left out. Their first run finds what was there before, as far as they changed it.
    pub fn kept(mut self, upkeep: impl FnOnce(&Element) -> Vec<RenderEffect<()>> + Send + 'static) -> Self {
        self.upkeep = Some(Box::new(upkeep));
        self
    }

    fn write(self, html: &mut String) {
        html.push('<');
        html.push_str(self.tag);
        for (name, value) in &self.attributes {
            AttributeValue::to_html(value.as_ref(), name, html);
        }
        html.push('>');
        for child in self.children {
            match child {
                Child::Text(text) => {
                    let position = &mut Position::FirstChild;
                    text.as_ref().to_html_with_buf(html, position, true, false, Vec::new());
                }
                Child::Element(child) => child.write(html),
            }
        }
        for row in self.rows {
            (row.make)().write(html);
        }
        if self.tag != "input" {
            html.push_str("</");
            html.push_str(self.tag);
            html.push('>');
        }
    }

    /// Creates the element, without its rows.
    fn create(&self) -> Element {
        let element = Rndr::create_element(self.tag, None);
        self.write_over(&element, &Self::new(self.tag));
        element
    }

    /// Updates an element that was written as `old`.
    fn write_over(&self, element: &Element, old: &Self) {
        let live = self.live || old.live;
        for attribute in &self.attributes {
            let (name, value) = attribute;
            if live || !old.attributes.contains(attribute) {
                // Fails for a name that is none.
                drop(element.set_attribute(name, value));
            }
        }
        for (name, _) in &old.attributes {
            if self.attributes.iter().all(|(own, _)| own != name) {
                drop(element.remove_attribute(name));
            }
        }
        if let [Child::Text(text)] = self.children.as_slice() {
            // What most are: one call instead of four.
            if live || self.children != old.children {
                element.set_text_content(Some(text));
            }
            return;
        }
        if self.children.is_empty() && old.children.is_empty() {
            // Rows may stand there.
            return;
        }
        // An empty text is none, and a browser's extension may have put in something of its own.
        let there = element.child_nodes();
        if [old.children.len(), there.length() as usize] == [self.children.len(); 2] {
            for (at, (child, old)) in (0..).zip(self.children.iter().zip(&old.children)) {
                if let Some(node) = there.get(at).filter(|_| child != old) {
                    child.write_over(&node, old);
                }
            }
        } else {
            element.set_text_content(None);
            for child in &self.children {
                drop(element.append_child(&child.create()));
            }
        }
    }

    /// Takes over an element that the server rendered.
    fn stands(mut self, element: Element) -> Mounted {
        let rows = std::mem::take(&mut self.rows);
        let mut there = (!rows.is_empty()).then(|| element.first_element_child()).flatten();
        let rows = rows.into_iter().map(|Row { key, make }| {
            let row = if let Some(found) = there.take() {
                there = found.next_element_sibling();
                make().stands(found)
            } else {
                let mut row = make().build();
                row.mount(&element, None);
                row
            };
            (key, row)
        });
        let rows = rows.collect();
        let effects = self.upkeep.take().map_or_else(Vec::new, |upkeep| upkeep(&element));
        Mounted { element, was: self, rows, effects }
    }
}

impl Child {
    fn create(&self) -> Node {
        match self {
            Self::Text(text) => document().create_text_node(text).into(),
            Self::Element(child) => child.create().into(),
        }
    }

    /// Updates a node that was written as `old`.
    fn write_over(&self, node: &Node, old: &Self) {
        match (self, old, node.dyn_ref::<Element>()) {
            (Self::Text(text), Self::Text(_), _) => node.set_text_content(Some(text)),
            (Self::Element(new), Self::Element(old), Some(element)) if new.tag == old.tag => {
                new.write_over(element, old);
            }
            _ => drop(node.parent_node().map(|parent| parent.replace_child(&self.create(), node))),
        }
    }
}

/// An element in the document, with its effects, which end with it.
pub struct Mounted {
    element: Element,
    was: Markup,
    rows: Vec<(RowKey, Self)>,
    effects: Vec<RenderEffect<()>>,
}

impl Mounted {
    fn is(&self, element: Option<&Element>) -> bool {
        element == Some(&self.element)
    }

    /// Who stays keeps its element; new rows are written over those that go. What has the focus keeps it, also where
    /// its row moves, which takes it away.
    fn location(&mut self, new: Vec<Row>) {
        if new.is_empty() && self.rows.is_empty() {
            return;
        }
        let focused = document().active_element().filter(|focused| self.element.contains(Some(focused)));
        self.arrange(new);
        let moved =
            focused.filter(|of| of.is_connected() && document().active_element().as_ref() != Some(of));
        if let Some(moved) = moved.and_then(|of| of.dyn_into::<HtmlElement>().ok()) {
            let options = FocusOptions::new();
            options.set_prevent_scroll(true);
            drop(moved.focus_with_options(&options));
        }
    }

    fn arrange(&mut self, new: Vec<Row>) {
        let (mut stay, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut self.rows)
            .into_iter()
            .partition(|((id, _), _)| new.iter().any(|row| row.key.0 == *id));
        let mut gone: VecDeque<_> = gone.into_iter().map(|(_, row)| row).collect();
        gone.retain_mut(|row| {
            // Who is in the middle of a click or has the focus there means what stood there.
            let held = row.element.matches(":active, :focus-within").unwrap_or_default();
            if held {
                row.unmount();
            }
            !held
        });
        let mut taken_out = Vec::new();
        let mut there = self.element.first_element_child();
        for Row { key, make } in new {
            let row = if let Some(at) = stay.iter().position(|((id, _), _)| *id == key.0) {
                while let Some(mut gone) = gone.pop_front_if(|gone| gone.is(there.as_ref())) {
                    there = gone.element.next_element_sibling();
                    gone.unmount();
                    taken_out.push(gone);
                }
                let (was, mut row) = stay.swap_remove(at);
                if was != key {
                    make().rebuild(&mut row);
                }
                row
            } else if let Some(mut row) =
                gone.pop_front_if(|gone| gone.is(there.as_ref())).or_else(|| taken_out.pop())
            {
                make().rebuild(&mut row);
                row
            } else {
                make().build()
            };
            if row.is(there.as_ref()) {
                there = row.element.next_element_sibling();
            } else {
                drop(self.element.insert_before(&row.element, there.as_deref()));
            }
            self.rows.push((key, row));
        }
        for mut row in gone.into_iter().chain(stay.into_iter().map(|(_, row)| row)) {
            row.unmount();
        }
    }
}

impl Mountable for Mounted {
    fn unmount(&mut self) {
        self.element.unmount();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        self.element.mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.element.insert_before_this(child)
    }

    fn elements(&self) -> Vec<Element> {
        self.element.elements()
    }
}

impl Render for Markup {
    type State = Mounted;

    fn build(self) -> Mounted {
        let bare = Self::new(self.tag);
        let element = bare.create();
        let mut mounted = Mounted { element, was: bare, rows: Vec::new(), effects: Vec::new() };
        self.rebuild(&mut mounted);
        mounted
    }

    fn rebuild(mut self, state: &mut Mounted) {
        if self.tag != state.was.tag {
            let new = self.build();
            drop(state.element.replace_with_with_node_1(&new.element));
            *state = new;
            return;
        }
        state.effects.clear();
        self.write_over(&state.element, &state.was);
        state.location(std::mem::take(&mut self.rows));
        state.effects = self.upkeep.take().map_or_else(Vec::new, |upkeep| upkeep(&state.element));
        state.was = self;
    }
}

impl AddAnyAttr for Markup {
    type Output<New: Attribute> = Self;

    fn add_any_attr<New: Attribute>(self, _: New) -> Self {
        self
    }
}

impl RenderHtml for Markup {
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
        _escape: bool,
        _mark_branches: bool,
        _attributes: Vec<AnyAttribute>,
    ) {
        self.write(html);
        *position = Position::NextChild;
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Mounted {
        if position.get() == Position::FirstChild {
            cursor.child();
        } else {
            cursor.sibling();
        }
        position.set(Position::NextChild);
        let found = cursor.current();
        let Some(element) = Element::cast_from(found.clone()) else {
            // Where the page is another than the server's, it is made anew.
            let new = self.build();
            drop(found.parent_node().map(|parent| parent.replace_child(&new.element, &found)));
            return new;
        };
        self.stands(element)
    }

    fn into_owned(self) -> Self {
        self
    }
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_text_and_not_markup() {
        let link = Markup::new("a").with("title", "\"><script>").text("</a><script>");
        let row = Markup::new("tr").child(Markup::new("td").child(link)).child(Markup::new("input"));
        assert_eq!(
            row.to_html(),
            "<tr><td><a title=\"&quot;&gt;&lt;script&gt;\">&lt;/a&gt;&lt;script&gt;</a></td><input></tr>"
        );
    }
}
