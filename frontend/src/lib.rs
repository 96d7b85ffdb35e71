//! The browser's entry point.

