//! What an enrolled host asks of the server, and the shapes that travel.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::core::error::Error;

/// The part of the server that hosts dial. Who asks is known by a code, and from then on by their key.
#[async_trait]
pub trait RespondersBackend: Send + Sync {
    /// Takes a host in by its code, which does so once.
    async fn enrol(&self, enrolment: Enrolment) -> Result<Enrolled, Error>;

    /// The orders for a host, as soon as there are some; none after a while without.
    async fn poll_orders(&self, request: SealedRequest) -> Result<Orders, Error>;

    /// Takes a part of what a host made under one of its orders, before its report. A repeat changes nothing.
    async fn take_package_part(&self, request: SealedRequest) -> Result<(), Error>;

    /// Takes the report of a host on one of its orders.
    async fn report_order(&self, request: SealedRequest) -> Result<(), Error>;
}

/// A host that wants to be taken in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Enrolment {
    /// The code that an administrator made for it.
    pub code: String,
    /// The public key that the host made, Ed25519 in base64.
    pub public_key: String,
    /// The version of its responder.
    pub version: String,
}

/// Without the code, which no log shows.
impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enrolment").field("public_key", &self.public_key).finish_non_exhaustive()
    }
}

/// A host that was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Enrolled {
    /// The name by which the server knows it; it stands in what it signs.
    pub name: String,
    /// The device that it stands for.
    pub asset: String,
    /// The server's public key, by which the host knows its orders.
    pub server_key: String,
}

/// A signed request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRequest {
    /// The host, as it says.
    pub responder: String,
    /// When it signed, in seconds since the epoch.
    pub timestamp: String,
    /// Its signature over host, time and body.
    pub signature: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A host that asks for its orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Poll {
    /// The process, by a name that it made when it started: two that take turns are two hosts with one key.
    pub instance: String,
    /// The version of the responder.
    pub version: String,
    /// What the host can do now: pairs of action and targets.
    #[cfg_attr(feature = "ssr", schema(value_type = Object))]
    pub pairs: serde_json::Value,
    /// The commands that it has in hand, and need not be told again.
    #[serde(default)]
    pub in_hand: Vec<String>,
    /// Seconds that it waits for an order.
    pub wait: u32,
}

/// The orders for a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Orders {
    /// Each signed by the server.
    pub orders: Vec<SignedOrder>,
}

/// An order for one host and under one command id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SignedOrder {
    /// The command.
    pub command_id: String,
    /// The `OpenC2` command as JSON.
    pub command: String,
    /// The server's signature over host, command id and command.
    pub signature: String,
}

/// What a host says of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct OrderReport {
    /// The command.
    pub command_id: String,
    /// The `OpenC2` response as JSON.
    pub response: String,
    /// The host's signature over host, command id and response.
    pub signature: String,
}

/// The most bytes of one part of a package; all but the last have so many.
pub const PART_BYTES: usize = 1024 * 1024;

/// A part of what a host made under an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PackagePart {
    /// The command.
    pub command_id: String,
    /// Its place, from 0.
    pub part: u32,
    /// Its bytes, in base64.
    pub data: String,
}
