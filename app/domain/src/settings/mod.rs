//! What a person set for themselves.

pub mod contract;
pub mod preference;
