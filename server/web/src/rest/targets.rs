//! How it stands with each target of an action.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use domain::actions::targets::TargetState;
use domain::{ActionId, Caller, SubjectKind};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{ApiArea, input, schema};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(vec![(Limits::USUAL, routes!(targets))])
}

/// The targets of an action.
#[derive(Serialize, ToSchema)]
struct TargetStates {
    /// Each of them; the asset of the action is the first.
    targets: Vec<TargetState>,
}

/// Show how it stands with each target of an action: one, or several of an action on a file.
#[utoipa::path(
    get, path = "/actions/{id}/targets", tag = "actions", operation_id = "load_action_targets",
    params(schema::ActionPath),
    responses((status = 200, description = "The targets", body = TargetStates), schema::Failures),
)]
async fn targets(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<TargetStates>, Problem> {
    let id: ActionId = input::parse_id(&id, SubjectKind::Action)?;
    Ok(Json(TargetStates { targets: app.backend.targets(&caller, id).await? }))
}
