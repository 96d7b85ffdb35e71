//! HTTP: what comes in, who is calling, and what every answer carries.
//!
//! `router` is the whole on one screen, `edge` what every request passes. Handlers are thin: extract, call the
//! `Backend`, wrap. They must not decide who may do what, and know no SQL. To add a REST route, add a handler to its
//! area in `rest/`; to add a page, add it to the pages of its area in `app/areas`: it is found by itself, and guarded.

mod download;
pub mod edge;
mod pages;
mod rest;
pub mod router;
mod signin;
pub mod site;
mod sse;
pub mod state;
mod streams;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
