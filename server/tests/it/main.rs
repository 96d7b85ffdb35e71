//! The real binary, as real processes on port 0, over a real database and real files.

mod api;
mod crash;
mod harness;
mod race;
