//! `CrowdSec`'s local API (LAPI): decisions that ban an address or a range until a time.
//!
//! A decision's time runs from the alert's `stop_at`, so that is the present; what is asked for is compared, since an
//! unknown filter is ignored; and decisions are lifted by their ids, since lifting by address lifts wider ranges too.

use async_trait::async_trait;
use domain::core::canonical;
use domain::executors::ExecutorKind;
use domain::executors::contract::TestResult;
use domain::{Action, ActionId, ActionType, Asset, AssetKind, Entity, Outcome, ParameterName};
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::peer::{self, Trouble};
use crate::secret::Secret;
use service::clock::SharedClock;
use service::executor::{Attempt, Executor, Order};

/// The largest answer that is read.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// Where a decision comes from. `cscli` (1.4.6) hides those of origins that it does not know, so it is that of its own.
const ORIGIN: &str = "cscli";
/// How long a ban lasts that has no end: the API wants one.
const NO_END: SignedDuration = SignedDuration::from_hours(87_600);

/// Where the local API is, and who we are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrowdSecSettings {
    /// For example `http://127.0.0.1:8080`.
    pub url: String,
    /// The name of the machine that we sign in as (`cscli machines add`).
    pub machine: String,
    /// The authority of its certificate as PEM, if it is none of the world's.
    #[serde(default)]
    pub authority: Option<String>,
}

/// What proves who we are.
#[derive(Debug, Clone)]
pub struct CrowdSecSecrets {
    /// The machine's password.
    pub password: Secret,
    /// The key of a bouncer (`cscli bouncers add`): with it we see what is in force, as bouncers do.
    pub bouncer_key: Secret,
}

impl CrowdSecSecrets {
    /// Both in one text: password, space, key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace().map(|word| Secret::new(word.to_owned()));
        let (password, bouncer_key) = (words.next()?, words.next()?);
        words.next().is_none().then_some(Self { password, bouncer_key })
    }
}

/// A local API.
pub struct CrowdSec {
    name: String,
    settings: CrowdSecSettings,
    secrets: CrowdSecSecrets,
    bouncer_key: HeaderValue,
    url: Url,
    client: reqwest::Client,
    clock: SharedClock,
}

/// A decision that is in force.
#[derive(Debug, Clone, Deserialize)]
struct Decision {
    id: i64,
    origin: String,
    scenario: String,
    scope: String,
    value: String,
    #[serde(rename = "type")]
    remediation: String,
}

/// What is to be banned.
struct Target {
    scope: &'static str,
    value: String,
}

/// How an order ended, or why it did not.
type Done = Result<(Outcome, String), Trouble>;

impl CrowdSec {
    /// A local API with these settings.
    ///
    /// # Errors
    /// The setting that does not do, and why.
    pub fn new(
        name: String,
        settings: CrowdSecSettings,
        secrets: CrowdSecSecrets,
        clock: SharedClock,
    ) -> Result<Self, (&'static str, String)> {
        let url = peer::secure_url(&settings.url, &["https"], &["http"]).map_err(|why| ("url", why))?;
        if settings.machine.trim().is_empty() {
            return Err(("machine", "must be the name of a machine of the local API".to_owned()));
        }
        let client = peer::http_client(settings.authority.as_deref()).map_err(|why| ("authority", why))?;
        let mut bouncer_key = HeaderValue::from_str(secrets.bouncer_key.expose()).map_err(|_| {
            ("secret", "must be the machine's password, a space, and the bouncer's key".to_owned())
        })?;
        bouncer_key.set_sensitive(true);
        Ok(Self { name, settings, secrets, bouncer_key, url, client, clock })
    }

    /// Signs in, and asks for what is in force on an address of the documentation. Nothing is changed.
    ///
    /// # Errors
    /// What is wrong, in one sentence.
    pub async fn test(&self) -> Result<String, String> {
        let told = async {
            self.sign_in().await?;
            self.in_force("ip", "192.0.2.1").await
        };
        told.await.map_err(Trouble::sentence)?;
        Ok(format!(
            "The local API of CrowdSec lets {} in, and the bouncer's key reads.",
            self.settings.machine
        ))
    }

    /// The types that it carries out.
    #[must_use]
    pub fn types(&self) -> &'static [ActionType] {
        &[ActionType::BlockIpAddress, ActionType::UnblockIpAddress]
    }

    async fn carry_out(&self, order: &Order) -> Done {
        let action = &order.action;
        let Some(target) = target(&action.entity) else {
            return Err(Trouble::Refused("CrowdSec acts on IP addresses and ranges.".to_owned()));
        };
        let repeats = order.leased.possibly_sent > 0;
        match action.action_type {
            ActionType::BlockIpAddress => self.block(action, &target).await,
            ActionType::UnblockIpAddress => self.unblock(action, &target, repeats).await,
            other => Err(Trouble::Refused(format!("CrowdSec does not carry out {}.", other.label()))),
        }
    }

    async fn block(&self, action: &Action, target: &Target) -> Done {
        let now = self.clock.now();
        let end =
            match action.parameters.get(&ParameterName::Expiry) {
                None => None,
                Some(text) => Some(text.parse::<Timestamp>().map_err(|_| {
                    Trouble::Refused(format!("{text} is no time at which a block could end."))
                })?),
            };
        let lasts = end.map_or(NO_END, |end| end.duration_since(now));
        if lasts.as_secs() < 1 {
            return Ok((Outcome::Skipped, "Its end has passed already: nothing was blocked.".to_owned()));
        }
        let scenario = scenario(action.id);
        let until = end.map_or_else(|| "until it is lifted".to_owned(), |end| format!("until {end}"));
        let blocked = format!("{} is banned {until}.", target.value);
        let ours = |decision: &Decision| decision.scenario == scenario && decision.is_of(target);
        let before = self.decisions_on(target).await.map_err(Trouble::before_any_change)?;
        if before.iter().any(ours) {
            return Ok((Outcome::Completed, blocked));
        }
        let token = self.sign_in().await.map_err(Trouble::before_any_change)?;
        let alert = alert(action, target, &scenario, now, lasts);
        let answer = self.request(Method::POST, "/v1/alerts", &[])?.header(AUTHORIZATION, token).json(&alert);
        // A bad duration or address is 500 too: repeated, it would be so again.
        match self.send(answer).await? {
            (status, _) if status.is_success() => {}
            (status, said) => return Err(self.refused(status, &said)),
        }
        let after = self.decisions_on(target).await.map_err(Trouble::after_a_change)?;
        if after.iter().any(ours) {
            return Ok((Outcome::Completed, blocked));
        }
        Err(Trouble::Refused(format!("CrowdSec took the ban of {}, and it is not in force.", target.value)))
    }

    /// Lifts what an action did, if this one undoes it; otherwise whatever bans exactly that.
    async fn unblock(&self, action: &Action, target: &Target, repeats: bool) -> Done {
        let before = self.decisions_on(target).await.map_err(Trouble::before_any_change)?;
        let undone = action.undo_of.map(scenario);
        let is_meant = |decision: &&Decision| {
            decision.is_of(target) && undone.as_ref().is_none_or(|scenario| decision.scenario == *scenario)
        };
        let meant: Vec<i64> = before.iter().filter(is_meant).map(|decision| decision.id).collect();
        if !meant.is_empty() {
            let token = self.sign_in().await.map_err(Trouble::before_any_change)?;
            for id in &meant {
                let request = self.request(Method::DELETE, &format!("/v1/decisions/{id}"), &[])?;
                match self.send(request.header(AUTHORIZATION, token.clone())).await? {
                    (status, _) if status.is_success() => {}
                    // What is gone meanwhile is 500, too: what is in force tells.
                    (StatusCode::INTERNAL_SERVER_ERROR, _) => {}
                    (status, said) => return Err(self.refused(status, &said)),
                }
            }
        }
        let after = self.decisions_on(target).await.map_err(Trouble::after_a_change)?;
        if after.iter().any(|decision| meant.contains(&decision.id)) {
            return Err(Trouble::Refused(format!("{} was told to be free, and is banned.", target.value)));
        }
        let others: Vec<String> = after.iter().map(Decision::described).collect();
        if !others.is_empty() {
            let outcome =
                if meant.is_empty() && !repeats { Outcome::Skipped } else { Outcome::PartiallyCompleted };
            let others = others.join(", ");
            return Ok((outcome, format!("{} stays banned by {others}.", target.value)));
        }
        let outcome = if meant.is_empty() && !repeats { Outcome::Skipped } else { Outcome::Completed };
        Ok((outcome, format!("{} is not banned.", target.value)))
    }

    /// What is in force on exactly that, and on what covers it.
    async fn decisions_on(&self, target: &Target) -> Result<Vec<Decision>, Trouble> {
        let filter = if target.scope == "Ip" { "ip" } else { "range" };
        self.in_force(filter, &target.value).await
    }

    async fn in_force(&self, filter: &str, value: &str) -> Result<Vec<Decision>, Trouble> {
        let request = self.request(Method::GET, "/v1/decisions", &[(filter, value)])?;
        let (status, said) = self.send(request.header("x-api-key", self.bouncer_key.clone())).await?;
        match status {
            StatusCode::OK => {
                // Nothing in force is null.
                let found: Option<Vec<Decision>> = serde_json::from_value(said).map_err(|error| {
                    Trouble::Uncertain(format!("CrowdSec's answer is not understood: {error}."))
                })?;
                let mut found = found.unwrap_or_default();
                found.retain(|decision| decision.remediation == "ban");
                Ok(found)
            }
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => {
                Err(Trouble::NotSent(format!("{} does not take the bouncer's key.", peer::place(&self.url))))
            }
            status => Err(self.refused(status, &said)),
        }
    }

    async fn sign_in(&self) -> Result<HeaderValue, Trouble> {
        let body = json!({
            "machine_id": self.settings.machine,
            "password": self.secrets.password.expose(),
            "scenarios": [],
        });
        let request = self.request(Method::POST, "/v1/watchers/login", &[])?.json(&body);
        let (status, said) = self.send(request).await.map_err(Trouble::before_any_change)?;
        let place = peer::place(&self.url);
        match status {
            StatusCode::OK => {
                let token =
                    said["token"].as_str().map(|token| HeaderValue::from_str(&format!("Bearer {token}")));
                token.and_then(Result::ok).ok_or_else(|| Trouble::NotSent(format!("{place} gave no token.")))
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Trouble::NotSent(format!(
                "{place} does not let the machine {} in: its name or password is wrong, or it is not validated.",
                self.settings.machine
            ))),
            StatusCode::NOT_FOUND => Err(Trouble::NotSent(format!("{place} is no local API of CrowdSec."))),
            status => Err(Trouble::NotSent(format!("{place} answered {status} to signing in."))),
        }
    }

    fn request(&self, method: Method, path: &str, query: &[(&str, &str)]) -> Result<RequestBuilder, Trouble> {
        let mut url = self.url.join(path).map_err(|error| Trouble::Refused(format!("{path}: {error}.")))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(self.client.request(method, url))
    }

    async fn send(&self, request: RequestBuilder) -> Result<(StatusCode, Value), Trouble> {
        let mut answer = request.send().await.map_err(|error| peer::unanswered(&error, &self.url))?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| peer::unanswered(&error, &self.url))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(Trouble::Uncertain(format!(
                    "The answer of {} is too long.",
                    peer::place(&self.url)
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((answer.status(), serde_json::from_slice(&body).unwrap_or_default()))
    }

    fn refused(&self, status: StatusCode, said: &Value) -> Trouble {
        let place = peer::place(&self.url);
        match status {
            StatusCode::NOT_FOUND => Trouble::Refused(format!("{place} is no local API of CrowdSec.")),
            status => {
                let said = said["message"].as_str().unwrap_or("no reason");
                Trouble::Refused(format!("CrowdSec refused it with {status}: {said}."))
            }
        }
    }
}

impl Decision {
    /// Whether it bans exactly that, not what covers it.
    fn is_of(&self, target: &Target) -> bool {
        self.scope.eq_ignore_ascii_case(target.scope)
            && canonical::address(&self.value).as_deref() == Some(target.value.as_str())
    }

    fn described(&self) -> String {
        format!("decision {} on {} ({}, {})", self.id, self.value, self.origin, self.scenario)
    }
}

/// What bans it, as the API takes it.
fn alert(action: &Action, target: &Target, scenario: &str, now: Timestamp, lasts: SignedDuration) -> Value {
    let source = if target.scope == "Ip" {
        json!({ "scope": "Ip", "value": target.value, "ip": target.value })
    } else {
        json!({ "scope": "Range", "value": target.value, "range": target.value })
    };
    let why = action.comment.as_deref().unwrap_or("no comment");
    json!([{
        "scenario": scenario,
        "scenario_hash": "",
        "scenario_version": "",
        "message": format!("Countersign: {why} (proposed {})", action.proposed_at),
        "events_count": 1,
        "events": [],
        "start_at": now,
        "stop_at": now,
        "capacity": 0,
        "leakspeed": "0",
        "simulated": false,
        "remediation": true,
        "source": source,
        "decisions": [{
            "duration": format!("{}s", lasts.as_secs()),
            "origin": ORIGIN,
            "scenario": scenario,
            "scope": target.scope,
            "type": "ban",
            "value": target.value,
        }],
    }])
}

/// By this a decision says which action it is of.
fn scenario(action: ActionId) -> String {
    format!("countersign/{action}")
}

fn target(entity: &Entity) -> Option<Target> {
    let Entity::IpAddress { address } = entity else { return None };
    let value = canonical::address(address)?;
    Some(Target { scope: if value.contains('/') { "Range" } else { "Ip" }, value })
}

#[async_trait]
impl Executor for CrowdSec {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> ExecutorKind {
        ExecutorKind::CrowdSec
    }

    fn can(&self) -> Vec<String> {
        self.types().iter().map(|of| of.label().to_owned()).collect()
    }

    async fn test(&self) -> TestResult {
        Self::test(self).await.into()
    }

    fn serves(&self, asset: &Asset) -> bool {
        asset.kind == AssetKind::Device
    }

    fn carries_out(&self, action_type: ActionType, action: &Action) -> bool {
        self.types().contains(&action_type) && target(&action.entity).is_some()
    }

    async fn execute(&self, order: &Order) -> Attempt {
        match self.carry_out(order).await {
            Ok((outcome, detail)) => Attempt::Ended(outcome, detail),
            Err(trouble) => trouble.into(),
        }
    }
}
