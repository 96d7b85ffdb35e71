//! A word with an icon, on a tint or in a cell.

use leptos::prelude::*;

use crate::markup::Markup;

/// How a badge looks and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadgeStyle {
    /// The classes of its colour and of its icon, which the style draws before the word.
    pub tone: &'static str,
    /// The word.
    pub label: &'static str,
}

/// One badge.
#[component]
pub fn Badge(
    /// What it says.
    look: BadgeStyle,
) -> impl IntoView {
    Markup::new("span").with("class", format!("badge {}", look.tone)).text(look.label)
}
