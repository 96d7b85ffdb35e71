//! Countersign's server: what stands around the service, the executors and the responder.
//!
//! `http` asks who is calling and calls the service; `cli` reads the command line and puts the parts together.
// The screens' nested views make types deeper than the default allows.
#![recursion_limit = "256"]

pub mod cli;
pub mod config;
pub mod http;
pub mod telemetry;
