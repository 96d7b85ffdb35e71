//! A view that hydrates in one go.
//!
//! Erased views and routes carry, for every type in them, a second, asynchronous way to hydrate, which only lazily
//! loaded code needs. This wrapper takes the ordinary way instead, so that the other is never compiled: a fifth of
//! the page's wasm. Wrap what a route erases in [`Settled`], and call
//! [`Erase::erase`] instead of `into_any`.

use leptos::attr::Attribute;
use leptos::attr::any_attribute::AnyAttribute;
use leptos::prelude::{AddAnyAttr, IntoAny, IntoView, Render, RenderHtml};
use leptos::tachys::hydration::Cursor;
use leptos::tachys::ssr::StreamBuilder;
use leptos::tachys::view::any_view::AnyView;
use leptos::tachys::view::{Position, PositionState};

/// See the module.
#[derive(Debug)]
pub(super) struct Settled<V>(pub(super) V);

/// `into_any` without the asynchronous hydration.
pub(super) trait Erase {
    /// Forgets the type of the view.
    fn erase(self) -> AnyView;
}

impl<V: IntoView + 'static> Erase for V {
    fn erase(self) -> AnyView {
        Settled(self).into_any()
    }
}

impl<V: Render> Render for Settled<V> {
    type State = V::State;

    fn build(self) -> Self::State {
        self.0.build()
    }

    fn rebuild(self, state: &mut Self::State) {
        self.0.rebuild(state);
    }
}

impl<V: RenderHtml> AddAnyAttr for Settled<V> {
    type Output<NewAttr: Attribute> = Settled<V::Output<NewAttr>>;

    fn add_any_attr<NewAttr: Attribute>(self, attr: NewAttr) -> Self::Output<NewAttr>
    where
        Self::Output<NewAttr>: RenderHtml,
    {
        Settled(self.0.add_any_attr(attr))
    }
}

impl<V: RenderHtml> RenderHtml for Settled<V> {
    type AsyncOutput = V::AsyncOutput;
    type Owned = Settled<V::Owned>;

    const MIN_LENGTH: usize = V::MIN_LENGTH;
    const EXISTS: bool = V::EXISTS;

    fn dry_resolve(&mut self) {
        self.0.dry_resolve();
    }

    fn resolve(self) -> impl Future<Output = Self::AsyncOutput> + Send {
        self.0.resolve()
    }

    fn html_len(&self) -> usize {
        self.0.html_len()
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.0.to_html_with_buf(buf, position, escape, mark_branches, extra_attrs);
    }

    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) where
        Self: Sized,
    {
        self.0.to_html_async_with_buf::<OUT_OF_ORDER>(buf, position, escape, mark_branches, extra_attrs);
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Self::State {
        self.0.hydrate::<FROM_SERVER>(cursor, position)
    }

    fn into_owned(self) -> Self::Owned {
        Settled(self.0.into_owned())
    }
}
