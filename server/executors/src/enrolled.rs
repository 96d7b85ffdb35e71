//! Enrolled hosts: each order is signed and left where its host finds it, which dials out for it and reports later.

use std::sync::Arc;

use async_trait::async_trait;
use domain::executors::ExecutorKind;
use domain::executors::contract::TestResult;
use domain::responders::contract::{OrderReport, SealedRequest};
use domain::{Action, ActionType, CommandId, Error};
use jiff::SignedDuration;
use openc2::identity::{Identity, PublicKey, Purpose};
use openc2::{Actuator, Command, CommandTarget, REPORT_KEY, Response, Target};
use serde_json::Map;
use service::executor::{Attempt, CalledOff, Executor, Order};
use service::packages::Made;
use service::switchboard::{HostProtocol, Placed, Switchboard};

use super::answer::{called_off, calling_off, ended};
use super::consumer::Pairs;
use super::seal::SecretsKey;

/// The name under which our own secret is sealed.
const SEALED_AS: &str = "responders";
/// How long a host has for an order before its end is unknown.
const REPORT_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// Letters of the name of what a host made.
const MAX_NAME: usize = 100;

/// The executor of one host.
pub struct EnrolledHost {
    name: String,
    within: SignedDuration,
    switchboard: Arc<Switchboard>,
}

impl EnrolledHost {
    /// Of the host of this name.
    #[must_use]
    pub fn new(name: String, time_limit: Option<u32>, switchboard: Arc<Switchboard>) -> Self {
        let within = time_limit.map_or(REPORT_WITHIN, |limit| SignedDuration::from_secs(limit.into()));
        Self { name, within, switchboard }
    }

    fn standing(&self) -> TestResult {
        let (works, says) = self.switchboard.state(&self.name);
        let host = if says.contains("connected") { "The host is" } else { "The host does not work:" };
        TestResult { works, says: format!("{host} {says}.") }
    }

    fn pairs(&self) -> Pairs {
        self.switchboard.pairs(&self.name).and_then(|pairs| Pairs::parse(&pairs)).unwrap_or_default()
    }
}

#[async_trait]
impl Executor for EnrolledHost {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Responder
    }

    fn carries_out(&self, action_type: ActionType, action: &Action) -> bool {
        self.pairs().command(action_type, action, REPORT_KEY).is_ok()
    }

    fn why_not(&self, action_type: ActionType, action: &Action) -> Option<String> {
        self.pairs().command(action_type, action, REPORT_KEY).err()
    }

    fn can(&self) -> Vec<String> {
        self.pairs().in_words()
    }

    async fn test(&self) -> TestResult {
        if let Err(error) = self.switchboard.refresh(&self.name).await {
            return TestResult { works: false, says: error.to_string() };
        }
        self.standing()
    }

    fn state(&self) -> Option<TestResult> {
        Some(self.standing())
    }

    fn calls_off(&self) -> bool {
        true
    }

    async fn call_off(&self, command: CommandId) -> CalledOff {
        if !self.pairs().calls_off() {
            return CalledOff::Never(
                "the responder of this host is of a version that can't be asked".to_owned(),
            );
        }
        let id = CommandId::from(uuid::Uuid::new_v4());
        let order = calling_off(command).with_id(id.to_string());
        let order = match serde_json::to_string(&order) {
            Ok(order) => order,
            Err(error) => return CalledOff::Unanswered(error.to_string()),
        };
        match self.switchboard.place(&self.name, id, &order).await {
            Ok(Placed::Waiting) => CalledOff::Asked("the host was asked; its answer is awaited".to_owned()),
            Ok(Placed::Away(says)) => CalledOff::Unanswered(format!("the host is away: {says}")),
            Err(error) => CalledOff::Unanswered(error.to_string()),
        }
    }

    async fn prepare(&self) {
        if let Err(error) = self.switchboard.refresh(&self.name).await {
            tracing::warn!(%error, executor = self.name, "reading a host failed");
        }
    }

    async fn execute(&self, order: &Order) -> Attempt {
        let command = match self.pairs().command(order.action.action_type, &order.action, REPORT_KEY) {
            Ok(command) => command,
            // What was approved was offered then: the host may have lost it, or its key was revoked.
            Err(why) => return Attempt::NotSent(format!("{}: {why}", self.switchboard.state(&self.name).1)),
        };
        let actuator = Actuator { profile: REPORT_KEY.to_owned(), specifiers: Map::new() };
        let id = order.leased.id;
        let command = openc2::Command { actuator: Some(actuator), ..command.with_id(id.to_string()) };
        let text = match serde_json::to_string(&command) {
            Ok(text) => text,
            Err(error) => return Attempt::Unsendable(error.to_string()),
        };
        match self.switchboard.place(&self.name, id, &text).await {
            Ok(Placed::Waiting) => Attempt::Handed("handed to the host".to_owned(), Some(self.within)),
            Ok(Placed::Away(why)) => Attempt::NotSent(why),
            Err(error) => Attempt::Uncertain(error.to_string()),
        }
    }
}

/// Signatures with Ed25519; our own secret is sealed as those of executors are.
pub struct Ed25519 {
    key: SecretsKey,
}

impl Ed25519 {
    /// With the key of the secrets.
    #[must_use]
    pub const fn new(key: SecretsKey) -> Self {
        Self { key }
    }

    fn identity(&self, sealed: &str) -> Result<Identity, String> {
        let secret = self.key.open(SEALED_AS, sealed)?;
        Identity::parse(&secret).ok_or_else(|| "the server's own key can't be read".to_owned())
    }
}

impl HostProtocol for Ed25519 {
    fn new_secret(&self) -> Result<String, String> {
        let identity = Identity::generate().map_err(|error| error.to_string())?;
        self.key.seal(SEALED_AS, &identity.secret())
    }

    fn check_secret(&self, sealed: &str) -> Result<(), String> {
        self.identity(sealed).map(drop)
    }

    fn public_key(&self, sealed: &str) -> Result<String, String> {
        Ok(self.identity(sealed)?.public().to_string())
    }

    fn is_public_key(&self, text: &str) -> bool {
        text.parse::<PublicKey>().is_ok()
    }

    fn sign_order(&self, sealed: &str, responder: &str, id: &str, command: &str) -> Result<String, String> {
        let parts = [responder.as_bytes(), id.as_bytes(), command.as_bytes()];
        Ok(self.identity(sealed)?.sign(Purpose::Order, &parts))
    }

    fn signed_request(&self, key: &str, request: &SealedRequest) -> bool {
        let SealedRequest { responder, timestamp, signature, body } = request;
        let parts = [responder.as_bytes(), timestamp.as_bytes(), body.as_slice()];
        key.parse::<PublicKey>().is_ok_and(|key| key.verifies(Purpose::Request, &parts, signature))
    }

    fn signed_report(&self, key: &str, responder: &str, report: &OrderReport) -> bool {
        let parts = [responder.as_bytes(), report.command_id.as_bytes(), report.response.as_bytes()];
        key.parse::<PublicKey>().is_ok_and(|key| key.verifies(Purpose::Report, &parts, &report.signature))
    }

    fn called_off(&self, order: &str) -> Option<CommandId> {
        let command: Command = serde_json::from_str(order).ok()?;
        match (command.action, command.target) {
            (openc2::Action::Cancel, Target::Command(CommandTarget { command_id })) => {
                command_id.parse().ok()
            }
            _ => None,
        }
    }

    fn after_call_off(&self, response: &str) -> Result<CalledOff, String> {
        let response: Response =
            serde_json::from_str(response).map_err(|error| format!("is no OpenC2 response: {error}"))?;
        Ok(called_off(&response))
    }

    fn made(&self, response: &str) -> Option<Made> {
        let response: Response = serde_json::from_str(response).ok()?;
        let openc2::Artifact { name, size, sha256 } = response.report()?.artifact?;
        // The name becomes that of a download.
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        let is_plain = name.len() <= MAX_NAME && !name.starts_with('.') && name.chars().all(plain);
        is_plain.then(|| Made { name, size, sha256: sha256.lower() })
    }

    fn ended(&self, response: &str) -> Result<Attempt, String> {
        let response: Response =
            serde_json::from_str(response).map_err(|error| format!("is no OpenC2 response: {error}"))?;
        Ok(ended(&response, REPORT_WITHIN))
    }
}

/// The error of a server that takes no hosts in.
pub(super) fn not_enrolling() -> Error {
    Error::invalid("/kind", "comes by enrolling a host: countersign responder-code DEVICE")
}
