//! Hosts whose responder was enrolled: each known by a key of its own, and dialling out for its orders.

pub mod contract;
