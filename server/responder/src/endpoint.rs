//! The one HTTP route: who is calling, what is said, and the signed answer.
//!
//! Nothing is parsed before the signature holds. Answers to callers that did not prove who they are carry no
//! signature: a signed one could be passed off to somebody else as the answer to his command.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response as HttpResponse, StatusCode, header};
use axum::routing::post;
use jiff::Timestamp;
use tokio::sync::Mutex;

use super::dispatch::{Parsed, parse_command};
use super::engine::Engine;
use super::{answer, refusal::Refusal};
use openc2::signature::{Key, Signed};
use openc2::{self, Command, Content, Headers, Message, Response, Status};

const REQUEST_ID: &str = "x-request-id";
const NAME: &str = "countersign-responder";
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What the route needs.
pub(super) struct Endpoint {
    pub(super) engine: Arc<Engine>,
    pub(super) key: Key,
    pub(super) clock: fn() -> Timestamp,
    /// One command at a time, a repeat of one that is under way included.
    pub(super) turn: Arc<Mutex<()>>,
}

/// An answer before it is wrapped: the HTTP status and the response.
type Answer = (StatusCode, Response);

pub(super) fn router(endpoint: Endpoint) -> Router {
    Router::new().route(openc2::PATH, post(receive)).with_state(Arc::new(endpoint))
}

async fn receive(
    State(endpoint): State<Arc<Endpoint>>,
    headers: HeaderMap,
    body: Body,
) -> HttpResponse<Body> {
    let (body, signed) = match endpoint.admit(&headers, body).await {
        Ok(admitted) => admitted,
        Err(answer) => return endpoint.reply(None, &Headers::default(), answer),
    };
    let mut asked = Headers::default();
    let answer = match read(&headers, &body, &mut asked) {
        Ok(command) => endpoint.carry_out(command).await,
        Err(answer) => answer,
    };
    endpoint.reply(Some(&signed.id), &asked, answer)
}

impl Endpoint {
    async fn admit(&self, headers: &HeaderMap, body: Body) -> Result<(Vec<u8>, Signed), Answer> {
        let body = match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, openc2::MAX_MESSAGE)).await {
            Ok(Ok(body)) => body.to_vec(),
            Ok(Err(_)) => {
                return Err(bad(StatusCode::PAYLOAD_TOO_LARGE, "the message is longer than 64 KiB"));
            }
            Err(_) => return Err(bad(StatusCode::REQUEST_TIMEOUT, "the message did not arrive in time")),
        };
        let signed = Signed::from_headers(headers)
            .and_then(|signed| self.key.verify(&signed, (self.clock)(), &body).map(|()| signed))
            .map_err(|forged| {
                tracing::warn!(%forged, "a message is not believed");
                let response = Response::refusing(Status::UNAUTHORIZED, "unauthorized", forged.to_string());
                (StatusCode::UNAUTHORIZED, response)
            })?;
        Ok((body, signed))
    }

    async fn carry_out(&self, command: Command) -> Answer {
        let order = match parse_command(&command) {
            Parsed::Answer(response) => return settled(response),
            Parsed::Order(order) => order,
        };
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let engine = Arc::clone(&self.engine);
        // The thread goes on when the caller hangs up, and keeps its turn until it has ended.
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            tracing::info!(command_id = %order.command_id, verb = ?order.verb, path = ?order.path, sha256 = %order.sha256, "carrying out");
            let response = engine.perform(&order);
            tracing::info!(command_id = %order.command_id, status = response.status.0, text = ?response.status_text, "done");
            response
        });
        settled(work.await.unwrap_or_else(|_| answer::unsettled("the responder failed")))
    }

    fn reply(&self, id: Option<&str>, asked: &Headers, (code, response): Answer) -> HttpResponse<Body> {
        let now = (self.clock)();
        let to = asked.from.clone().into_iter().collect();
        let message = Message::response(asked.request_id.clone(), now, NAME, to, response);
        let Ok(body) = serde_json::to_vec(&message) else {
            let mut failed = HttpResponse::new(Body::empty());
            *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            return failed;
        };
        let signed = id.map(|id| self.key.sign(id, now, &body));
        let mut reply = HttpResponse::new(Body::from(body));
        *reply.status_mut() = code;
        let headers = reply.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(openc2::MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let request_id = asked.request_id.as_deref().map(|id| (REQUEST_ID, id));
        for (name, value) in signed.iter().flat_map(Signed::pairs).chain(request_id) {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        reply
    }
}

/// Reads a believed message. What is known of its headers is kept, so that a refusal names its request too.
fn read(headers: &HeaderMap, body: &[u8], asked: &mut Headers) -> Result<Command, Answer> {
    let outer = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    asked.request_id.clone_from(&outer);
    let typed = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !typed.is_some_and(openc2::is_media_type) {
        let detail = format!("the content type must be {}", openc2::MEDIA_TYPE);
        return Err(bad(StatusCode::UNSUPPORTED_MEDIA_TYPE, &detail));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let message: Message = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| bad(StatusCode::BAD_REQUEST, &format!("not a message: {error}")))?;
    if reader.end().is_err() {
        return Err(bad(StatusCode::BAD_REQUEST, "not a message: there is more after its end"));
    }
    *asked = message.headers;
    if let (Some(outer), Some(inner)) = (&outer, &asked.request_id)
        && outer != inner
    {
        return Err(bad(StatusCode::BAD_REQUEST, "X-Request-ID and headers.request_id differ"));
    }
    asked.request_id = asked.request_id.take().or(outer);
    match message.body.openc2 {
        Content::Request(command) => Ok(command),
        Content::Response(_) | Content::Notification(_) => {
            Err(bad(StatusCode::BAD_REQUEST, "the message is not a request"))
        }
    }
}

fn bad(code: StatusCode, detail: &str) -> Answer {
    (code, Refusal::malformed(detail).into_response())
}

fn settled(response: Response) -> Answer {
    (StatusCode::from_u16(response.status.0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), response)
}
