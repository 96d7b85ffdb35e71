//! The `OpenC2` language v1.0 as typed messages: the words that a producer and a consumer exchange.
//!
//! Owns the JSON shapes in both directions, and the signatures over them (`signature`); no HTTP, no files. The executor's client
//! builds commands and reads responses with it, the responder the other way round.
//! To type one more target: add a variant to [`Target`] and its name to the two matches in `target.rs`;
//! what is not typed stays readable as [`Target::Other`], so that a consumer can answer 501 instead of 400.

mod digest;
pub mod identity;
mod message;
mod report;
pub mod signature;
mod target;
mod wire;

pub use digest::{Digest, Md5, NotHex, Sha1, Sha256};
pub use message::{Action, Actuator, Body, Command, Content, Headers, Message, Response, Status};
pub use report::{Artifact, BEGUN, CALLED_OFF, FileReport, Outcome, REPORT_KEY, Report};
pub use target::{
    CommandLineTarget, CommandTarget, DeviceTarget, FileTarget, Hashes, NamedTarget, ProcessTarget, Target,
};
pub use wire::encode;

/// The media type of a message, in `Content-Type` and `Accept`.
pub const MEDIA_TYPE: &str = "application/openc2+json;version=1.0";

/// Where a consumer listens, by the HTTPS transfer specification.
pub const PATH: &str = "/.well-known/openc2";

/// The largest message that either side reads.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// The largest response that a producer needs to read: a report on 1,000 files with long paths.
pub const MAX_RESPONSE: usize = 8 * 1024 * 1024;

/// Whether a `Content-Type` names this protocol in version 1.0, whatever its spacing, case or quoting.
#[must_use]
pub fn is_media_type(value: &str) -> bool {
    let mut parts = value.split(';').map(str::trim);
    if !parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/openc2+json")) {
        return false;
    }
    let mut versioned = false;
    for part in parts {
        let Some((name, value)) = part.split_once('=') else { return false };
        if name.trim().eq_ignore_ascii_case("version") {
            if value.trim().trim_matches('"') != "1.0" {
                return false;
            }
            versioned = true;
        }
    }
    versioned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_needs_its_version() {
        for yes in [
            MEDIA_TYPE,
            "application/openc2+json; version=1.0",
            "Application/OpenC2+JSON ; Version=\"1.0\"; charset=utf-8",
        ] {
            assert!(is_media_type(yes), "{yes}");
        }
        for no in ["", "application/json", "application/openc2+json", "application/openc2+json;version=2.0"] {
            assert!(!is_media_type(no), "{no}");
        }
    }
}
