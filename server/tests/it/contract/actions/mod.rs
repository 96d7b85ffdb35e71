//! What the store and the service keep, list, count and guard of actions.

mod counts;
mod fields;
mod guards;
mod intake;
mod json;
pub(crate) mod lists;
mod page;
mod rows;
mod scopes;
mod similar;
