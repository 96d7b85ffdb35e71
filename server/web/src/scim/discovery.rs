//! What this server says of itself (RFC 7644, 4).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::directory::MAX_COUNT;
use serde_json::{Value, json};

use super::document::answer;
use super::failure::Failure;
use super::query;
use super::schema::{SCHEMAS, Schema};
use crate::state::AppState;

/// `GET /scim/v2/ServiceProviderConfig`
pub(super) async fn config(State(app): State<AppState>) -> Response {
    let base = app.backend.directory_url();
    let config = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": MAX_COUNT },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": false },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token with the scope scim",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig"),
        },
    });
    answer(StatusCode::OK, &config)
}

fn described(schema: &Schema, base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": schema.name,
        "name": schema.name,
        "description": schema.about,
        "endpoint": schema.path,
        "schema": schema.urn,
        "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", schema.name) },
    })
}

fn all(values: impl Iterator<Item = Value>) -> Response {
    let documents: Vec<_> = values.filter_map(|value| value.as_object().cloned()).collect();
    let total = documents.len() as u64;
    answer(StatusCode::OK, &query::list(documents, total, 0))
}

/// `GET /scim/v2/ResourceTypes`
pub(super) async fn resource_types(State(app): State<AppState>) -> Response {
    let base = app.backend.directory_url();
    all(SCHEMAS.iter().map(|schema| described(schema, &base)))
}

/// `GET /scim/v2/ResourceTypes/{id}`
pub(super) async fn resource_type(
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let base = app.backend.directory_url();
    let schema = SCHEMAS.iter().find(|schema| schema.name == id).ok_or_else(unknown)?;
    Ok(answer(StatusCode::OK, &described(schema, &base)))
}

/// `GET /scim/v2/Schemas`
pub(super) async fn schemas(State(app): State<AppState>) -> Response {
    let base = app.backend.directory_url();
    all(SCHEMAS.iter().map(|schema| schema.describe(&base)))
}

/// `GET /scim/v2/Schemas/{id}`
pub(super) async fn schema(State(app): State<AppState>, Path(id): Path<String>) -> Result<Response, Failure> {
    let base = app.backend.directory_url();
    let schema = SCHEMAS.iter().find(|schema| schema.urn == id).ok_or_else(unknown)?;
    Ok(answer(StatusCode::OK, &schema.describe(&base)))
}

fn unknown() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, None, "there is nothing of this name")
}
