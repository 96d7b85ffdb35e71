//! What the browser loads only when it is needed: pages, and parts of pages.
//!
//! The wasm is cut where functions are marked: those of one *module* are in one file. [`page!`](crate::page) and
//! [`part!`](crate::part) mark a function and describe it beside it; each area lists its pages, and each page the parts
//! that its query asks for.
//! The server has them all at once. The browser loads what the address shows before it takes the page over
//! ([`Piece::preload`]), so that it hydrates in one go; what comes afterwards is loaded when somebody goes there, or
//! before, once the page has nothing else to do.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use leptos::task::spawn_local;

use crate::navigation::NavigationRow;

/// The error of a module that could not be loaded: the server was updated meanwhile, or cannot be reached.
#[derive(Debug, Clone, Copy)]
pub struct Missing;

#[cfg(feature = "hydrate")]
impl From<leptos::wasm_split::SplitLoaderError> for Missing {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        Self
    }
}

/// The result of a function in a module that is loaded later.
pub type Loaded = Result<AnyView, Missing>;

/// The boxed future of such a function.
pub type Loading<T> = Pin<Box<dyn Future<Output = T>>>;

/// The description of a function in a module that is loaded later.
#[derive(Debug)]
pub struct Piece {
    /// The name of the module, which is also that of its file.
    pub module: &'static str,
    /// Loads the module. Each function has its own "is loaded" state, so each has its own preload.
    pub preload: fn() -> Loading<Result<(), Missing>>,
}

/// The description of a page: its addresses, its view, and its row of the navigation pane.
#[derive(Debug)]
pub struct Page {
    /// The addresses of the page, with `:name` for a parameter.
    pub paths: &'static [&'static str],
    /// The function that renders the page.
    pub piece: Piece,
    /// Renders the page.
    pub view: fn() -> Loading<Loaded>,
    /// The parts that the page needs if its query has a field of this name.
    pub parts: &'static [(&'static str, &'static Piece)],
    /// The row of the navigation pane that leads to the page, if there is one.
    pub navigation: &'static [NavigationRow],
    /// Whether the page is rendered inside the frame with the navigation.
    pub framed: bool,
}

impl Page {
    /// The parameters of a path; `None` if it is not an address of this page.
    #[must_use]
    pub fn matches(&self, path: &str) -> Option<Vec<(&'static str, String)>> {
        self.paths.iter().find_map(|pattern| parameters(pattern, path))
    }

    /// The functions that the page needs for a query.
    pub fn needs(&'static self, query: &str) -> impl Iterator<Item = &'static Piece> {
        let has = move |name: &str| {
            let fields = query.trim_start_matches('?').split('&');
            fields.filter_map(|field| field.split_once('=')).any(|(field, _)| field == name)
        };
        let parts = self.parts.iter().filter(move |(name, _)| has(name)).map(|(_, piece)| *piece);
        std::iter::once(&self.piece).chain(parts)
    }
}

fn parameters(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let path = path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path);
    let (mut wanted, mut found) = (pattern.split('/'), path.split('/'));
    let mut parameters = Vec::new();
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return Some(parameters),
            (Some(wanted), Some(found)) => match wanted.strip_prefix(':') {
                Some(name) if !found.is_empty() => parameters.push((name, found.to_owned())),
                None if wanted == found => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}

/// A function of a module that is loaded later, for [`page!`](crate::page) and [`part!`](crate::part).
#[doc(hidden)]
#[macro_export]
macro_rules! later {
    ($module:ident; $name:ident / $preload:ident ($($arg:ident: $ty:ty),*) $body:block) => {
        #[cfg(feature = "hydrate")]
        #[leptos::wasm_split::wasm_split(
            $module,
            wasm_split_path = leptos::wasm_split,
            preload($preload),
            fallible
        )]
        pub(crate) fn $name($($arg: $ty),*) -> $crate::lazy::Loaded {
            Ok($body)
        }
        /// The server has all functions at once.
        #[cfg(not(feature = "hydrate"))]
        pub(crate) async fn $name($($arg: $ty),*) -> $crate::lazy::Loaded {
            Ok($body)
        }
        #[cfg(not(feature = "hydrate"))]
        async fn $preload() -> Result<(), $crate::lazy::Missing> {
            Ok(())
        }
    };
}

/// A page in a module that is loaded later: `PAGE`, its description, from the names of its module, of its function and
/// of what only loads this, its addresses, its view, and perhaps its row of the navigation pane and the parts that its
/// query asks for.
#[macro_export]
macro_rules! page {
    (
        module: $module:ident,
        function: $name:ident / $preload:ident,
        paths: [$($path:literal),+],
        $(navigation: $navigation:expr,)?
        $(parts: { $($field:literal: $part:expr),+ },)?
        $(framed: $framed:literal,)?
        view: $view:expr $(,)?
    ) => {
        $crate::later! { $module; $name / $preload () { $view } }
        /// The page, for the list of its area.
        pub(crate) const PAGE: $crate::lazy::Page = $crate::lazy::Page {
            paths: &[$($path),+],
            piece: $crate::lazy::Piece {
                module: stringify!($module),
                preload: || Box::pin(async { $preload().await.map_err(|_| $crate::lazy::Missing) }),
            },
            view: || Box::pin($name()),
            parts: &[$($(($field, &$part)),+)?],
            navigation: &[$($navigation)?],
            framed: true $(&& $framed)?,
        };
    };
}

/// The pages of an area: their modules, each with its `PAGE`, and `PAGES`, the list of these.
#[macro_export]
macro_rules! pages {
    ($(mod $name:ident;)+) => {
        $(pub mod $name;)+
        /// The area's pages.
        const PAGES: &[$crate::lazy::Page] = &[$($name::PAGE),+];
    };
}

/// A part of a page, in a module that is loaded later, with its description under a name for the page that it is of.
#[macro_export]
macro_rules! part {
    (
        module: $module:ident,
        function: $name:ident / $preload:ident,
        as: $description:ident,
        view: |$($arg:ident: $ty:ty),* $(,)?| $view:expr $(,)?
    ) => {
        $crate::later! { $module; $name / $preload ($($arg: $ty),*) { $view } }
        /// The part, for the page that it belongs to.
        pub(crate) const $description: $crate::lazy::Piece = $crate::lazy::Piece {
            module: stringify!($module),
            preload: || Box::pin(async { $preload().await.map_err(|_| $crate::lazy::Missing) }),
        };
    };
}

/// Renders a part of a page; `meanwhile` is shown until the part is loaded.
pub fn part(
    view: impl Future<Output = Loaded> + 'static,
    meanwhile: impl FnOnce() -> AnyView + 'static,
) -> AnyView {
    let mut view: Loading<Loaded> = Box::pin(view);
    if let Poll::Ready(view) = view.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return view.unwrap_or_else(|Missing| ().into_any());
    }
    let shown = RwSignal::new_local(Some(meanwhile()));
    let view = ScopedFuture::new(view);
    spawn_local(async move {
        match view.await {
            Ok(view) => drop(shown.try_set(Some(view))),
            // The address says all that is shown.
            Err(Missing) => drop(window().location().reload()),
        }
    });
    (move || {
        shown.track();
        shown.try_update_untracked(Option::take).flatten()
    })
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: Piece = Piece { module: "details", preload: || Box::pin(async { Ok(()) }) };
    const PAGE: Page = Page {
        paths: &["/list", "/lists/:name/rows"],
        piece: Piece { module: "list", preload: || Box::pin(async { Ok(()) }) },
        view: || Box::pin(async { Ok(().into_any()) }),
        parts: &[("open", &PIECE)],
        navigation: &[],
        framed: true,
    };

    #[test]
    fn an_address_is_of_a_page_with_its_parameters() {
        for (path, found) in [
            ("/list", Some(vec![])),
            ("/list/", Some(vec![])),
            ("/lists/a%20b/rows", Some(vec![("name", "a%20b".to_owned())])),
            ("/lists//rows", None),
            ("/lists/a", None),
            ("/lists/a/rows/1", None),
            ("/", None),
        ] {
            assert_eq!(PAGE.matches(path), found, "{path}");
        }
        let root = Page { paths: &["/"], ..PAGE };
        assert!(root.matches("/").is_some() && root.matches("/list").is_none());
    }

    #[test]
    fn a_query_says_what_else_is_needed() {
        let needs = |query| PAGE.needs(query).map(|piece| piece.module).collect::<Vec<_>>();
        assert_eq!(needs(""), ["list"]);
        assert_eq!(needs("q=open"), ["list"]);
        assert_eq!(needs("?opened=1"), ["list"]);
        assert_eq!(needs("?panel=filters&open=1"), ["list", "details"]);
    }
}
