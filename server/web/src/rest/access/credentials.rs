//! Sessions and tokens. A secret is in one answer only, so these take no Idempotency-Key, which would keep the answer.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::access::contract::{CredentialSort, CredentialView, MadeToken, NewTokenForm};
use domain::{Caller, CredentialId, Error, SubjectKind};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::super::ApiRoute;
use super::super::idempotency::WriteRequest;
use super::super::{input, schema};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> Vec<ApiRoute> {
    vec![
        (Limits::USUAL, routes!(sessions)),
        (Limits::USUAL, routes!(end_session)),
        (Limits::USUAL, routes!(tokens, make)),
        (Limits::USUAL, routes!(revoke)),
        (Limits::USUAL, routes!(rotate)),
    ]
}

fn credential_id(id: &str) -> Result<CredentialId, Error> {
    input::parse_id(id, SubjectKind::Credential)
}

/// The id of a session or token.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only describes")]
struct CredentialPath {
    /// The id of the session or token.
    id: CredentialId,
}

/// How a token is replaced.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// For how many hours the old secret goes on: at most 720.
    #[serde(default)]
    overlap_hours: u16,
}

/// List the sessions that are open, the last used first.
#[utoipa::path(
    get, path = "/sessions", tag = "access", operation_id = "list_sessions",
    responses((status = 200, description = "Of everybody", body = Vec<CredentialView>), schema::Failures),
)]
async fn sessions(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<CredentialView>>, Problem> {
    Ok(Json(app.backend.credentials(&caller, CredentialSort::Session, false).await?))
}

/// End a session now, on all servers.
#[utoipa::path(
    delete, path = "/sessions/{id}", tag = "access", operation_id = "end_session",
    params(CredentialPath),
    responses((status = 204, description = "It is over"), schema::Failures, schema::WriteFailures),
)]
async fn end_session(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    app.backend.revoke_credential(&caller, credential_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// List the tokens that are alive, the last used first; never their secrets.
#[utoipa::path(
    get, path = "/tokens", tag = "access", operation_id = "list_tokens",
    responses((status = 200, description = "Of everybody and of tools", body = Vec<CredentialView>), schema::Failures),
)]
async fn tokens(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<CredentialView>>, Problem> {
    Ok(Json(app.backend.credentials(&caller, CredentialSort::Token, false).await?))
}

/// Make a tool's token. Its secret is in this answer and never again.
#[utoipa::path(
    post, path = "/tokens", tag = "access", operation_id = "make_token",
    request_body = NewTokenForm,
    responses(
        (status = 201, description = "The token with its secret", body = MadeToken),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn make(write: WriteRequest) -> Result<Response, Problem> {
    let WriteRequest { app, caller, headers, body, .. } = write;
    let form = input::parse_body(&headers, &body)?;
    let made: MadeToken = app.backend.make_token(&caller, form).await?;
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// End a token now, on all servers.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "access", operation_id = "revoke_token",
    params(CredentialPath),
    responses((status = 204, description = "It is over"), schema::Failures, schema::WriteFailures),
)]
async fn revoke(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    app.backend.revoke_credential(&caller, credential_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Make a token like another, whose secret goes on for some hours: the tool and its actions stay the same.
#[utoipa::path(
    post, path = "/tokens/{id}/rotate", tag = "access", operation_id = "rotate_token",
    params(CredentialPath),
    request_body = Rotation,
    responses(
        (status = 201, description = "The new token with its secret", body = MadeToken),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn rotate(Path(id): Path<String>, write: WriteRequest) -> Result<Response, Problem> {
    let WriteRequest { app, caller, headers, body, .. } = write;
    let Rotation { overlap_hours } = input::parse_body(&headers, &body)?;
    let made = app.backend.rotate_token(&caller, credential_id(&id)?, overlap_hours).await?;
    Ok((StatusCode::CREATED, Json(made)).into_response())
}
