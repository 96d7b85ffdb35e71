//! The raw driver on each database: one text, mounted twice.

pub(crate) mod postgres;
pub(crate) mod sqlite;
