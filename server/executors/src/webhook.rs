//! A webhook: an HTTP endpoint of somebody else is told what to do, signed as Standard Webhooks, in a `CloudEvents` 1.0 body.
//!
//! An answer with a result ends it; any other success means that the endpoint has it and sends a signed report later. The
//! command's id is the message's id on each attempt, so that the endpoint knows a repeat.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::core::time::six_decimals;
use domain::executors::contract::{ReportedStatus, TestResult};
use domain::executors::{ExecutorKind, ExecutorSetup};
use domain::{Action, ActionType, CommandId, Outcome};
use jiff::SignedDuration;
use openc2::signature::{Key, Signed};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::{Value, json};
use service::clock::SharedClock;
use service::executor::{Attempt, CalledOff, Executor, Order, Sent, SignedReport};

use super::address::is_internal;
use super::destinations::Destinations;

/// The largest answer that is read.
const MAX_ANSWER: usize = 64 * 1024;
/// How long a report may be awaited where nothing is said.
const REPORT_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// Pauses before the same is sent again, in seconds, as Standard Webhooks proposes them.
const PAUSES: [i64; 7] = [5, 30, 300, 1_800, 7_200, 18_000, 36_000];

/// A webhook.
pub struct Webhook {
    name: String,
    url: reqwest::Url,
    key: Key,
    within: SignedDuration,
    clock: SharedClock,
    client: reqwest::Client,
    /// Whether it answered that it is gone for good.
    gone: AtomicBool,
}

/// What an endpoint answers when it is done at once.
#[derive(Deserialize)]
struct Answer {
    status: ReportedStatus,
    #[serde(default)]
    detail: Option<String>,
}

/// A client for an endpoint that may lie inside or not.
///
/// # Errors
/// The sentence for the field `url`.
pub(super) fn client(
    url: &str,
    internal: bool,
    destinations: &Destinations,
) -> Result<(reqwest::Url, reqwest::ClientBuilder), String> {
    let url = reqwest::Url::parse(url).map_err(|error| format!("is no URL: {error}"))?;
    destinations.check(&url)?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let literal = host.parse::<std::net::IpAddr>().ok();
    let inside = literal.is_some_and(is_internal) || host == "localhost" || host.ends_with(".localhost");
    if inside && !internal {
        return Err(format!(
            "{host} lies inside of this network; say that it may, if it is meant (internal)"
        ));
    }
    let builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(9));
    Ok((url, destinations.guard(builder, internal)))
}

impl Webhook {
    /// The webhook that was set up.
    ///
    /// # Errors
    /// The field that does not do, and why.
    pub fn new(
        setup: &ExecutorSetup,
        secret: Option<&str>,
        clock: SharedClock,
        destinations: &Destinations,
    ) -> Result<Self, (&'static str, String)> {
        let url = setup.settings.url.as_deref().unwrap_or_default();
        let (url, client) =
            client(url, setup.settings.internal, destinations).map_err(|why| ("/settings/url", why))?;
        let key = secret
            .and_then(Key::parse)
            .ok_or_else(|| ("/secret", "must be whsec_ and 24 to 64 bytes in base64".to_owned()))?;
        let client = client.build().map_err(|error| ("/settings/url", error.to_string()))?;
        let within =
            setup.time_limit.map_or(REPORT_WITHIN, |seconds| SignedDuration::from_secs(seconds.into()));
        let gone = AtomicBool::new(false);
        Ok(Self { name: setup.name.clone(), url, key, within, clock, client, gone })
    }

    async fn send(&self, id: &str, event: &Value) -> Result<reqwest::Response, reqwest::Error> {
        self.send_text(id, event.to_string()).await
    }

    async fn send_text(&self, id: &str, body: String) -> Result<reqwest::Response, reqwest::Error> {
        let body = body.into_bytes();
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/cloudevents+json")
            .header(ACCEPT, "application/json");
        for (header, value) in self.key.sign(id, self.clock.now(), &body).pairs() {
            request = request.header(header, value);
        }
        request.body(body).send().await
    }

    fn event(&self, kind: &str, id: &str, subject: Option<String>, data: Value) -> Value {
        let mut event = json!({
            "specversion": "1.0",
            "id": id,
            "source": "countersign",
            "type": format!("countersign.{kind}.v1"),
            "time": six_decimals::text(self.clock.now()),
            "datacontenttype": "application/json",
            "data": data,
        });
        if let Some(subject) = subject {
            event["subject"] = subject.into();
        }
        event
    }

    /// One attempt with what was sent and answered.
    async fn deliver(&self, id: &str, request: String) -> (Attempt, Sent) {
        match self.send_text(id, request.clone()).await {
            Ok(answer) => {
                let status = Some(answer.status().as_u16());
                let attempt = self.read(id, answer).await;
                let answer = match &attempt {
                    Attempt::Ended(_, text)
                    | Attempt::Handed(text, _)
                    | Attempt::Working(text, _)
                    | Attempt::NotSent(text)
                    | Attempt::Unsendable(text)
                    | Attempt::Uncertain(text) => text.clone(),
                };
                (attempt, Sent { request, status, answer })
            }
            Err(error) => {
                let attempt = if error.is_connect() {
                    Attempt::NotSent(format!("no connection to the endpoint: {}", cause(&error)))
                } else {
                    Attempt::Uncertain("the connection to the endpoint broke".to_owned())
                };
                (attempt, Sent { request, status: None, answer: cause(&error) })
            }
        }
    }

    async fn read(&self, id: &str, answer: reqwest::Response) -> Attempt {
        let status = answer.status();
        let signed = answer.headers().contains_key(openc2::signature::SIGNATURE);
        let signed = signed.then(|| Signed::from_headers(answer.headers()));
        let body = match body(answer).await {
            Ok(body) => body,
            Err(why) => return Attempt::Uncertain(why),
        };
        // What is signed must be signed right, though nothing needs to be: it came on the connection that we opened.
        if let Some(signed) = signed {
            let verified = signed.and_then(|signed| {
                self.key.verify(&signed, self.clock.now(), &body)?;
                if signed.id == id { Ok(()) } else { Err(openc2::signature::Forged::Mismatch) }
            });
            if let Err(forged) = verified {
                return Attempt::Uncertain(format!("the answer is not believed: {forged}"));
            }
        }
        let text = String::from_utf8_lossy(&body);
        let text: String = text.chars().filter(|letter| !letter.is_control()).take(200).collect();
        match status {
            StatusCode::GONE => {
                self.gone.store(true, Ordering::Relaxed);
                Attempt::Ended(
                    Outcome::Failed,
                    "the endpoint answered 410: it is gone, and gets nothing more".to_owned(),
                )
            }
            StatusCode::ACCEPTED => self.handed(),
            status if status.is_success() => match serde_json::from_slice::<Answer>(&body) {
                Ok(Answer { status, detail }) => match status.outcome() {
                    Some(outcome) => Attempt::Ended(
                        outcome,
                        detail.unwrap_or_else(|| format!("the endpoint answered {status}")),
                    ),
                    None => self.handed(),
                },
                Err(_) => self.handed(),
            },
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                Attempt::Uncertain(format!("the endpoint answered {status}"))
            }
            status if status.is_client_error() => {
                Attempt::Ended(Outcome::Failed, format!("the endpoint refused it with {status}: {text}"))
            }
            status => Attempt::Uncertain(format!("the endpoint answered {status}: {text}")),
        }
    }

    fn handed(&self) -> Attempt {
        let detail = "the endpoint has it; its report is awaited".to_owned();
        Attempt::Handed(detail, Some(self.within))
    }
}

async fn body(mut answer: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) =
        answer.chunk().await.map_err(|_| "the connection broke in the answer".to_owned())?
    {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err("the answer is too long".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Why a request did not come through: the innermost cause says it best.
pub(super) fn cause(error: &reqwest::Error) -> String {
    let mut source: Option<&dyn std::error::Error> = std::error::Error::source(error);
    let mut text = "no connection".to_owned();
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    text
}

#[async_trait]
impl Executor for Webhook {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Webhook
    }

    fn carries_out(&self, _action_type: ActionType, _action: &Action) -> bool {
        true
    }

    fn can(&self) -> Vec<String> {
        vec!["Whatever its endpoint does: its rules say what it is told".to_owned()]
    }

    fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    fn pauses(&self) -> &'static [i64] {
        &PAUSES
    }

    async fn test(&self) -> TestResult {
        let id = uuid::Uuid::new_v4().to_string();
        let event = self.event("test", &id, None, json!({}));
        let (works, says) = match self.send(&id, &event).await {
            Ok(answer) if answer.status().is_success() => (true, format!("It answered {}.", answer.status())),
            Ok(answer) => (false, format!("It answered {}, and a success was expected.", answer.status())),
            Err(error) => (false, format!("It can't be reached: {}.", cause(&error))),
        };
        TestResult { works, says }
    }

    async fn send_again(&self, command: CommandId, request: &str) -> Option<(Attempt, Sent)> {
        Some(self.deliver(&command.to_string(), request.to_owned()).await)
    }

    fn calls_off(&self) -> bool {
        true
    }

    async fn call_off(&self, command: CommandId) -> CalledOff {
        let id = format!("cancel-{command}");
        let event = self.event("cancel", &id, None, json!({ "command_id": command }));
        let answer = match self.send(&id, &event).await {
            Ok(answer) => answer,
            Err(error) => {
                return CalledOff::Unanswered(format!("no answer of the endpoint: {}", cause(&error)));
            }
        };
        let status = answer.status();
        match status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                return CalledOff::Never(format!("the endpoint calls nothing off: it answered {status}"));
            }
            StatusCode::CONFLICT => {
                return CalledOff::Begun("the endpoint says that it has begun".to_owned());
            }
            _ => {}
        }
        match self.read(&id, answer).await {
            Attempt::Ended(Outcome::Cancelled, detail) => CalledOff::NotDone(detail),
            Attempt::Ended(outcome, detail) if status.is_success() => CalledOff::Ended(outcome, detail),
            Attempt::Handed(..) => {
                CalledOff::Asked("the endpoint was asked; its report is awaited".to_owned())
            }
            Attempt::Ended(_, why)
            | Attempt::NotSent(why)
            | Attempt::Uncertain(why)
            | Attempt::Unsendable(why)
            | Attempt::Working(why, _) => CalledOff::Unanswered(why),
        }
    }

    fn verify_report(&self, report: &SignedReport<'_>) -> Result<(), String> {
        let SignedReport { id, timestamp, signature, body } = *report;
        let signed =
            Signed { id: id.to_owned(), timestamp: timestamp.to_owned(), signature: signature.to_owned() };
        self.key.verify(&signed, self.clock.now(), body).map_err(|forged| forged.to_string())
    }

    async fn execute(&self, order: &Order) -> Attempt {
        if self.gone.load(Ordering::Relaxed) {
            return Attempt::NotSent("the endpoint answered 410 before: it is gone".to_owned());
        }
        let Action { id, action_type, entity, asset, parameters, comment, severity, .. } = &order.action;
        let command = order.leased.id.to_string();
        let data = json!({
            "command_id": command,
            "action_id": id,
            "type": action_type,
            "entity": entity,
            "asset": asset,
            "parameters": parameters,
            "comment": comment,
            "severity": severity,
            "undo_of": order.action.undo_of,
            "digest": order.action.digest,
            "decided_by": order.action.decided_by.as_ref().map(domain::Actor::label),
        });
        let event = self.event("command", &command, Some(id.to_string()), data);
        let (attempt, sent) = self.deliver(&command, event.to_string()).await;
        if let Ok(mut kept) = order.sent.lock() {
            *kept = Some(sent);
        }
        attempt
    }
}
