//! What fuzz targets call (`server/fuzz`): the reading of bodies, without a server around it.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use domain::Proposal;
use jiff::Timestamp;

use super::input::{parse_items, parse_proposals};

/// Reads the body of proposals, as `POST /api/v1/actions` does.
///
/// # Errors
/// How the answer would begin.
pub fn intake(body: &[u8]) -> Result<Vec<Proposal>, String> {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    let items = parse_items(&headers, body).map_err(|problem| problem.json())?;
    let proposals = parse_proposals(items, Timestamp::UNIX_EPOCH).map_err(|problem| problem.json())?;
    for proposal in &proposals {
        // The rules may find fault, but must come to an end.
        drop(proposal.check(Timestamp::UNIX_EPOCH));
    }
    Ok(proposals)
}
