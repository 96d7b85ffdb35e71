//! The table of a tab.

pub mod action_cells;
pub mod action_row;
pub mod action_table;
