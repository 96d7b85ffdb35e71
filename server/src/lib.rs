//! Countersign's server: everything behind the page.
//!
//! `http` asks who is calling and calls the `service`; the service decides and writes through the `store`;
//! `executor` carries out what was decided; `responder` is the other end of one of them, a process of its own.
// The screens' nested views make types deeper than the default allows.
#![recursion_limit = "256"]

pub mod audit;
pub mod cli;
pub mod config;
pub mod crash;
pub mod events;
pub mod executor;
pub mod http;
pub mod hunt;
pub mod openc2;
pub mod responder;
pub mod seed;
pub mod service;
pub mod signature;
pub mod store;
pub mod telemetry;
