//! HTTP but for the pages: what comes in, who is calling, what every answer carries, and the REST API.
//!
//! `router` is the whole on one screen, `edge` what every request passes. Handlers are thin: extract, call the
//! `Backend`, wrap. They must not decide who may do what, and know no SQL. The pages are given to the router, since
//! this crate knows none of them: what a page says is changed without compiling this. To add a REST route, add a
//! handler to its area in `rest/`.

mod csp;
mod device_api;
pub mod download;
pub mod edge;
mod first_administrator;
pub mod metrics;
mod provider;
mod rest;
pub mod router;
mod scim;
mod second_step;
mod signin;
pub mod site;
mod sse;
pub mod state;
mod streams;
pub mod visitor;

#[cfg(any(test, feature = "fuzzing"))]
pub use rest::fuzzing;
