//! The `OpenC2` v1.0 client over HTTP, for our responder and for consumers of others. Requests and answers are signed,
//! or, with peers that do not sign, proven by a token or by certificates.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use domain::core::canonical;
use domain::executors::contract::TestResult;
use domain::executors::{ExecutorKind, ExecutorSetup};
use domain::{ActionType, Asset, CommandId, Outcome};
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use openc2::signature::{Key, Signed, Token};
use openc2::{Actuator, Command, Message, Status};
use service::clock::SharedClock;
use service::executor::{Attempt, CalledOff, Executor, Order};

use super::answer::{IN_PROGRESS_FOR, called_off, calling_off, ended};
use super::certificate;
use super::consumer::Pairs;
use super::destinations::Destinations;
use super::webhook::{cause, client};

/// How long it holds what a responder said it can do.
const ASK_INTERVAL: SignedDuration = SignedDuration::from_secs(30);

/// Whom an executor speaks to, and how each proves to be who they are.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The device that it stands for.
    pub asset: String,
    /// Where it listens, for example `http://127.0.0.1:7070`.
    pub url: String,
    /// The actuator profile that commands are addressed to.
    pub profile: String,
    /// How requests are proven and answers believed.
    pub proof: Proof,
}

/// How requests are proven and answers believed.
#[derive(Debug, Clone)]
pub enum Proof {
    /// Both are signed with this key.
    Signature(Key),
    /// Requests present this token; answers are believed for the connection that they come on.
    Token(Token),
    /// Both sides show a certificate: ours with its key as PEM, and the authority that theirs must be of.
    MutualTls {
        /// Our certificate and its key.
        identity: Vec<u8>,
        /// The authority, if it is none of the world's.
        authority: Option<Vec<u8>>,
    },
}

/// A responder on one host, or a consumer of somebody else.
pub struct OpenC2 {
    peer: Peer,
    name: String,
    /// Whether it is a consumer of somebody else that was set up, and no responder of ours.
    is_consumer: bool,
    /// What it says it can do, once it was asked, and when that was.
    known: RwLock<Option<(Pairs, Timestamp)>>,
    /// Which of the actuators of the profile is meant; any, where this is empty.
    specifiers: Map<String, Value>,
    within: SignedDuration,
    url: String,
    clock: SharedClock,
    client: reqwest::Client,
}

impl OpenC2 {
    /// A client of the responder.
    ///
    /// # Errors
    /// If the HTTP client can't be set up, the URL is none, or a secret would travel in the clear.
    pub fn new(peer: Peer, clock: SharedClock) -> anyhow::Result<Self> {
        let base = peer.url.trim_end_matches('/');
        let url = format!("{base}{}", openc2::PATH);
        let parsed =
            reqwest::Url::parse(&url).with_context(|| format!("{base:?} is not the URL of a responder"))?;
        let is_local = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let mut client = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(Duration::from_secs(3));
        match &peer.proof {
            Proof::Signature(_) => {}
            Proof::Token(_) => {
                anyhow::ensure!(
                    is_local || parsed.scheme() == "https",
                    "a token travels by https only, not to {base}"
                );
            }
            Proof::MutualTls { identity, authority } => {
                anyhow::ensure!(
                    parsed.scheme() == "https",
                    "certificates are shown by https only, not to {base}"
                );
                let identity =
                    certificate::identity(identity).map_err(|why| anyhow::anyhow!("the identity {why}"))?;
                client = client.identity(identity);
                if let Some(authority) = authority {
                    let authorities = certificate::authorities(authority)
                        .map_err(|why| anyhow::anyhow!("the authority {why}"))?;
                    client = client.tls_certs_only(authorities);
                }
            }
        }
        let client = client.build().context("setting up the HTTP client")?;
        let name = format!("responder on {}", peer.asset);
        Ok(Self {
            peer,
            name,
            is_consumer: false,
            known: RwLock::default(),
            specifiers: Map::new(),
            within: IN_PROGRESS_FOR,
            url,
            clock,
            client,
        })
    }

    /// The consumer that was set up.
    ///
    /// # Errors
    /// The field that does not do, and why.
    pub fn set_up(
        setup: &ExecutorSetup,
        secret: Option<&str>,
        clock: SharedClock,
        destinations: &Destinations,
    ) -> Result<Self, (&'static str, String)> {
        let given = setup.settings.url.as_deref().unwrap_or_default();
        let (parsed, client) =
            client(given, setup.settings.internal, destinations).map_err(|why| ("/settings/url", why))?;
        let options = Value::Object(setup.settings.options.clone());
        let ConsumerOptions { authority, specifiers } =
            serde_json::from_value(options).map_err(|error| ("/settings/options", error.to_string()))?;
        let (proof, client) = proof(secret.unwrap_or_default(), authority, client)?;
        let is_certified = matches!(proof, Proof::MutualTls { .. });
        if parsed.scheme() != "https" && (is_certified || !setup.settings.internal) {
            let what = if is_certified { "a certificate is shown" } else { "a token travels" };
            return Err(("/settings/url", format!("must be https: {what} in no other way")));
        }
        // One that names no path is where the language's own is.
        let path = if matches!(parsed.path(), "" | "/") { openc2::PATH } else { parsed.path() };
        let url = parsed.join(path).map_err(|error| ("/settings/url", error.to_string()))?.to_string();
        let peer = Peer {
            asset: setup.name.clone(),
            url: url.clone(),
            profile: setup.settings.profile.clone().unwrap_or_else(|| "slpf".to_owned()),
            proof,
        };
        let client = client.build().map_err(|error| ("/settings/url", error.to_string()))?;
        let within =
            setup.time_limit.map_or(IN_PROGRESS_FOR, |limit| SignedDuration::from_secs(limit.into()));
        let (name, known) = (setup.name.clone(), RwLock::default());
        Ok(Self { peer, name, is_consumer: true, known, specifiers, within, url, clock, client })
    }

    /// Sends a command in a message of its own, and reads the response to it.
    async fn ask(&self, command: Command) -> Result<openc2::Response, Attempt> {
        // A request id of its own for each attempt; the command id is what makes a repeat harmless.
        let id = Uuid::new_v4().to_string();
        let message =
            Message::request(&id, self.clock.now(), "countersign", vec![self.peer.asset.clone()], command);
        let body = openc2::encode(&message).map_err(|error| Attempt::Unsendable(error.to_string()))?;
        let who = if self.is_consumer { self.name.clone() } else { format!("the {}", self.name) };
        let sent = self.send(&id, body).await;
        if let Some(why) = sent.as_ref().err().and_then(certificate::refusal) {
            return Err(Attempt::NotSent(format!("no connection to {who}: {why}")));
        }
        match sent {
            Err(error) if error.is_connect() && self.is_consumer => {
                Err(Attempt::NotSent(format!("no connection to {who}: {}", cause(&error))))
            }
            Err(error) if error.is_connect() => Err(Attempt::NotSent(format!("no connection to {who}"))),
            Err(_) => Err(Attempt::Uncertain(format!("the connection to {who} broke"))),
            Ok(answer) if answer.status() == reqwest::StatusCode::UNAUTHORIZED && self.is_consumer => {
                let shown = match self.peer.proof {
                    Proof::MutualTls { .. } => "certificate",
                    Proof::Signature(_) | Proof::Token(_) => "token",
                };
                Err(Attempt::Ended(Outcome::Failed, format!("{who} refused our {shown}")))
            }
            Ok(answer) => self
                .trusted(&id, answer)
                .await
                .map_err(|error| Attempt::Uncertain(format!("an answer that can't be trusted: {error}"))),
        }
    }

    /// Asks a consumer what it can do, and keeps it.
    async fn learn(&self) -> Result<Pairs, String> {
        let mut command = Command::query_features(["versions", "profiles", "pairs"]);
        if !self.is_consumer {
            // Targets of a profile are told to whom addresses it.
            let profile = self.peer.profile.clone();
            command.actuator = Some(Actuator { profile, specifiers: Map::new() });
        }
        let response = self.ask(command).await.map_err(|attempt| match attempt {
            Attempt::NotSent(why)
            | Attempt::Uncertain(why)
            | Attempt::Unsendable(why)
            | Attempt::Ended(_, why) => why,
            Attempt::Handed(..) | Attempt::Working(..) => "no answer to query features".to_owned(),
        })?;
        let pairs = (response.status == Status::OK).then(|| Pairs::read(&response.results)).flatten();
        let pairs = pairs.ok_or_else(|| {
            let text = response.status_text.unwrap_or_default();
            format!("it did not say what it can do: {} {text}", response.status.0)
        })?;
        let known = Some((pairs.clone(), self.clock.now()));
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(pairs)
    }

    fn pairs(&self) -> Option<Pairs> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().map(|(pairs, _)| pairs.clone())
    }

    /// Whether it is time to ask a responder again: its host may have got another manager or socket.
    fn is_stale(&self) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        known.as_ref().is_none_or(|(_, at)| !self.is_consumer && now.duration_since(*at) > ASK_INTERVAL)
    }

    /// The command of an order, or why there is none.
    fn command(&self, order: &Order) -> Result<Command, String> {
        let action = &order.action;
        let pairs = match self.pairs() {
            Some(pairs) => pairs,
            // What was approved while it was known is not lost: the host itself says what it can't do.
            None if !self.is_consumer => Pairs::all(),
            None => Pairs::default(),
        };
        let command = pairs.command(action.action_type, action, &self.peer.profile)?;
        let actuator = Actuator { profile: self.peer.profile.clone(), specifiers: self.specifiers.clone() };
        Ok(Command { actuator: Some(actuator), ..command.with_id(order.leased.id.to_string()) })
    }

    async fn send(&self, id: &str, body: Vec<u8>) -> Result<reqwest::Response, reqwest::Error> {
        let mut request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, openc2::MEDIA_TYPE)
            .header(ACCEPT, openc2::MEDIA_TYPE)
            .header(CACHE_CONTROL, "no-cache")
            .header("x-request-id", id);
        match &self.peer.proof {
            Proof::Signature(key) => {
                for (header, value) in key.sign(id, self.clock.now(), &body).pairs() {
                    request = request.header(header, value);
                }
            }
            Proof::Token(token) => request = request.header(AUTHORIZATION, token.header()),
            Proof::MutualTls { .. } => {}
        }
        request.body(body).send().await
    }

    /// The response, if it is the peer's and answers this request.
    async fn trusted(&self, id: &str, mut answer: reqwest::Response) -> anyhow::Result<openc2::Response> {
        let signed = Signed::from_headers(answer.headers());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            anyhow::ensure!(body.len() + chunk.len() <= openc2::MAX_RESPONSE, "the answer is too long");
            body.extend_from_slice(&chunk);
        }
        if let Proof::Signature(key) = &self.peer.proof {
            let signed = signed?;
            key.verify(&signed, self.clock.now(), &body)?;
            anyhow::ensure!(signed.id == id, "the answer is signed for another request");
        }
        let message: Message = serde_json::from_slice(&body)?;
        let (request_id, response) = message.into_response().context("the answer is not a response")?;
        anyhow::ensure!(request_id.as_deref() == Some(id), "the answer belongs to another request");
        Ok(response)
    }
}

/// What a consumer may be told beside its URL.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsumerOptions {
    /// The authorities that its certificate must be of, as PEM, if they are none of the world's.
    #[serde(default)]
    authority: Option<String>,
    /// Which of the actuators of its profile is meant, as the profile names it (`hostname`, `asset_id` and so on).
    #[serde(default)]
    specifiers: Map<String, Value>,
}

/// How we prove to a consumer who we are: by a certificate with its key, or by a token.
fn proof(
    secret: &str,
    authority: Option<String>,
    mut client: reqwest::ClientBuilder,
) -> Result<(Proof, reqwest::ClientBuilder), (&'static str, String)> {
    if let Some(pem) = &authority {
        let believed = certificate::authorities(pem.as_bytes());
        client = client.tls_certs_only(believed.map_err(|why| ("/settings/options/authority", why))?);
    }
    if certificate::is_pem(secret) {
        let identity = certificate::identity(secret.as_bytes()).map_err(|why| ("/secret", why))?;
        let authority = authority.map(String::into_bytes);
        let proof = Proof::MutualTls { identity: secret.as_bytes().to_vec(), authority };
        return Ok((proof, client.identity(identity)));
    }
    let token = Token::parse(secret).ok_or_else(|| {
        let detail = "must be 24 or more visible ASCII characters, or a certificate with its key as PEM";
        ("/secret", detail.to_owned())
    })?;
    Ok((Proof::Token(token), client))
}

#[async_trait]
impl Executor for OpenC2 {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> ExecutorKind {
        if self.is_consumer { ExecutorKind::OpenC2 } else { ExecutorKind::Responder }
    }

    fn serves(&self, asset: &Asset) -> bool {
        canonical::name(&asset.name) == canonical::name(&self.peer.asset)
    }

    fn carries_out(&self, action_type: ActionType, action: &domain::Action) -> bool {
        self.why_not(action_type, action).is_none()
    }

    fn why_not(&self, action_type: ActionType, action: &domain::Action) -> Option<String> {
        let pairs = match self.pairs() {
            Some(pairs) => pairs,
            // What every responder does.
            None if !self.is_consumer => Pairs::of_files(),
            None => return Some("it was not asked yet what it can do".to_owned()),
        };
        pairs.command(action_type, action, &self.peer.profile).err()
    }

    fn can(&self) -> Vec<String> {
        match self.pairs() {
            Some(pairs) => pairs.in_words(),
            None if !self.is_consumer => Pairs::of_files().in_words(),
            None => vec!["It was not asked yet: nothing is offered until it said what it can do".to_owned()],
        }
    }

    fn calls_off(&self) -> bool {
        !self.is_consumer
    }

    async fn call_off(&self, command: CommandId) -> CalledOff {
        if self.is_consumer {
            return CalledOff::Never("OpenC2 has no words to ask it about what it was sent".to_owned());
        }
        match self.ask(calling_off(command)).await {
            Ok(response) => called_off(&response),
            Err(
                Attempt::NotSent(why)
                | Attempt::Uncertain(why)
                | Attempt::Unsendable(why)
                | Attempt::Ended(_, why)
                | Attempt::Handed(why, _)
                | Attempt::Working(why, _),
            ) => CalledOff::Unanswered(why),
        }
    }

    async fn prepare(&self) {
        if self.is_stale() {
            drop(self.learn().await);
        }
    }

    async fn test(&self) -> TestResult {
        match self.learn().await {
            Ok(pairs) => TestResult { works: true, says: format!("It can {}.", pairs.in_words().join("; ")) },
            Err(why) => TestResult { works: false, says: format!("It does not work: {why}.") },
        }
    }

    async fn execute(&self, order: &Order) -> Attempt {
        if self.is_consumer {
            self.prepare().await;
        }
        let command = match self.command(order) {
            Ok(command) => command,
            Err(why) => return Attempt::Unsendable(why),
        };
        match self.ask(command).await {
            Ok(response) => ended(&response, self.within),
            Err(attempt) => attempt,
        }
    }
}
