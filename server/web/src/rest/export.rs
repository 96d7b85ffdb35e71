//! Exports: one route for each format of the table in `domain`.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use domain::Caller;
use domain::actions::export::ExportFormat;
use utoipa::PartialSchema as _;
use utoipa::openapi::path::{Operation, Paths};
use utoipa::openapi::{ContentBuilder, ResponseBuilder};
use utoipa_axum::router::UtoipaMethodRouter;
use utoipa_axum::routes;

use super::input::{QueryPairs, action_query};
use super::{ApiArea, schema};
use crate::download::download;
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::of(ExportFormat::ALL.iter().map(|format| (Limits::EXPORT, route(*format))).collect())
}

#[utoipa::path(
    get, path = "/actions", tag = "actions",
    params(schema::ListParams),
    responses(
        (status = 429, description = "An export is still being written", content_type = "application/problem+json", body = Problem),
        schema::Failures,
    ),
)]
async fn export(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Extension(format): Extension<ExportFormat>,
    pairs: QueryPairs,
) -> Result<Response, Problem> {
    download(&app, &caller, action_query(pairs)?, format).await
}

/// The handler as the route of a format, with what differs in its description.
fn route(format: ExportFormat) -> UtoipaMethodRouter<AppState> {
    let (schemas, template, methods) = routes!(export);
    let mut paths = Paths::new();
    for (path, mut item) in template.paths {
        if let Some(operation) = &mut item.get {
            describe(operation, format);
        }
        paths.paths.insert(format!("{path}.{format}"), item);
    }
    (schemas, paths, methods.layer(Extension(format)))
}

fn describe(operation: &mut Operation, format: ExportFormat) {
    let info = format.info();
    operation.operation_id = Some(format!("export_actions_{format}"));
    operation.summary = Some(info.summary.to_owned());
    operation.description = info.description.map(str::to_owned);
    let rows = ContentBuilder::new().schema(Some(String::schema())).build();
    let response = ResponseBuilder::new().description("Every row").content(info.bare_media_type(), rows);
    operation.responses.responses.insert("200".to_owned(), response.build().into());
}
