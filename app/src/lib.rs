//! Vocabulary, server functions and screens of Countersign, compiled for the browser (`hydrate`) and the server (`ssr`).
#![recursion_limit = "256"]

pub mod api;
pub use domain::backend;
mod codec;
pub use domain;
pub use domain::core::path as own_path;
pub mod ui;
