//! The `OpenC2` v1.0 client over HTTP, for our responder: signed requests, and only signed answers are believed.

use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use domain::core::canonical;
use domain::{ActionType, Asset, Entity, Outcome};
use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use reqwest::redirect::Policy;
use uuid::Uuid;

use openc2::signature::{Key, Signed};
use openc2::{Action, Command, Message, Status, Target};
use service::clock::SharedClock;
use service::executor::{Attempt, Executor, Order};

/// A responder on one host.
pub struct OpenC2 {
    asset: String,
    name: String,
    url: String,
    key: Key,
    clock: SharedClock,
    client: reqwest::Client,
}

impl OpenC2 {
    /// A client of the responder at `base` (for example `http://127.0.0.1:7070`), which stands for the device `asset`.
    ///
    /// # Errors
    /// If the HTTP client can't be set up, or the URL is none.
    pub fn new(asset: &str, base: &str, key: Key, clock: SharedClock) -> anyhow::Result<Self> {
        let base = base.trim_end_matches('/');
        let url = format!("{base}{}", openc2::PATH);
        reqwest::Url::parse(&url).with_context(|| format!("{base:?} is not the URL of a responder"))?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .build()
            .context("setting up the HTTP client")?;
        let name = format!("responder on {asset}");
        Ok(Self { asset: asset.to_owned(), name, url, key, clock, client })
    }

    async fn send(&self, id: &str, body: Vec<u8>) -> Result<reqwest::Response, reqwest::Error> {
        let mut request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, openc2::MEDIA_TYPE)
            .header(ACCEPT, openc2::MEDIA_TYPE)
            .header(CACHE_CONTROL, "no-cache")
            .header("x-request-id", id);
        for (header, value) in self.key.sign(id, self.clock.now(), &body).pairs() {
            request = request.header(header, value);
        }
        request.body(body).send().await
    }

    /// The response, if it is signed with our key and answers this request.
    async fn trusted(&self, id: &str, answer: reqwest::Response) -> anyhow::Result<openc2::Response> {
        let signed = Signed::from_headers(answer.headers())?;
        let mut answer = answer;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            anyhow::ensure!(body.len() + chunk.len() <= openc2::MAX_RESPONSE, "the answer is too long");
            body.extend_from_slice(&chunk);
        }
        self.key.verify(&signed, self.clock.now(), &body)?;
        anyhow::ensure!(signed.id == id, "the answer is signed for another request");
        let message: Message = serde_json::from_slice(&body)?;
        let (request_id, response) = message.into_response().context("the answer is not a response")?;
        anyhow::ensure!(request_id.as_deref() == Some(id), "the answer belongs to another request");
        Ok(response)
    }
}

/// What the responder does for a type of action, if it knows it.
const fn verb(action_type: ActionType) -> Option<Action> {
    match action_type {
        ActionType::QuarantineFile => Some(Action::Contain),
        ActionType::ReleaseFromQuarantine => Some(Action::Allow),
        _ => None,
    }
}

/// What the responder finds a file by, or what is missing for it.
fn target(entity: &Entity) -> Result<Target, String> {
    let Entity::File { path, sha256: Some(sha256), .. } = entity else {
        return Err("a responder needs the file's sha256".to_owned());
    };
    let sha256 = sha256.parse().map_err(|_| "the file's sha256 is not one".to_owned())?;
    Ok(match path {
        Some(path) => Target::file_at(path, sha256),
        None => Target::files_with(sha256),
    })
}

/// The `OpenC2` command of an order, or why there is none.
fn command(order: &Order) -> Result<Command, String> {
    let action_type = order.action.action_type;
    let verb = verb(action_type)
        .ok_or_else(|| format!("this responder does not carry out {}", action_type.label()))?;
    Ok(Command::new(verb, target(&order.action.entity)?).with_id(order.leased.id.to_string()))
}

fn ended(response: &openc2::Response) -> Attempt {
    if matches!(response.status, Status::PROCESSING | Status::UNAVAILABLE) {
        return Attempt::Uncertain(format!("the responder answered {}", response.status.0));
    }
    let report = response.report();
    let detail = report
        .as_ref()
        .map(|report| report.detail.clone())
        .or_else(|| response.status_text.clone())
        .unwrap_or_else(|| format!("the responder answered {}", response.status.0));
    let outcome = match (response.status, report.map(|report| report.outcome)) {
        (Status::OK, None | Some(openc2::Outcome::Completed)) => Outcome::Completed,
        (Status::OK, Some(openc2::Outcome::PartiallyCompleted)) => Outcome::PartiallyCompleted,
        (Status::OK, Some(openc2::Outcome::Skipped)) => Outcome::Skipped,
        _ => Outcome::Failed,
    };
    Attempt::Ended(outcome, detail)
}

#[async_trait]
impl Executor for OpenC2 {
    fn name(&self) -> &str {
        &self.name
    }

    fn serves(&self, asset: &Asset) -> bool {
        canonical::name(&asset.name) == canonical::name(&self.asset)
    }

    fn carries_out(&self, action_type: ActionType, action: &domain::Action) -> bool {
        verb(action_type).is_some() && target(&action.entity).is_ok()
    }

    async fn execute(&self, order: &Order) -> Attempt {
        let command = match command(order) {
            Ok(command) => command,
            Err(why) => return Attempt::Unsendable(why),
        };
        // A request id of its own for each attempt; the command id is what makes a repeat harmless.
        let id = Uuid::new_v4().to_string();
        let message =
            Message::request(&id, self.clock.now(), "countersign", vec![self.asset.clone()], command);
        let body = match serde_json::to_vec(&message) {
            Ok(body) => body,
            Err(error) => return Attempt::Unsendable(error.to_string()),
        };
        match self.send(&id, body).await {
            Err(error) if error.is_connect() => {
                Attempt::NotSent(format!("no connection to the responder on {}", self.asset))
            }
            Err(_) => Attempt::Uncertain(format!("the connection to the responder on {} broke", self.asset)),
            Ok(answer) => match self.trusted(&id, answer).await {
                Ok(response) => ended(&response),
                Err(error) => Attempt::Uncertain(format!("an answer that can't be trusted: {error}")),
            },
        }
    }
}
