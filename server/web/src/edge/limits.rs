//! What a route may take: bytes of a body, and time until its answer begins. Each route gets its limits as a layer where
//! it is declared; a stream may then take as long as it likes.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::body;

/// The limits of a route.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    body_bytes: usize,
    answer_begins_within: Duration,
}

impl Limits {
    /// For one form, one decision, one page.
    pub const USUAL: Self = Self { body_bytes: 256 * 1024, answer_begins_within: Duration::from_secs(30) };

    /// For proposals: 500 with their evidence. Who sends them is known before they are read.
    pub const PROPOSALS: Self = Self { body_bytes: 16 * 1024 * 1024, ..Self::USUAL };

    /// For a part of a package: 1 MiB in base64.
    pub const PART: Self = Self { body_bytes: 2 * 1024 * 1024, ..Self::USUAL };

    /// For the ids of what is to be decided together.
    pub const BATCH: Self = Self { body_bytes: 1024 * 1024, ..Self::USUAL };

    /// For what browsers report.
    pub(crate) const REPORT: Self = Self { body_bytes: 16 * 1024, ..Self::USUAL };

    /// For exports, whose answer begins when all of it is written: millions of rows on a busy machine.
    pub const EXPORT: Self = Self { answer_begins_within: Duration::from_mins(15), ..Self::USUAL };
}

/// Reads the body up to the limit and answers in time; what takes too long to begin is dropped. A layer that is made
/// by `from_fn_with_state` with the limits.
pub(crate) async fn enforce(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let answer = async {
        match body::read(request, limits.body_bytes).await {
            Ok(request) => next.run(request).await,
            Err(problem) => problem.into_response(),
        }
    };
    let answer = tokio::time::timeout(limits.answer_begins_within, answer).await;
    answer.unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
}
