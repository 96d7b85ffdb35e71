//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a repeat gets the first answer again.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::{Caller, Error};

use crate::edge::problem::{PROBLEM_JSON, Problem};
use crate::state::AppState;
use service::detached;
use service::replay::{Answer, Claimed};

const KEY_HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED_HEADER: HeaderName = HeaderName::from_static("idempotent-replayed");
const MAX_KEY_LENGTH: usize = 255;

/// A request that writes, read to its end.
#[derive(Clone)]
pub(super) struct WriteRequest {
    pub(super) app: AppState,
    pub(super) caller: Caller,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    method: Method,
    uri: Uri,
}

impl FromRequest<AppState> for WriteRequest {
    type Rejection = Response;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Response> {
        let (method, uri, headers) =
            (request.method().clone(), request.uri().clone(), request.headers().clone());
        let caller = request.extensions().get::<Caller>().cloned();
        let caller = caller.ok_or_else(|| Problem::from(Error::NotSignedIn).into_response())?;
        let body = Bytes::from_request(request, app).await.map_err(IntoResponse::into_response)?;
        Ok(Self { app: app.clone(), caller, headers, body, method, uri })
    }
}

impl WriteRequest {
    /// Answers, whatever key the request has: for what can be repeated, or must not be shown twice.
    pub(super) async fn answer<F>(self, work: impl FnOnce(Self) -> F) -> Response
    where
        F: Future<Output = Result<Answer, Problem>> + Send + 'static,
    {
        match work(self).await {
            Ok(answer) => to_response(answer),
            Err(problem) => problem.into_response(),
        }
    }

    /// Answers, once for a key if the request has one.
    ///
    /// All of it, not only the work, runs to its end also if the client hangs up: a claimed key must be settled.
    pub(super) async fn answer_once<F>(self, work: impl FnOnce(Self) -> F) -> Response
    where
        F: Future<Output = Result<Answer, Problem>> + Send + 'static,
    {
        let key = match key(&self.headers) {
            Ok(key) => key,
            Err(detail) => return Problem::malformed(detail).into_response(),
        };
        let work = work(self.clone());
        let Some(key) = key else {
            return match work.await {
                Ok(answer) => to_response(answer),
                Err(problem) => problem.into_response(),
            };
        };
        let Self { app, caller, method, uri, body, .. } = self;
        let run = async move {
            let path = uri.path_and_query().map_or(uri.path(), |path| path.as_str());
            let request = [method.as_str().as_bytes(), path.as_bytes(), &body];
            let claim = match app.replays.claim(&caller, &key, &request).await? {
                Claimed::Ours(claim) => claim,
                Claimed::Answered(answer) => return Ok((answer, true)),
            };
            // In a task of its own, so that a panic in the work does not leave the key in flight.
            let done = claim
                .work(detached(async move {
                    Ok(work.await.unwrap_or_else(|problem| (problem.status().as_u16(), problem.json())))
                }))
                .await;
            let kept = done.as_ref().ok().filter(|(status, _)| *status < 500);
            app.replays.settle(claim, kept).await?;
            done.map(|answer| (answer, false))
        };
        match detached(run).await {
            Ok((answer, replayed)) => {
                let mut response = to_response(answer);
                if replayed {
                    response.headers_mut().insert(REPLAYED_HEADER, HeaderValue::from_static("true"));
                }
                response
            }
            Err(error) => Problem::from(error).into_response(),
        }
    }
}

fn to_response((status, body): Answer) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if status.is_success() { "application/json" } else { PROBLEM_JSON };
    (status, [(CONTENT_TYPE, kind)], body).into_response()
}

/// The key, bare or as the quoted string of RFC 8941.
fn key(headers: &HeaderMap) -> Result<Option<String>, &'static str> {
    let mut all = headers.get_all(KEY_HEADER).iter();
    let Some(value) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err("send one Idempotency-Key");
    }
    let bad_key = "Idempotency-Key must be 1 to 255 visible ASCII characters";
    let text = value.to_str().map_err(|_| bad_key)?.trim();
    let text = match text.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').ok_or("the quotes of Idempotency-Key are not closed")?,
        None => text,
    };
    // Neither quotes nor backslashes, so that a bare and a quoted key can't be two readings of one.
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    if text.is_empty() || text.len() > MAX_KEY_LENGTH || !visible {
        return Err(bad_key);
    }
    Ok(Some(text.to_owned()))
}

/// An answer with a value as JSON.
pub(super) fn json_answer(status: StatusCode, value: &impl serde::Serialize) -> Result<Answer, Problem> {
    let body = serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))?;
    Ok((status.as_u16(), body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_bare_or_quoted() {
        let long = "k".repeat(MAX_KEY_LENGTH);
        let longer = "k".repeat(MAX_KEY_LENGTH + 1);
        let table: &[(&str, Option<&str>)] = &[
            ("abc", Some("abc")),
            ("\"8e03978e-40d5\"", Some("8e03978e-40d5")),
            (" abc ", Some("abc")),
            (&long, Some(&long)),
            (&longer, None),
            ("", None),
            ("\"\"", None),
            ("\"abc", None),
            ("a b", None),
            ("a\"b", None),
            ("a\\b", None),
        ];
        for (given, want) in table {
            let headers = HeaderMap::from_iter([(KEY_HEADER, HeaderValue::from_str(given).unwrap())]);
            assert_eq!(key(&headers).ok().flatten().as_deref(), *want, "{given}");
        }
        assert_eq!(key(&HeaderMap::new()), Ok(None));
    }
}
