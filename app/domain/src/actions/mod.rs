//! The actions: what there is to do (`catalog`), on what (`entity`), in which states (`lifecycle`), as proposed, as
//! listed (`fields`, `query`), as similar to others, on several `targets`, and what is asked of the server about them (`contract`, and `take` of what a
//! person does at once).

pub mod action;
pub mod break_glass;
pub mod catalog;
pub mod change;
pub mod contract;
pub mod entity;
pub mod export;
pub mod fields;
pub mod follow_up;
pub mod lifecycle;
pub mod package;
pub mod parameter;
pub mod proposal;
pub mod query;
pub mod scope;
pub mod similar;
pub mod take;
pub mod targets;
pub mod tasks;
pub mod wire;
