//! Elements that are written once and that the framework then leaves alone: no marker, no closure and no type of view
//! for each. For what a page has by the thousand, as the cells of a table.
//!
//! Text and attributes are escaped by the framework's own functions on the server, and are set as text in the browser.

use std::borrow::Cow;

use leptos::attr::any_attribute::AnyAttribute;
use leptos::attr::{Attribute, AttributeValue};
use leptos::prelude::*;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::renderer::{CastFrom, Rndr};
use leptos::tachys::view::add_attr::AddAnyAttr;
use leptos::tachys::view::{Position, PositionState};
use leptos::web_sys::{Element, Node};

/// A piece of text, or an element with what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Child {
    Text(Cow<'static, str>),
    Element(Markup),
}

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Markup {
    tag: &'static str,
    attributes: Vec<(&'static str, Cow<'static, str>)>,
    children: Vec<Child>,
}

impl Markup {
    /// An empty one.
    pub(super) const fn new(tag: &'static str) -> Self {
        Self { tag, attributes: Vec::new(), children: Vec::new() }
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

impl Render for Markup {
    type State = Element;

    fn build(self) -> Element {
        self.create()
    }

    fn rebuild(self, state: &mut Element) {
        let element = self.create();
        drop(state.replace_with_with_node_1(&element));
        *state = element;
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

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Element {
        if position.get() == Position::FirstChild {
            cursor.child();
        } else {
            cursor.sibling();
        }
        position.set(Position::NextChild);
        // Where the page is another than the server's, it is made anew.
        Element::cast_from(cursor.current()).unwrap_or_else(|| self.create())
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
