//! How people sign in by an identity provider, and which roles the groups give that it or a directory names.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::identity::contract::{LinkedIdentity, ProviderView, SignInView};
use domain::identity::{GroupRoles, ProviderForm};
use domain::{Caller, SubjectKind, UserId};
use serde::Deserialize;
use service::identity::sign_in::Trouble;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::idempotency::{WriteRequest, json_answer};
use super::{ApiArea, input, schema};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![
        (Limits::USUAL, routes!(show)),
        (Limits::USUAL, routes!(set, unset)),
        (Limits::USUAL, routes!(save_group)),
        (Limits::USUAL, routes!(remove_group)),
        (Limits::USUAL, routes!(identities, unlink)),
    ])
    // What the provider asks for; a token that it signed says that it is it.
    .with_signed(vec![(Limits::USUAL, routes!(log_out))])
}

/// The name of a group.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only describes")]
struct GroupPath {
    /// The group, as the claim or the directory names it.
    name: String,
}

/// That a session of the provider is over.
#[derive(Deserialize, ToSchema)]
struct LogoutForm {
    /// A JWT that the provider signed.
    logout_token: String,
}

/// Show how people sign in, and what groups give. The provider's secret is not shown.
#[utoipa::path(
    get, path = "/sign-in", tag = "access", operation_id = "load_sign_in",
    responses((status = 200, description = "How people sign in", body = SignInView), schema::Failures),
)]
async fn show(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<SignInView>, Problem> {
    Ok(Json(app.backend.sign_in_settings(&caller).await?))
}

/// Set the identity provider. Without a secret, what was kept stays.
#[utoipa::path(
    put, path = "/sign-in/provider", tag = "access", operation_id = "set_identity_provider",
    request_body = ProviderForm,
    responses(
        (status = 200, description = "The provider", body = ProviderView),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn set(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }: WriteRequest| async move {
        let form = input::parse_body::<ProviderForm>(&headers, &body)?;
        json_answer(StatusCode::OK, &app.backend.save_provider(&caller, form).await?)
    };
    write.answer(work).await
}

/// Remove the identity provider. Who signed in by it stays signed in.
#[utoipa::path(
    delete, path = "/sign-in/provider", tag = "access", operation_id = "remove_identity_provider",
    responses((status = 204, description = "It is gone"), schema::Failures, schema::WriteFailures),
)]
async fn unset(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<StatusCode, Problem> {
    app.backend.remove_provider(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Set what a group gives. Its people have it at once.
#[utoipa::path(
    put, path = "/sign-in/groups", tag = "access", operation_id = "set_group_roles",
    request_body = GroupRoles,
    responses(
        (status = 200, description = "What the group gives", body = GroupRoles),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn save_group(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }: WriteRequest| async move {
        let group = input::parse_body::<GroupRoles>(&headers, &body)?;
        json_answer(StatusCode::OK, &app.backend.save_group_roles(&caller, group).await?)
    };
    write.answer(work).await
}

/// Remove what a group gives. Its people lose it at once.
#[utoipa::path(
    delete, path = "/sign-in/groups/{name}", tag = "access", operation_id = "remove_group_roles",
    params(GroupPath),
    responses((status = 204, description = "It is gone"), schema::Failures, schema::WriteFailures),
)]
async fn remove_group(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    app.backend.remove_group_roles(&caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End the sessions that came from a session of the identity provider (back-channel logout).
///
/// Only the provider asks for this: its token is signed.
#[utoipa::path(
    post, path = "/sign-in/provider/logout", tag = "access", operation_id = "log_out_by_provider",
    request_body(content = LogoutForm, content_type = "application/x-www-form-urlencoded"),
    security(()),
    responses((status = 200, description = "They are over"), schema::Failures, schema::WriteFailures),
)]
async fn log_out(
    State(app): State<AppState>,
    form: Result<Form<LogoutForm>, FormRejection>,
) -> Result<StatusCode, Problem> {
    let Ok(Form(form)) = form else {
        return Err(Problem::malformed("send the form field logout_token"));
    };
    let provider = app.provider.as_ref().ok_or_else(no_provider)?;
    match provider.log_out(&form.logout_token).await {
        Ok(_) => Ok(StatusCode::OK),
        Err(Trouble::NoProvider) => Err(no_provider()),
        Err(Trouble::Failed(error)) => Err(error.into()),
        Err(Trouble::Down(why)) => {
            tracing::warn!(why, "a logout of the identity provider could not be checked");
            Err(domain::Error::Busy.into())
        }
        Err(trouble) => Err(Problem::malformed(trouble.to_string())),
    }
}

fn no_provider() -> Problem {
    Problem::malformed("there is no identity provider")
}

/// Show who somebody is at identity providers.
#[utoipa::path(
    get, path = "/people/{id}/identities", tag = "access", operation_id = "list_identities",
    params(("id" = UserId, Path, description = "The person's id")),
    responses(
        (status = 200, description = "Who they are there", body = Vec<LinkedIdentity>), schema::Failures,
    ),
)]
async fn identities(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Vec<LinkedIdentity>>, Problem> {
    let id = input::parse_id(&id, SubjectKind::User)?;
    Ok(Json(app.backend.identities(&caller, Some(id)).await?))
}

/// Have somebody sign in by an identity provider no more. Their sessions that came from there end.
#[utoipa::path(
    delete, path = "/people/{id}/identities", tag = "access", operation_id = "unlink_identities",
    params(("id" = UserId, Path, description = "The person's id")),
    responses((status = 204, description = "It is so"), schema::Failures),
)]
async fn unlink(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = input::parse_id(&id, SubjectKind::User)?;
    app.backend.unlink_identities(&caller, Some(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
