//! The edge: what comes in over HTTP, who is calling, and what every answer carries.
//!
//! `router` is the whole on one screen. Handlers are thin doors: extract, call the `Backend`, wrap. They must not
//! decide who may do what, and know no SQL. To add a REST route, add a handler in `rest/` and a row in its table; to
//! add a page, add it to the pages of its area in `app/areas`: it is found by itself, and guarded.

pub mod accept;
pub mod body;
pub mod cookie;
mod export;
pub mod next;
pub mod pages;
pub mod problem;
pub mod rest;
pub mod router;
pub mod security;
pub mod signin;
pub mod site;
pub mod sse;
pub mod state;
mod trace;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
