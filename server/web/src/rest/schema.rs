//! What several handlers have in their descriptions: parameters and failures. Nothing here is ever built.

use domain::ActionId;
use utoipa::{IntoParams, IntoResponses};

use crate::edge::problem::Problem;

/// The action's id.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only describes")]
pub(super) struct ActionPath {
    /// The action's id.
    id: ActionId,
}

/// The header that makes a repeat harmless.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only describes")]
pub(super) struct IdempotencyKey {
    /// A name for this request, kept for 24 hours: a repeat gets the first answer, with `Idempotent-Replayed: true`.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255)]
    idempotency_key: Option<String>,
}

/// The query of a list of actions, as its table of fields describes it.
pub(super) type ListParams = domain::ActionQuery;

/// Failures of every request.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only describes")]
pub(super) enum Failures {
    /// The request can't be read.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// No token, or none that is alive.
    #[response(status = 401, content_type = "application/problem+json")]
    NotSignedIn(#[to_schema] Problem),
    /// The token or its owner may not.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] Problem),
    /// Unknown or hidden.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] Problem),
    /// The address is longer than any of this server.
    #[response(status = 414, content_type = "application/problem+json")]
    AddressTooLong(#[to_schema] Problem),
    /// The token or its address sent more than its rate, or has too much under way; try again after the time in
    /// `Retry-After`.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(#[to_schema] Problem),
    /// The database is busy, or can't be written to; try again after the time in `Retry-After`.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(#[to_schema] Problem),
}

/// Failures of changes.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only describes")]
pub(super) enum WriteFailures {
    /// The action is no longer what was seen (it comes along as `current`), or the key's first request still runs.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(#[to_schema] Problem),
    /// The time to decide is over.
    #[response(status = 410, content_type = "application/problem+json")]
    Expired(#[to_schema] Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(#[to_schema] Problem),
    /// The body is not JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    Unsupported(#[to_schema] Problem),
    /// Something in the body is wrong; each place has its pointer.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(#[to_schema] Problem),
}
