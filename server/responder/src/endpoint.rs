//! The one HTTP route: who is calling, what is said, and the signed answer.
//!
//! Nothing is parsed before the caller is known: by a signature, or, for peers that do not sign, by a bearer token, a client
//! certificate that was shown to us, or one that a proxy asked for. Answers to callers that did not sign carry no signature: a signed one could
//! be passed off to somebody else as the answer to his command.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response as HttpResponse, StatusCode, header};
use axum::routing::post;
use axum::{Extension, Router};
use jiff::Timestamp;

use super::conduct::Conductor;
use super::refusal::Refusal;
use openc2::signature::{Key, Signed, Token};
use openc2::{self, Command, Content, Headers, Message, Outcome, REPORT_KEY, Response, Status};

const REQUEST_ID: &str = "x-request-id";
const NAME: &str = "countersign-responder";
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Which requests are believed without a signature.
#[derive(Debug, Clone, Default)]
pub(super) struct Unsigned {
    /// Those that present this token.
    pub(super) token: Option<Token>,
    /// Those of who showed a certificate for one of these names, or any of the authority if there is none.
    pub(super) certificates: Option<Vec<String>>,
    /// All: the proxy in front lets nobody in but whom it knows by a certificate.
    pub(super) through_proxy: bool,
}

/// The names in the certificate that was shown on a connection, if one was.
#[derive(Debug, Clone)]
pub(super) struct Shown(pub(super) Option<Vec<String>>);

impl Unsigned {
    /// Whether the request needs no signature; an error says why a certificate does not do.
    fn believes(&self, headers: &HeaderMap, shown: Option<&[String]>) -> Result<bool, String> {
        let is_signed = headers.contains_key(openc2::signature::SIGNATURE);
        if self.token.as_ref().is_some_and(|token| token.is_in(headers)) || (self.through_proxy && !is_signed)
        {
            return Ok(true);
        }
        match (&self.certificates, shown) {
            _ if is_signed => Ok(false),
            (Some(known), Some(names))
                if known.is_empty() || names.iter().any(|name| known.contains(name)) =>
            {
                Ok(true)
            }
            (Some(_), Some(names)) => {
                let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
                Err(format!("the client certificate is for {names}, which may not send"))
            }
            (Some(_), None) => {
                Err("no client certificate was shown, and the request is not signed".to_owned())
            }
            (None, _) => Ok(false),
        }
    }
}

/// What the route needs.
pub(super) struct Endpoint {
    pub(super) conductor: Conductor,
    pub(super) key: Key,
    pub(super) unsigned: Unsigned,
    pub(super) clock: fn() -> Timestamp,
}

/// An answer before it is wrapped: the HTTP status and the response.
type Answer = (StatusCode, Response);

pub(super) fn router(endpoint: Endpoint) -> Router {
    let endpoint = Arc::new(endpoint);
    let elsewhere = Arc::clone(&endpoint);
    // Producers read an OpenC2 message from every answer.
    let refuse = move |code: StatusCode, detail: &'static str| {
        let reply = elsewhere.reply(None, &Headers::default(), bad(code, detail));
        std::future::ready(reply)
    };
    let refuse_method = refuse.clone();
    let wrong_method = move || refuse_method(StatusCode::METHOD_NOT_ALLOWED, "send messages by POST");
    let wrong_path = move || refuse(StatusCode::NOT_FOUND, "messages are taken at /.well-known/openc2");
    Router::new()
        .route(openc2::PATH, post(receive).fallback(wrong_method))
        .fallback(wrong_path)
        .with_state(endpoint)
}

async fn receive(
    State(endpoint): State<Arc<Endpoint>>,
    shown: Option<Extension<Shown>>,
    headers: HeaderMap,
    body: Body,
) -> HttpResponse<Body> {
    let shown = shown.and_then(|Extension(Shown(names))| names);
    let (body, signed) = match endpoint.admit(&headers, shown.as_deref(), body).await {
        Ok(admitted) => admitted,
        Err(answer) => return endpoint.reply(None, &Headers::default(), without_report(answer)),
    };
    let mut asked = Headers::default();
    let (code, response) = match read(&headers, &body, &mut asked) {
        Ok(command) => {
            let addressed = command.actuator.as_ref().is_some_and(|actuator| actuator.profile == REPORT_KEY);
            let answer = settled(endpoint.conductor.carry_out(command).await);
            if addressed { answer } else { without_report(answer) }
        }
        Err(answer) => without_report(answer),
    };
    endpoint.reply(signed.as_ref().map(|signed| signed.id.as_str()), &asked, (code, response))
}

impl Endpoint {
    async fn admit(
        &self,
        headers: &HeaderMap,
        shown: Option<&[String]>,
        body: Body,
    ) -> Result<(Vec<u8>, Option<Signed>), Answer> {
        let body = match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, openc2::MAX_MESSAGE)).await {
            Ok(Ok(body)) => body.to_vec(),
            Ok(Err(_)) => {
                return Err(bad(StatusCode::PAYLOAD_TOO_LARGE, "the message is longer than 64 KiB"));
            }
            Err(_) => return Err(bad(StatusCode::REQUEST_TIMEOUT, "the message did not arrive in time")),
        };
        match self.unsigned.believes(headers, shown) {
            Ok(true) => return Ok((body, None)),
            Ok(false) => {}
            Err(why) => {
                tracing::warn!(why, "a message is not believed");
                let response = Response::refusing(Status::UNAUTHORIZED, "unauthorized", why);
                return Err((StatusCode::UNAUTHORIZED, response));
            }
        }
        let signed = Signed::from_headers(headers)
            .and_then(|signed| self.key.verify(&signed, (self.clock)(), &body).map(|()| signed))
            .map_err(|forged| {
                tracing::warn!(%forged, "a message is not believed");
                let response = Response::refusing(Status::UNAUTHORIZED, "unauthorized", forged.to_string());
                (StatusCode::UNAUTHORIZED, response)
            })?;
        Ok((body, Some(signed)))
    }

    fn reply(&self, id: Option<&str>, asked: &Headers, (code, response): Answer) -> HttpResponse<Body> {
        let now = (self.clock)();
        let to = asked.from.clone().into_iter().collect();
        let message = Message::response(asked.request_id.clone(), now, NAME, to, response);
        let Ok(body) = openc2::encode(&message) else {
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

/// For a caller that did not address our profile: producers raise on results of one that they do not know. The language
/// has no word for half, which must not read as all.
fn without_report((code, mut response): Answer) -> Answer {
    let outcome = response.report().map(|report| report.outcome);
    response.results.remove(REPORT_KEY);
    if outcome == Some(Outcome::PartiallyCompleted) {
        response.status = Status::INTERNAL_ERROR;
        return (StatusCode::INTERNAL_SERVER_ERROR, response);
    }
    (code, response)
}

fn settled(response: Response) -> Answer {
    // An informational status is one of the message alone: HTTP would wait for another answer.
    let code = if response.status.0 < 200 { 200 } else { response.status.0 };
    (StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), response)
}
