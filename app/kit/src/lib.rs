//! Parts of screens that know no area: what pages are made of, whatever they show.
//!
//! One part a file, with its style in a file of the same name beside it. Parts take values and signals, never resources,
//! and know nothing of the server. They may use the vocabulary's core (times, zones, text, ids), but no area of it: what
//! knows of actions stands in the area of actions. Both sides must render the same text, so nothing here reads a clock, a
//! locale or a random number while rendering: times count from the answer's `rendered_at`.
//!
//! Sibling modules import each other in one direction only.
#![recursion_limit = "256"]
#![expect(
    clippy::redundant_closure,
    reason = "closures that stand in a view share its machinery; names do not"
)]

pub mod badge;
pub mod chart;
pub mod clock;
pub mod copy;
pub mod deadline;
pub mod derived;
pub mod dialog;
pub mod effect;
pub mod empty_state;
pub mod facts;
pub mod failure;
pub mod flyout;
pub mod focus;
pub mod form;
pub mod handler;
pub mod icon;
pub mod kept;
pub mod lazy;
pub mod markup;
pub mod navigation;
pub mod notice;
pub mod pager;
pub mod panel;
pub mod remote_change;
pub mod short_text;
pub mod skeleton;
pub mod table;
pub mod tabs;
pub mod theme;
pub mod time;
pub mod toasts;
pub mod url;
pub mod visible_text;
pub mod when;
