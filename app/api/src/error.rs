//! The failure that every server function answers with.

use domain::ErrorCode;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use super::codec::Json;

/// A failure as the screen gets it. Only `code` may be trusted where it comes out of a URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{detail}")]
pub struct ApiError {
    /// Its kind; its label is the sentence for the screen.
    pub code: ErrorCode,
    /// Why exactly the request was refused.
    pub detail: String,
}

impl ApiError {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl FromServerFnError for ApiError {
    type Encoder = Json;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            #[cfg(feature = "ssr")]
            ServerFnErrorErr::Args(detail)
            | ServerFnErrorErr::MissingArg(detail)
            | ServerFnErrorErr::Deserialization(detail) => {
                super::status::refuse_input();
                Self::new(ErrorCode::Invalid, detail)
            }
            // In the browser: no answer, or one that is not of this server, but of what stands between. It may have
            // arrived all the same.
            #[cfg(not(feature = "ssr"))]
            ServerFnErrorErr::Request(_)
            | ServerFnErrorErr::Response(_)
            | ServerFnErrorErr::Deserialization(_) => {
                Self::new(ErrorCode::NoAnswer, ErrorCode::NoAnswer.label())
            }
            _ => Self::new(ErrorCode::Internal, ErrorCode::Internal.label()),
        }
    }
}
