//! The device API of Microsoft Defender for Endpoint, as much of it as tools need that isolate, scan and ask what became of
//! it: `/mde/api/machines/{machine}/isolate` and the like, and `/mde/api/machineactions`.
//!
//! What is asked of a machine is a proposal like any other, by a token that may propose, and waits for a decision; a
//! machine is known by its name. `orders` reads what is asked for, `machine_action` shows an action in that API's form,
//! `filter` reads `$filter`, `failure` gives failures its form. Who may do what is the service's to say. To take another
//! order, add a row to `orders`.

mod failure;
mod filter;
mod machine_action;
mod orders;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use domain::{
    Action, ActionId, ActionQuery, ActionType, Caller, Decision, Error, FieldError, FollowUp, FollowUpVerb,
    Lane, Proposal, Seen, SubjectKind,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use self::filter::Asked;
use self::orders::Order;
use super::edge::limits::{self, Limits};
use super::edge::paths::API;
use super::edge::problem::Problem;
use super::edge::rate;
use super::rest::{authenticate, input};
use super::state::AppState;

/// Where it lies.
pub(super) const ROOT: &str = "/mde";

/// Within about so many seconds the same order for the same machine with the same comment is a repeat: its clients send
/// one again when an answer is slow, and have no key to say so.
const REPEAT_SECONDS: i64 = 60;
/// Rows that are read at a time.
const PAGE: &str = "200";

/// Everything below its root. All of it asks for a token.
pub(super) fn router(app: &AppState) -> Router<AppState> {
    let unknown = || async { Problem::edge(StatusCode::NOT_FOUND, "the device API has no such path here") };
    Router::new()
        .route("/api/machines/{machine}/{order}", post(propose))
        .route("/api/machineactions", get(list))
        .route("/api/machineactions/{id}", get(load))
        .route("/api/machineactions/{id}/cancel", post(cancel))
        .route("/api/machineactions/{id}/GetPackageUri", get(package))
        .fallback(unknown)
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Limits::USUAL, limits::enforce))
        .layer(from_fn_with_state(app.clone(), authenticate))
        .layer(from_fn_with_state(app.rates.clone(), rate::limit_address))
        .layer(from_fn(failure::as_device_api))
}

/// Proposes what is asked of a machine.
async fn propose(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((machine, order)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    // Before the body is read: who may not propose learns nothing of what an order is.
    caller.authorize_proposal().map_err(Error::from)?;
    let order = Order::named(&order)?;
    let now = app.clock.now();
    let item = order.read(&machine, &input::json_of(&headers, &body)?)?;
    let proposal = input::parse_proposal(0, item, now).map_err(|errors| plain(Error::Invalid(errors)))?;
    let minute = now.as_second() / REPEAT_SECONDS;
    let id = |minute: i64| external_id(&proposal, minute);
    if let Some(before) = proposed_as(&app, &caller, &id(minute - 1)?).await? {
        return Ok((StatusCode::CREATED, Json(machine_action::shown(&before))));
    }
    let proposal = Proposal { external_id: id(minute)?, ..proposal };
    let made = app.backend.propose(&caller, vec![proposal]).await.map_err(plain)?;
    let made = made.first().ok_or_else(|| Error::Internal("a proposal has no result".to_owned()))?;
    Ok((StatusCode::CREATED, Json(machine_action::shown(&made.action))))
}

/// By what a repeat is known: what is asked of which machine, why, and when.
fn external_id(proposal: &Proposal, minute: i64) -> Result<String, Error> {
    let Proposal { action_type, entity, asset, parameters, comment, .. } = proposal;
    let asked = service::digest(*action_type, entity, asset, &[], parameters)?;
    let comment = comment.as_deref().unwrap_or_default();
    let why = hex::encode(Sha256::digest(comment));
    Ok(format!("mde-{asked}-{why}-{minute}"))
}

/// What the caller proposed under an external id.
async fn proposed_as(app: &AppState, caller: &Caller, id: &str) -> Result<Option<Action>, Error> {
    for lane in Lane::ALL {
        let query = ActionQuery::from_pairs([("lane", lane.as_str()), ("q", id)]);
        let query = query.map_err(|error| Error::Internal(error.to_string()))?;
        let found = app.backend.list(caller, query).await?.items;
        if let Some(action) = found.into_iter().find(|action| action.external_id.as_deref() == Some(id)) {
            return Ok(Some(action));
        }
    }
    Ok(None)
}

/// Without the place that a proposal has in a request of the REST API.
fn plain(error: Error) -> Error {
    let of = |error: FieldError| {
        let pointer = error.pointer.strip_prefix("/actions/0").unwrap_or(&error.pointer).to_owned();
        FieldError::new(pointer, error.detail)
    };
    match error {
        Error::Invalid(errors) => Error::Invalid(errors.into_iter().map(of).collect()),
        other => other,
    }
}

/// The newest of what was asked of machines.
async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Value>, Problem> {
    let asked = Asked::read(&pairs)?;
    let wanted = asked.skip + asked.top;
    let mut found: Vec<Action> = Vec::new();
    for lane in asked.lanes() {
        let (mut cursor, mut count) = (None::<String>, 0);
        while count < wanted {
            let mut query = asked.pairs(*lane);
            query.extend([("sort", "-proposed".to_owned()), ("limit", PAGE.to_owned())]);
            query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
            let page = app.backend.list(&caller, ActionQuery::from_pairs(query)?).await?;
            count += page.items.len();
            found.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    found.sort_by_key(|action| std::cmp::Reverse((action.proposed_at, action.id)));
    let value: Vec<_> = found.iter().skip(asked.skip).take(asked.top).map(machine_action::shown).collect();
    Ok(Json(json!({ "value": value })))
}

/// The action of an id, if it is one that this API knows.
async fn found(app: &AppState, caller: &Caller, id: &str) -> Result<Action, Error> {
    let parsed: ActionId = input::parse_id(id, SubjectKind::Action)?;
    let action = app.backend.action(caller, parsed).await?;
    if orders::of_type(action.action_type).is_none() {
        return Err(Error::NotFound(parsed.into()));
    }
    Ok(action)
}

async fn load(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(machine_action::shown(&found(&app, &caller, &id).await?)))
}

/// Takes back what waits, or calls off what was approved.
async fn cancel(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let action = found(&app, &caller, &id).await?;
    let comment = orders::comment(&input::json_of(&headers, &body)?)?;
    let verb = match action.decision {
        Decision::Pending => FollowUpVerb::Withdraw,
        _ => FollowUpVerb::Cancel,
    };
    let seen = Seen { expected_version: action.version, digest: action.digest };
    let what = FollowUp::new(verb, Some(comment));
    let after = app.backend.follow_up(&caller, action.id, seen, what).await?;
    Ok(Json(machine_action::shown(&after)))
}

/// Where an investigation package is downloaded.
async fn package(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let action = found(&app, &caller, &id).await?;
    if action.action_type != ActionType::CollectInvestigationPackage {
        let detail = "is of an action that collects no investigation package";
        return Err(Error::invalid("/id", detail).into());
    }
    Ok(Json(json!({ "value": format!("{API}/actions/{}/package", action.id) })))
}
