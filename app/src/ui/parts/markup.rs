//! Elements that are written once and that the framework then leaves alone: no marker, no closure and no type of view
//! for each. For what a page has by the thousand, as the cells of a table.
//!
//! Text and attributes are escaped by the framework's own functions on the server, and are set as text in the browser.

use std::borrow::Cow;

use leptos::attr::any_attribute::AnyAttribute;
use leptos::attr::{Attribute, AttributeValue};
use leptos::prelude::*;
use leptos::reactive::effect::RenderEffect;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::renderer::{CastFrom, Rndr};
use leptos::tachys::view::add_attr::AddAnyAttr;
use leptos::tachys::view::{Mountable, Position, PositionState};
use leptos::web_sys::{Element, Node};

/// A piece of text, or an element with what it holds.
enum Child {
    Text(Cow<'static, str>),
    Element(Markup),
}

/// What keeps an element up while it stands in the document.
type Upkeep = Box<dyn FnOnce(&Element) -> Vec<RenderEffect<()>> + Send>;

/// An element.
pub(super) struct Markup {
    tag: &'static str,
    attributes: Vec<(&'static str, Cow<'static, str>)>,
    children: Vec<Child>,
    upkeep: Option<Upkeep>,
}

impl Markup {
    /// An empty one.
    pub(super) const fn new(tag: &'static str) -> Self {
        Self { tag, attributes: Vec::new(), children: Vec::new(), upkeep: None }
    }

    /// With an attribute more.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// With a text more.
    pub(super) fn text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.children.push(Child::Text(text.into()));
        self
    }

    /// With an element more.
    pub(super) fn child(mut self, child: Self) -> Self {
        self.children.push(Child::Element(child));
        self
    }

    /// With effects that change it while it stands; those of an element within another are left out.
    pub(super) fn kept(
        mut self,
        upkeep: impl FnOnce(&Element) -> Vec<RenderEffect<()>> + Send + 'static,
    ) -> Self {
        self.upkeep = Some(Box::new(upkeep));
        self
    }

    fn stands(self, element: Element) -> Standing {
        let effects = self.upkeep.map_or_else(Vec::new, |upkeep| upkeep(&element));
        Standing { element, _effects: effects }
    }

    fn write(&self, html: &mut String) {
        html.push('<');
        html.push_str(self.tag);
        for (name, value) in &self.attributes {
            AttributeValue::to_html(value.as_ref(), name, html);
        }
        html.push('>');
        for child in &self.children {
            match child {
                Child::Text(text) => {
                    let position = &mut Position::FirstChild;
                    text.as_ref().to_html_with_buf(html, position, true, false, Vec::new());
                }
                Child::Element(child) => child.write(html),
            }
        }
        if self.tag != "input" {
            html.push_str("</");
            html.push_str(self.tag);
            html.push('>');
        }
    }

    fn create(&self) -> Element {
        let element = Rndr::create_element(self.tag, None);
        for (name, value) in &self.attributes {
            // Fails for a name that is none.
            drop(element.set_attribute(name, value));
        }
        if let [Child::Text(text)] = self.children.as_slice() {
            // What most are: one call instead of four.
            element.set_text_content(Some(text));
            return element;
        }
        for child in &self.children {
            let node: Node = match child {
                Child::Text(text) => document().create_text_node(text).into(),
                Child::Element(child) => child.create().into(),
            };
            drop(element.append_child(&node));
        }
        element
    }
}

/// An element in the document. Its effects end with it.
pub(super) struct Standing {
    element: Element,
    _effects: Vec<RenderEffect<()>>,
}

impl Mountable for Standing {
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
    type State = Standing;

    fn build(self) -> Standing {
        let element = self.create();
        self.stands(element)
    }

    fn rebuild(self, state: &mut Standing) {
        let new = self.build();
        drop(state.element.replace_with_with_node_1(&new.element));
        *state = new;
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

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Standing {
        if position.get() == Position::FirstChild {
            cursor.child();
        } else {
            cursor.sibling();
        }
        position.set(Position::NextChild);
        let found = cursor.current();
        let element = Element::cast_from(found.clone()).unwrap_or_else(|| {
            // Where the page is another than the server's, it is made anew.
            let element = self.create();
            drop(found.parent_node().map(|parent| parent.replace_child(&element, &found)));
            element
        });
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
