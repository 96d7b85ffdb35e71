//! A word with an icon, on a tint or in a cell.

use leptos::prelude::*;

use crate::markup::Markup;

/// The colour, the icon and the label of a badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadgeStyle {
    /// The classes of its colour and its icon; the style draws the icon before the label.
    pub tone: &'static str,
    /// The label.
    pub label: &'static str,
}

/// A badge.
#[component]
pub fn Badge(
    /// Its colour, icon and label.
    look: BadgeStyle,
) -> impl IntoView {
    Markup::new("span").with("class", format!("badge {}", look.tone)).text(look.label)
}
