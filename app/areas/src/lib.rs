//! The areas: their pages and parts, rendered by the server, then taken over by the browser.
//!
//! An area is a subject. Its folder holds its pages, their parts and their styles side by side, and its `mod.rs` says what
//! the application must know of it (`AREA`, an [`Area`]). The URL is the state: pages turn it into resources and hand what these hold
//! to parts. What several areas share of a page stands in `page`, the stream of changes in `live`.
//!
//! To add an area, add its folder and its line in `areas!`; to add a page to an area, one line in its list of pages.
//! Areas import each other in one direction only.
#![recursion_limit = "256"]
#![expect(unreachable_pub, reason = "`#[component]` makes each component's builder `pub`")]
#![expect(
    clippy::redundant_closure,
    reason = "closures that stand in a view share its machinery; names do not"
)]

pub mod area;
pub mod live;
pub mod page;

use area::Area;
use kit::lazy::{Page, Piece};
use kit::navigation::NavigationRow;

/// Declares the areas: the module of each, and [`AREAS`].
macro_rules! areas {
    ($(mod $area:ident;)+) => {
        $(pub mod $area;)+

        /// All areas, in the order of the navigation.
        pub const AREAS: &[Area] = &[$($area::AREA),+];
    };
}

areas! {
    mod home;
    mod incidents;
    mod investigations;
    mod actions;
    mod bulk;
    mod executors;
    mod notifications;
    mod access;
    mod settings;
}

/// All pages.
pub fn pages() -> impl Iterator<Item = &'static Page> {
    AREAS.iter().flat_map(|area| area.pages)
}

/// All rows of the navigation pane, in their order.
pub fn navigation() -> impl Iterator<Item = &'static NavigationRow> {
    pages().flat_map(|page| page.navigation)
}

/// The functions that the page at an address needs.
#[must_use]
pub fn needed(path: &str, query: &str) -> Vec<&'static Piece> {
    let page = pages().find(|page| page.matches(path).is_some());
    page.map_or_else(Vec::new, |page| page.needs(query).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_needed() {
        let needed = |path, query| needed(path, query).iter().map(|piece| piece.module).collect::<Vec<_>>();
        assert_eq!(needed("/", ""), ["home"]);
        assert_eq!(needed("/action-center/plans/1", ""), ["bulk"]);
        assert_eq!(needed("/action-center/pending", ""), ["list"]);
        assert_eq!(needed("/action-center/pending", "q=open"), ["list"]);
        assert_eq!(needed("/action-center/pending", "?panel=filters&open=1"), ["list", "panels", "details"]);
        assert_eq!(needed("/action-center/elsewhere", ""), Vec::<&str>::new());
        assert_eq!(needed("/sign-in", "next=%2F"), ["sign_in"]);
    }

    #[test]
    fn an_address_is_of_one_page() {
        let paths: Vec<_> = pages().flat_map(|page| page.paths).collect();
        for path in &paths {
            assert_eq!(pages().filter(|page| page.matches(path).is_some()).count(), 1, "{path}");
        }
    }
}
