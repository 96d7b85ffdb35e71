//! The real binary, as real processes on port 0, over a real database and real files.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, which clippy allows only inside them"
)]

mod api;
mod audit;
mod backup;
mod bulk;
mod called_off;
mod certificates;
mod contract;
mod crash;
mod crash_hooks;
mod crash_kinds;
mod database;
mod directory;
mod disk;
mod edge;
mod enrolled;
mod evil_file;
mod failover;
mod first_start;
mod harness;
mod host;
mod import;
mod live;
mod mutual;
mod notifications;
mod oidc;
mod otupy;
mod p99;
mod packages;
mod pages;
mod process;
mod python;
mod race;
mod schemathesis;
mod scim;
mod seen;
#[path = "../../executors/tests/servers/mod.rs"]
#[allow(dead_code, reason = "the tests of executors use the rest")]
mod servers;
mod several_hosts;
mod thousand_hosts;
mod threats;
mod tls;
mod torture;
mod webhook;
mod writers;
