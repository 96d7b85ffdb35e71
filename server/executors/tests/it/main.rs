//! The kinds of executors against the real servers of Debian's packages, on loopback, with folders and ports of their
//! own. What an order did is read from the server by its own tools, never by our client.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod crowdsec;
mod ldap;
mod mail;
mod order;
#[path = "../servers/mod.rs"]
mod servers;
