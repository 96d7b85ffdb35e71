//! What fuzz targets call (`server/fuzz`): the reading of bodies, without a server around it. Compiled for tests, too, so
//! that it never falls behind what it calls.

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

#[cfg(test)]
mod tests {
    use super::*;

    /// What the fuzz target asks of any body, of those that it begins with.
    #[test]
    fn what_was_taken_is_taken_again_as_the_same() {
        let seeds: [&[u8]; 2] = [
            include_bytes!("../../../fuzz/seeds/intake/proposal"),
            include_bytes!("../../../fuzz/seeds/intake/email"),
        ];
        for seed in seeds {
            let proposals = intake(seed).unwrap();
            assert!(!proposals.is_empty());
            for proposal in proposals {
                let json = serde_json::to_value(&proposal).unwrap();
                let again = serde_json::json!({ "actions": [json] }).to_string();
                assert_eq!(intake(again.as_bytes()).unwrap(), [proposal]);
            }
        }
        assert!(intake(br#"{"actions": [{"type": "explode"}]}"#).unwrap_err().contains("/actions/0"));
    }
}
