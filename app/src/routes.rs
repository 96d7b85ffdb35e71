//! The pages of all areas as routes, in a form that is compiled once and not for each page.

use std::borrow::Cow;
use std::sync::Arc;

use leptos::children::ToChildren;
use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, FlatRoutesProps, RouteChildren};
use leptos_router::{
    ChooseView, GeneratedRouteData, MatchInterface, MatchNestedRoutes, MatchParams, Method, PathSegment,
    RouteMatchId, SsrMode,
};

use super::frame::Framed;
use super::not_found::NotFound;
use kit::lazy::{Missing, Page};

/// The page at the current address.
#[component]
pub(super) fn Pages() -> impl IntoView {
    let pages = areas::pages().map(|page| (RouteMatchId::new_from_route_id(), page)).collect();
    let routes = Routes(pages);
    let props = FlatRoutesProps::builder().fallback(NotFound);
    FlatRoutes(props.children(RouteChildren::to_children(|| routes)).build())
}

/// All pages, each with an id of its own.
#[derive(Clone)]
struct Routes(Arc<[(RouteMatchId, &'static Page)]>);

impl MatchNestedRoutes for Routes {
    type Data = ();
    type Match = PageMatch;

    fn match_nested<'a>(&'a self, path: &'a str) -> (Option<(RouteMatchId, PageMatch)>, &'a str) {
        let found = self.0.iter().find_map(|(id, page)| {
            let parameters = page.matches(path)?;
            Some((*id, PageMatch { id: *id, page, path: path.to_owned(), parameters }))
        });
        let rest = if found.is_some() { "" } else { path };
        (found, rest)
    }

    fn generate_routes(&self) -> impl IntoIterator<Item = GeneratedRouteData> + '_ {
        let paths = self.0.iter().flat_map(|(_, page)| page.paths);
        paths.map(|path| GeneratedRouteData {
            segments: segments(path),
            ssr_mode: SsrMode::Async,
            methods: [Method::Get].into(),
            regenerate: Vec::new(),
        })
    }

    fn optional(&self) -> bool {
        false
    }
}

/// As the server's router reads them.
fn segments(path: &'static str) -> Vec<PathSegment> {
    let names = path.split('/').filter(|name| !name.is_empty());
    let mut segments: Vec<_> = names
        .map(|name| match name.strip_prefix(':') {
            Some(name) => PathSegment::Param(name.into()),
            None => PathSegment::Static(name.into()),
        })
        .collect();
    if segments.is_empty() {
        segments.push(PathSegment::Static("/".into()));
    }
    segments
}

/// A page at an address.
struct PageMatch {
    id: RouteMatchId,
    page: &'static Page,
    path: String,
    parameters: Vec<(&'static str, String)>,
}

impl MatchInterface for PageMatch {
    type Child = Self;

    fn as_id(&self) -> RouteMatchId {
        self.id
    }

    fn as_matched(&self) -> &str {
        &self.path
    }

    fn into_view_and_child(self) -> (impl ChooseView, Option<Self>) {
        (PageView(self.page), None)
    }
}

impl MatchParams for PageMatch {
    fn to_params(&self) -> Vec<(Cow<'static, str>, String)> {
        self.parameters.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect()
    }
}

#[derive(Clone, Copy)]
struct PageView(&'static Page);

impl ChooseView for PageView {
    async fn choose(self) -> AnyView {
        let Self(page) = self;
        // The frame is the document's: a page that is without it, or with it, is another document.
        if page.framed != Framed::current() {
            return leave().await;
        }
        match (page.view)().await {
            Ok(view) => view,
            // The server has it.
            Err(Missing) => leave().await,
        }
    }

    async fn preload(&self) {}
}

/// Lets the browser load the page to which the router is on its way.
async fn leave() -> AnyView {
    let to = leptos_router::hooks::use_url().get_untracked();
    let href = format!("{}{}{}", to.path(), if to.search().is_empty() { "" } else { "?" }, to.search());
    drop(window().location().set_href(&href));
    std::future::pending().await
}
