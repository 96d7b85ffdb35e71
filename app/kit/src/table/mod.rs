//! What lists share whatever their rows are: which rows are selected, and which are held back while someone is busy.

pub mod row_hold;
pub mod selection;
