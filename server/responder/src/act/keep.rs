//! What stays reachable when the host is isolated.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::nft::matching;

/// What an isolated host may still reach, or be reached by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Keep {
    /// Whom it calls.
    Peer { address: IpAddr, port: u16 },
    /// Where it is called.
    Listener { port: u16 },
}

impl Keep {
    /// The address that it needs, if it lies within.
    pub(super) fn within(&self, net: &IpNet) -> Option<IpAddr> {
        match self {
            Self::Peer { address, .. } if net.contains(address) => Some(*address),
            _ => None,
        }
    }

    /// What lets it through, by chain.
    pub(super) fn rules(&self) -> Vec<(&'static str, Vec<Value>)> {
        let tcp = |field: &str, port: u16| {
            matching(json!({ "payload": { "protocol": "tcp", "field": field } }), json!(port))
        };
        match self {
            Self::Peer { address, port } => {
                let protocol = if address.is_ipv4() { "ip" } else { "ip6" };
                let ip = |field: &str| {
                    matching(json!({ "payload": { "protocol": protocol, "field": field } }), json!(address))
                };
                vec![
                    ("output", vec![ip("daddr"), tcp("dport", *port)]),
                    ("input", vec![ip("saddr"), tcp("sport", *port)]),
                ]
            }
            Self::Listener { port } => {
                vec![("input", vec![tcp("dport", *port)]), ("output", vec![tcp("sport", *port)])]
            }
        }
    }
}
