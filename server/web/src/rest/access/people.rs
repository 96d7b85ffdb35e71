//! People, what they can do, and who can decide an action.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use domain::access::contract::{AccessAnswer, DeciderAnswer, NewPerson, PersonChange, PersonView};
use domain::{ActionId, Caller, Error, SubjectKind, UserId};
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::super::ApiRoute;
use super::super::idempotency::{WriteRequest, json_answer};
use super::super::{input, schema};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> Vec<ApiRoute> {
    vec![
        (Limits::USUAL, routes!(list, add)),
        (Limits::USUAL, routes!(load, change)),
        (Limits::USUAL, routes!(what_can)),
        (Limits::USUAL, routes!(who_can)),
    ]
}

/// The id of a person in a path.
pub(super) fn person_id(id: &str) -> Result<UserId, Error> {
    input::parse_id(id, SubjectKind::User)
}

/// The id of a person.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only describes")]
pub(super) struct PersonPath {
    /// The person's id.
    id: UserId,
}

/// List everybody, by the names to show.
#[utoipa::path(
    get, path = "/people", tag = "access", operation_id = "list_people",
    responses((status = 200, description = "Everybody", body = Vec<PersonView>), schema::Failures),
)]
async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<PersonView>>, Problem> {
    Ok(Json(app.backend.people(&caller).await?))
}

/// Add a person.
#[utoipa::path(
    post, path = "/people", tag = "access", operation_id = "add_person",
    params(schema::IdempotencyKey),
    request_body = NewPerson,
    responses(
        (status = 201, description = "The person", body = PersonView),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn add(write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let person = input::parse_body(&headers, &body)?;
        json_answer(StatusCode::CREATED, &app.backend.add_person(&caller, person).await?)
    };
    write.answer_once(work).await
}

/// Load a person.
#[utoipa::path(
    get, path = "/people/{id}", tag = "access", operation_id = "load_person",
    params(PersonPath),
    responses((status = 200, description = "The person", body = PersonView), schema::Failures),
)]
async fn load(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<PersonView>, Problem> {
    Ok(Json(app.backend.person(&caller, person_id(&id)?).await?))
}

/// Change a person: what is not named stays. Who is disabled loses sessions and tokens at once.
#[utoipa::path(
    patch, path = "/people/{id}", tag = "access", operation_id = "change_person",
    params(PersonPath, schema::IdempotencyKey),
    request_body = PersonChange,
    responses(
        (status = 200, description = "The person since", body = PersonView),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn change(Path(id): Path<String>, write: WriteRequest) -> Response {
    let work = |WriteRequest { app, caller, headers, body, .. }| async move {
        let id = person_id(&id)?;
        let change = input::parse_body(&headers, &body)?;
        json_answer(StatusCode::OK, &app.backend.change_person(&caller, id, change).await?)
    };
    write.answer_once(work).await
}

/// Ask what a person can do, and for the rest what is missing and who has it.
#[utoipa::path(
    get, path = "/people/{id}/access", tag = "access", operation_id = "what_can_person",
    params(PersonPath),
    responses((status = 200, description = "Each permission", body = AccessAnswer), schema::Failures),
)]
async fn what_can(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<AccessAnswer>, Problem> {
    Ok(Json(app.backend.what_can(&caller, person_id(&id)?).await?))
}

/// Ask who can decide an action, and who can't and why.
#[utoipa::path(
    get, path = "/actions/{id}/deciders", tag = "access", operation_id = "who_can_decide",
    params(schema::ActionPath),
    responses((status = 200, description = "Everybody", body = Vec<DeciderAnswer>), schema::Failures),
)]
async fn who_can(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Vec<DeciderAnswer>>, Problem> {
    let id: ActionId = input::parse_id(&id, SubjectKind::Action)?;
    Ok(Json(app.backend.who_can(&caller, id).await?))
}
