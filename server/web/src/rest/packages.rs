//! What hosts made for people to look at.

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use domain::{Caller, SubjectKind};
use utoipa_axum::routes;

use super::{ApiArea, input, schema};
use crate::download::{PackageParams, package_download};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![(Limits::EXPORT, routes!(package))])
}

/// Download what a host made for an action: its investigation package or sample.
///
/// It needs what deciding on the action needs, and is recorded. `Content-Digest` has the SHA-256 that the host signed.
#[utoipa::path(
    get, path = "/actions/{id}/package", tag = "actions", operation_id = "download_package",
    params(schema::ActionPath, PackageParams),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream", body = Vec<u8>),
        schema::Failures,
    ),
)]
async fn package(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    params: Result<Query<PackageParams>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(params) = params.map_err(|_| Problem::malformed("the query takes command, an id, only"))?;
    let id = input::parse_id(&id, SubjectKind::Action)?;
    package_download(&app, &caller, id, params).await
}
