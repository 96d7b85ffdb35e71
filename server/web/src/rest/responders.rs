//! Hosts that dial out: taken in by a code, asking for orders, and reporting. No token is asked for: a code or a
//! signature says who it is.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use domain::responders::contract::{
    Enrolled, Enrolment, OrderReport, Orders, PackagePart, Poll, SealedRequest,
};
use utoipa_axum::routes;

use super::{ApiArea, input, schema};
use crate::edge::limits::Limits;
use crate::edge::problem::Problem;
use crate::state::AppState;

pub(super) fn routes() -> ApiArea {
    ApiArea::default()
        .with_signed(vec![
            (Limits::USUAL, routes!(enrol)),
            (Limits::USUAL, routes!(poll)),
            (Limits::PART, routes!(part)),
            // A report names up to a thousand files.
            (Limits::PROPOSALS, routes!(report)),
        ])
        .tagged("responders", "What enrolled hosts ask for, known by their keys")
}

/// Take in a host, by a code that does so once.
///
/// `countersign responder --server URL --enrol CODE` asks for this.
#[utoipa::path(
    post, path = "/responder/enrolments", tag = "responders", operation_id = "enrol_responder",
    request_body = Enrolment,
    security(()),
    responses(
        (status = 200, description = "The name of the host, and the server's key", body = Enrolled),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn enrol(
    State(app): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Enrolled>, Problem> {
    let enrolment = input::parse_body::<Enrolment>(&headers, &body)?;
    Ok(Json(app.backend.enrol(enrolment).await?))
}

/// Ask for the orders of a host; the answer waits until there is one, for at most 25 seconds.
///
/// Signed with the key of the host (`countersign-responder`, `countersign-timestamp`, `countersign-signature`).
#[utoipa::path(
    post, path = "/responder/polls", tag = "responders", operation_id = "poll_orders",
    request_body = Poll,
    security(()),
    responses(
        (status = 200, description = "The orders, each signed by the server", body = Orders),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn poll(State(app): State<AppState>, headers: HeaderMap, body: Bytes) -> Result<Json<Orders>, Problem> {
    Ok(Json(app.backend.poll_orders(sealed(&headers, &body)?).await?))
}

/// Hand over a part of what was made under an order, such as an investigation package, before the report that names it.
///
/// Signed as a whole as a poll is. Parts have 1 MiB, but for the last; at most 64 MiB are taken for an order. What the
/// report names is kept for 30 days if its size and SHA-256 are those of the parts.
#[utoipa::path(
    post, path = "/responder/packages", tag = "responders", operation_id = "send_package_part",
    request_body = PackagePart,
    security(()),
    responses(
        (status = 204, description = "It is kept"),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn part(State(app): State<AppState>, headers: HeaderMap, body: Bytes) -> Result<StatusCode, Problem> {
    app.backend.take_package_part(sealed(&headers, &body)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Report how an order ended. A repeat changes nothing.
///
/// Signed as a whole as a poll is; the response in it is signed for its command.
#[utoipa::path(
    post, path = "/responder/reports", tag = "responders", operation_id = "report_order",
    request_body = OrderReport,
    security(()),
    responses(
        (status = 204, description = "It is kept"),
        schema::Failures, schema::WriteFailures,
    ),
)]
async fn report(State(app): State<AppState>, headers: HeaderMap, body: Bytes) -> Result<StatusCode, Problem> {
    app.backend.report_order(sealed(&headers, &body)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn sealed(headers: &HeaderMap, body: &Bytes) -> Result<SealedRequest, Problem> {
    let header = |name: &str| {
        let mut values = headers.get_all(name).iter();
        match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
            (Some(value), None) => Ok(value.to_owned()),
            _ => Err(Problem::malformed(format!("the header {name} is needed, once"))),
        }
    };
    Ok(SealedRequest {
        responder: header("countersign-responder")?,
        timestamp: header("countersign-timestamp")?,
        signature: header("countersign-signature")?,
        body: body.to_vec(),
    })
}
