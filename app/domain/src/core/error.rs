//! What can go wrong, in words that a person can act on. The only HTTP here is the status that belongs to a code.

use serde::{Deserialize, Serialize};

use crate::core::denied::Denied;
use crate::core::string_enum::string_enum;
use crate::core::subject::{Current, Subject};

string_enum! {
    /// The kind of a failure: the last part of a problem's `type`, and all that the screen trusts from a URL.
    ErrorCode {
        NotSignedIn = "not_signed_in" "Sign in to go on.",
        Forbidden = "forbidden" "You may not do this.",
        StepUpRequired = "step_up_required" "This needs your second factor once more.",
        NotFound = "not_found" "This does not exist, or you may not see it.",
        Conflict = "conflict" "Nothing was changed: the action was decided or changed meanwhile. What it is now is shown.",
        Expired = "expired" "Nothing was changed: the time to decide this action is over.",
        PlanExpired = "plan_expired" "Nothing was changed: this preview is older than ten minutes. Make it anew from the list.",
        Invalid = "invalid" "Nothing was changed: something in the form is missing or wrong.",
        NoExecutor = "no_executor" "Nothing was changed: no executor is connected that could carry this out.",
        IdempotencyKeyReused = "idempotency_key_reused" "This Idempotency-Key was used for another request.",
        IdempotencyInFlight = "idempotency_in_flight" "A request with this Idempotency-Key is still being answered.",
        Busy = "busy" "Nothing was changed: the database is busy. Try again in a few seconds.",
        Unwritable = "unwritable" "Nothing was changed: the database can't be written to, as its disk is full, read-only or failing. Try again soon, and tell who runs this server.",
        NoAnswer = "no_answer" "No answer came, so it is not known whether this arrived. What is shown may be old.",
        TooManyExports = "too_many_exports" "An export is still being written. Wait for it, then try again.",
        Internal = "internal" "The server failed; its log says why. What was acknowledged before is safe.",
    }
}

impl ErrorCode {
    /// The HTTP status of an answer with this code, for the two doors that have one.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::NotSignedIn => 401,
            Self::Forbidden | Self::StepUpRequired => 403,
            Self::NotFound => 404,
            Self::Conflict | Self::IdempotencyInFlight => 409,
            Self::Expired | Self::PlanExpired => 410,
            Self::Invalid | Self::NoExecutor | Self::IdempotencyKeyReused => 422,
            Self::TooManyExports => 429,
            Self::Busy | Self::Unwritable => 503,
            Self::NoAnswer => 504,
            Self::Internal => 500,
        }
    }
}

/// One thing that is wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// A JSON pointer (RFC 6901) into the request, for example `/actions/3/entity`.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl FieldError {
    /// An error at a place.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// Why a request was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in, or the session or token is over.
    #[error("nobody is signed in, or the session or token is over")]
    NotSignedIn,
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Denied),
    /// Unknown or hidden.
    #[error("no such {}", .0.kind.label().to_lowercase())]
    NotFound(Subject),
    /// The thing is no longer what the caller saw.
    #[error("{detail}")]
    Conflict {
        /// Why the request was refused.
        detail: String,
        /// What was to be changed; as it is now, if the caller has to see that.
        current: Box<Current>,
    },
    /// The time to decide is over.
    #[error("the time to decide this action ended")]
    Expired {
        /// What was to be decided, as it is now.
        current: Box<Current>,
    },
    /// The time to start a plan is over.
    #[error("a plan can be started for ten minutes, and these are over; make it anew")]
    PlanExpired,
    /// The input is wrong.
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    /// No executor carries out this type on this asset, in words with what those say whose business it is.
    #[error("{0}")]
    NoExecutor(String),
    /// The key belongs to another request.
    #[error("this Idempotency-Key was used for another request")]
    IdempotencyKeyReused,
    /// The first request with the key still runs.
    #[error("a request with this Idempotency-Key is still being answered")]
    IdempotencyInFlight,
    /// The database did not let us write in time.
    #[error("the database is busy")]
    Busy,
    /// The database's disk is full, read-only or failing. Nothing was written.
    #[error("the database can't be written to: its disk is full, read-only or failing")]
    Unwritable,
    /// The caller's other export, or too many of everyone's, is still being written.
    #[error("an export is still being written: one at a time for each caller, and four in all")]
    TooManyExports,
    /// Our fault. The text is for the log and never leaves the server.
    #[error("internal error")]
    Internal(String),
}

impl Error {
    /// One wrong field.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(pointer, detail)])
    }

    /// Whether it goes away by itself: the same request succeeds later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Busy | Self::Unwritable)
    }

    /// The same error of a list's item that stands at another place in what the caller sent.
    #[must_use]
    pub fn moved(self, from: usize, to: usize) -> Self {
        let (from, to) = (format!("/actions/{from}"), format!("/actions/{to}"));
        let rest = |text: &str| {
            text.strip_prefix(&from)
                .filter(|rest| rest.is_empty() || rest.starts_with('/'))
                .map(str::to_owned)
        };
        let moved = |text: String| rest(&text).map_or(text, |rest| format!("{to}{rest}"));
        match self {
            Self::Invalid(errors) => {
                let error = |error: FieldError| FieldError::new(moved(error.pointer), error.detail);
                Self::Invalid(errors.into_iter().map(error).collect())
            }
            Self::Conflict { detail, current } => Self::Conflict { detail: moved(detail), current },
            other => other,
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NotSignedIn => ErrorCode::NotSignedIn,
            Self::Forbidden(Denied::SecondFactor) => ErrorCode::StepUpRequired,
            Self::Forbidden(_) => ErrorCode::Forbidden,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Conflict { .. } => ErrorCode::Conflict,
            Self::Expired { .. } => ErrorCode::Expired,
            Self::PlanExpired => ErrorCode::PlanExpired,
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::NoExecutor(_) => ErrorCode::NoExecutor,
            Self::IdempotencyKeyReused => ErrorCode::IdempotencyKeyReused,
            Self::IdempotencyInFlight => ErrorCode::IdempotencyInFlight,
            Self::TooManyExports => ErrorCode::TooManyExports,
            Self::Busy => ErrorCode::Busy,
            Self::Unwritable => ErrorCode::Unwritable,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }
}
