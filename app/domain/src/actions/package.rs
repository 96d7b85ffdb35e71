//! What an enrolled host made for people to look at, such as an investigation package or a sample, and handed to the server.

use serde::{Deserialize, Serialize};

use crate::core::id::CommandId;
use crate::core::time::{Timestamp, six_decimals};

/// The most bytes that the server takes of one package.
pub const MAX_PACKAGE_BYTES: u64 = 64 * 1024 * 1024;
/// Days that the server keeps one.
pub const PACKAGE_DAYS: i64 = 30;

/// A package that can be downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPackage {
    /// The command that it came from.
    pub command_id: CommandId,
    /// The name of its file.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// The SHA-256 of its content, which the host signed with its report.
    pub sha256: String,
    /// The host.
    pub responder: String,
    /// When it came.
    #[serde(serialize_with = "six_decimals::serialize")]
    pub received_at: Timestamp,
    /// When it is removed.
    #[serde(serialize_with = "six_decimals::serialize")]
    pub expires_at: Timestamp,
}
