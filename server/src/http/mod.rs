//! The pages, and the tests of the whole that they and the crate `web` make.
//!
//! To add a page, add it to the pages of its area in `app/areas`: it is found by itself, and guarded.

pub(crate) mod pages;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
