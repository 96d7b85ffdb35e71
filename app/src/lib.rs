//! Vocabulary, server functions and screens of Countersign, compiled for the browser (`hydrate`) and the server (`ssr`).
#![recursion_limit = "256"]

pub mod api;
pub mod backend;
mod codec;
pub mod domain;
pub mod own_path;
pub mod ui;
