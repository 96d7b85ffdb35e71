//! The description of the API: `OpenAPI` 3.1, of which handlers and types describe all but the head.

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use domain::actions::query::{Period, Undoable};
use domain::{ActionId, ActionType, Decision, EntityKind, FieldError, Lane, Severity, Source, Status};
use serde_json::Value;
use utoipa::openapi::Tag;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{enforced, naming};
use crate::edge::paths::API;
use crate::edge::problem::Problem;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign",
        description = "Propose security remediation actions, decide on them, undo them. \
            Failures are RFC 9457 problems. Changes take an Idempotency-Key.",
    ),
    // Named by parameters and failures only, from where they are not found by themselves.
    components(schemas(
        ActionId, Lane, ActionType, EntityKind, Decision, Source, Status, Severity, Undoable, Period, FieldError, Problem
    )),
    servers((url = "/", description = "This server")),
    security(("token" = [])),
    modifiers(&BearerScheme),
)]
struct Head;

/// How a caller authenticates.
struct BearerScheme;

impl Modify for BearerScheme {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API token: countersign token create NAME --scope SCOPE"))
            .build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The whole document, from what the routes describe, and the tags of the areas with what they mean.
pub(super) fn document(routes: utoipa::openapi::OpenApi, tags: &[(&str, &str)]) -> Value {
    let mut document = Head::openapi().nest(API, routes);
    let tag = |(name, meaning): &(&str, &str)| {
        let mut tag = Tag::new(name);
        tag.description = Some((*meaning).to_owned());
        tag
    };
    document.tags = Some(tags.iter().map(tag).collect());
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    enforced::describe(&mut document);
    naming::name_all(&mut document);
    document
}

/// `GET /api/v1/openapi.json`
pub(super) fn serve(
    document: &Value,
) -> impl Fn() -> std::future::Ready<Response> + Clone + Send + Sync + 'static {
    let json = Bytes::from(document.to_string());
    move || std::future::ready(([(CONTENT_TYPE, "application/json")], json.clone()).into_response())
}
