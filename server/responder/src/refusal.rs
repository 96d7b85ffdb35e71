//! Why a file is left alone: every sentence and stable word that a refused command can answer with.
//!
//! A refusal is definite and means that the file is where it was. What is not definite is a [`Failure::Unsettled`]:
//! the journal keeps the intent, and a repeat of the command or the next start rolls it forward.

use std::borrow::Cow;

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use openc2::{Response, Status};

/// A definite no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{detail}")]
pub(super) struct Refusal {
    pub(super) status: Status,
    pub(super) reason: Cow<'static, str>,
    pub(super) detail: String,
}

/// Why a step did not end in success.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Definite; the file is where it was.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A rename met another file system; nothing was changed, and copying is the way.
    #[error("the vault is on another file system")]
    OtherFileSystem,
    /// Half done, or not known; the same command again finishes it.
    #[error(transparent)]
    Unsettled(#[from] anyhow::Error),
}

impl Refusal {
    fn new(status: Status, reason: &'static str, detail: impl Into<String>) -> Self {
        Self { status, reason: Cow::Borrowed(reason), detail: detail.into() }
    }

    /// The command says something that cannot be carried out as it stands.
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(Status::BAD_REQUEST, "malformed", detail)
    }

    pub(super) fn outside() -> Self {
        Self::new(
            Status::FORBIDDEN,
            "outside_root",
            "the path lies outside of the folder that this responder serves",
        )
    }

    pub(super) fn symlink() -> Self {
        Self::new(Status::BAD_REQUEST, "symlink", "the path is a symbolic link or passes through one")
    }

    pub(super) fn not_regular() -> Self {
        Self::new(Status::BAD_REQUEST, "not_a_file", "the path is not a regular file")
    }

    pub(super) fn hard_link() -> Self {
        Self::new(
            Status::BAD_REQUEST,
            "hard_link",
            "the file has more than one link; moving one would leave the others",
        )
    }

    pub(super) fn foreign() -> Self {
        Self::new(Status::FORBIDDEN, "foreign", "the file belongs to another user than the responder's")
    }

    pub(super) fn not_found() -> Self {
        Self::new(Status::NOT_FOUND, "not_found", "no such file")
    }

    pub(super) fn no_match() -> Self {
        Self::new(Status::NOT_FOUND, "not_found", "no file with this content was found")
    }

    pub(super) fn not_held() -> Self {
        Self::new(Status::NOT_FOUND, "not_held", "no such file in the vault")
    }

    /// Nothing is kept of it that could be brought back.
    pub(super) fn not_kept(detail: impl Into<String>) -> Self {
        Self::new(Status::NOT_FOUND, "not_kept", detail)
    }

    pub(super) fn changed(what: &str) -> Self {
        Self::new(Status::BAD_REQUEST, "target_changed", format!("target changed: {what}"))
    }

    pub(super) fn occupied() -> Self {
        Self::new(Status::BAD_REQUEST, "occupied", "another file exists at the path; nothing is overwritten")
    }

    pub(super) fn no_folder() -> Self {
        Self::new(Status::NOT_FOUND, "no_folder", "the folder of the file no longer exists")
    }

    pub(super) fn too_many(limit: usize) -> Self {
        Self::new(
            Status::BAD_REQUEST,
            "too_many",
            format!("more than {limit} files have this content; nothing was changed"),
        )
    }

    pub(super) fn unnameable() -> Self {
        Self::new(Status::BAD_REQUEST, "unnameable", "the file's path is not UTF-8")
    }

    /// What has the name was made by somebody else, and is left as it is.
    pub(super) fn not_ours(detail: impl Into<String>) -> Self {
        Self::new(Status::BAD_REQUEST, "occupied", detail)
    }

    /// Doing it would end the responder, or cut it off.
    pub(super) fn vital(why: impl Into<String>) -> Self {
        Self::new(Status::FORBIDDEN, "vital", why)
    }

    /// More than one thing has the name.
    pub(super) fn ambiguous(detail: impl Into<String>) -> Self {
        Self::new(Status::BAD_REQUEST, "ambiguous", detail)
    }

    /// There is nothing of that name.
    pub(super) fn unknown(detail: impl Into<String>) -> Self {
        Self::new(Status::NOT_FOUND, "not_found", detail)
    }

    /// Larger than what is handled.
    pub(super) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(Status::BAD_REQUEST, "too_large", detail)
    }

    /// Not on the list of what may be done here.
    pub(super) fn not_allowed(detail: impl Into<String>) -> Self {
        Self::new(Status::FORBIDDEN, "not_allowed", detail)
    }

    /// Another program on the host did not do its part.
    pub(super) fn failed(detail: impl Into<String>) -> Self {
        Self::new(Status::INTERNAL_ERROR, "failed", detail)
    }

    pub(super) fn id_reused() -> Self {
        Self::new(Status::BAD_REQUEST, "id_reused", "this command_id was used for another command")
    }

    /// The system would not do it, before anything was changed.
    pub(super) fn system(action: &str, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Self::new(Status::FORBIDDEN, "denied", format!("cannot {action}: {error}"))
            }
            _ => Self::new(Status::INTERNAL_ERROR, "io", format!("cannot {action}: {error}")),
        }
    }

    /// What opening beneath the root can answer.
    pub(super) fn opening(error: Errno) -> Self {
        match error {
            Errno::NOENT | Errno::NOTDIR => Self::not_found(),
            Errno::LOOP => Self::symlink(),
            Errno::XDEV => Self::outside(),
            // Sockets and devices without a driver cannot be opened at all.
            Errno::NXIO | Errno::NODEV => Self::not_regular(),
            Errno::NAMETOOLONG | Errno::INVAL => Self::malformed("the path cannot be opened"),
            other => Self::system("open the file", &other.into()),
        }
    }

    /// Whether the same command could fare better another time although the file is the same.
    pub(super) fn is_passing(&self) -> bool {
        self.status == Status::INTERNAL_ERROR
    }

    pub(super) fn into_response(self) -> Response {
        Response::refusing(self.status, &self.reason, self.detail)
    }
}
