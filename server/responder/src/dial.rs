//! Dialling out: the host asks the server for its orders, carries them out, and reports. No port is opened here, and
//! what the server says is believed only if it is signed for this host and the command's id.
//!
//! Nothing is kept of a report: an order stays with the server until it was reported on, and the journal answers a
//! repeat with the first result.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crash::crash_point;
use jiff::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{StatusCode, Url};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Digest as _;
use tokio::io::AsyncReadExt as _;
use uuid::Uuid;

use super::conduct::Conductor;
use openc2::identity::{Identity, PublicKey, Purpose};
use openc2::{Command, Response, Status};

/// How long the server may hold an answer back, in seconds.
const WAIT: u32 = 25;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(40);
/// How long a name may take to be found.
const NAME_TIMEOUT: Duration = Duration::from_secs(5);
/// Pauses between attempts that fail, in seconds; the last is kept to.
const PAUSES: [u64; 6] = [1, 2, 4, 8, 15, 30];
/// How often a command is asked again that is not settled.
const MAX_REPEATS: usize = 5;
/// What is handed over of a file at a time.
const PART_BYTES: u64 = 1024 * 1024;
/// The largest answer that is read.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// What a host knows of the server that took it in, in a file beside its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Membership {
    server: String,
    /// The hash of the code by which it was taken in: a start with the same code again does nothing.
    code_hash: String,
    name: String,
    asset: String,
    server_key: String,
}

/// A host that was taken in.
pub(super) struct Dialler {
    url: Url,
    client: reqwest::Client,
    identity: Identity,
    member: Membership,
    server_key: PublicKey,
    instance: String,
    clock: fn() -> Timestamp,
}

/// What the server says of orders.
#[derive(Deserialize)]
struct Orders {
    orders: Vec<SignedOrder>,
}

#[derive(Clone, Deserialize)]
struct SignedOrder {
    command_id: String,
    command: String,
    signature: String,
}

/// A file beside that of the key.
fn beside(identity: &Path, suffix: &str) -> PathBuf {
    let mut name = identity.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn known(identity: &Path) -> anyhow::Result<Option<Membership>> {
    let path = beside(identity, ".server");
    match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .with_context(|| format!("{} can't be read", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} can't be read", path.display())),
    }
}

/// The addresses of the server, for as long as nothing else is said of them: an isolated host can't ask for names.
#[derive(Clone, Default)]
struct Remembered(Arc<Mutex<Vec<SocketAddr>>>);

impl Resolve for Remembered {
    fn resolve(&self, name: Name) -> Resolving {
        let last = Arc::clone(&self.0);
        Box::pin(async move {
            let found = tokio::time::timeout(NAME_TIMEOUT, tokio::net::lookup_host((name.as_str(), 0))).await;
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(Ok(found)) = found {
                *last = found.collect();
            }
            Ok(Box::new(last.clone().into_iter()) as Addrs)
        })
    }
}

/// The server's addresses and port, as they are now.
pub(super) fn addresses(server: &str) -> Vec<SocketAddr> {
    let addresses = Url::parse(server).ok().and_then(|url| url.socket_addrs(|| None).ok());
    addresses.unwrap_or_default()
}

fn client(server: &str) -> anyhow::Result<(Url, reqwest::Client)> {
    let url = Url::parse(server).with_context(|| format!("{server:?} is not the URL of a server"))?;
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    ensure!(
        url.scheme() == "https" || (is_local && url.scheme() == "http"),
        "refusing {server}: without TLS only a server on this machine is dialled; use https"
    );
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(Arc::new(Remembered::default()))
        .connect_timeout(Duration::from_secs(10))
        .timeout(ANSWER_TIMEOUT)
        .build()
        .context("the HTTP client can't be set up")?;
    Ok((url, client))
}

/// Makes a key pair, and has the server take this host in by a code. The key is kept before it is sent, so that a host
/// whose answer was lost is taken in by asking again.
pub(super) async fn enrol(server: &str, code: &str, identity: &Path) -> anyhow::Result<()> {
    let code_hash = hex::encode(sha2::Sha256::digest(code.trim()));
    if known(identity)?.is_some_and(|known| known.code_hash == code_hash && known.server == server) {
        return Ok(());
    }
    let (url, client) = client(server)?;
    let new = beside(identity, ".new");
    let made = if let Ok(made) = Identity::load(&new) {
        made
    } else {
        let made = Identity::generate().context("no key can be made")?;
        made.store(&new).with_context(|| format!("the key can't be kept in {}", new.display()))?;
        made
    };
    let body = json!({
        "code": code.trim(),
        "public_key": made.public().to_string(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    let answer = client.post(url.join("/api/v1/responder/enrolments")?).json(&body).send().await;
    let answer = answer.with_context(|| format!("{server} can't be reached"))?;
    let status = answer.status();
    let body: Value = answer.json().await.unwrap_or_default();
    if status != StatusCode::OK {
        let wrong = &body["errors"][0];
        let why = match (wrong["pointer"].as_str(), wrong["detail"].as_str()) {
            (Some(pointer), Some(detail)) => format!("the {} {detail}", pointer.trim_start_matches('/')),
            _ => body["detail"].as_str().unwrap_or("it gives no reason").to_owned(),
        };
        bail!("{server} does not take this host in: {why} ({status})");
    }
    let text = |name: &str| {
        body[name].as_str().map(str::to_owned).with_context(|| format!("{server} told no {name}"))
    };
    let member = Membership {
        server: server.to_owned(),
        code_hash,
        name: text("name")?,
        asset: text("asset")?,
        server_key: text("server_key")?,
    };
    member.server_key.parse::<PublicKey>().context("the server's key")?;
    std::fs::rename(&new, identity)
        .with_context(|| format!("the key can't be kept in {}", identity.display()))?;
    let known = beside(identity, ".server");
    std::fs::write(&known, serde_json::to_vec_pretty(&member)?)
        .with_context(|| format!("{} can't be written", known.display()))?;
    tracing::info!(name = member.name, asset = member.asset, "enrolled");
    Ok(())
}

impl Dialler {
    /// The host that was taken in, by the files of its key.
    pub(super) fn open(server: &str, identity: &Path, clock: fn() -> Timestamp) -> anyhow::Result<Self> {
        let (url, client) = client(server)?;
        let member = known(identity)?.context("this host is not enrolled: use --enrol CODE")?;
        ensure!(member.server == server, "this host is enrolled with {}: use --enrol CODE", member.server);
        let server_key = member.server_key.parse().context("the server's key")?;
        let identity = Identity::load(identity)?;
        let instance = Uuid::new_v4().to_string();
        Ok(Self { url, client, identity, member, server_key, instance, clock })
    }

    /// The device that this host stands for.
    pub(super) fn asset(&self) -> &str {
        &self.member.asset
    }

    /// Asks for orders and has them carried out, until `stop` is ready.
    pub(super) async fn run(self, conductor: Conductor, stop: impl Future<Output = ()>) {
        let dialler = Arc::new(self);
        let in_hand: Arc<Mutex<HashSet<String>>> = Arc::default();
        let mut failures = 0_usize;
        let mut stop = std::pin::pin!(stop);
        loop {
            let pairs = conductor.features().await;
            let asked = tokio::select! {
                () = &mut stop => return,
                asked = dialler.ask(&pairs, &in_hand) => asked,
            };
            match asked {
                Ok(orders) => {
                    failures = 0;
                    for order in orders {
                        if lock(&in_hand).insert(order.command_id.clone()) {
                            let (dialler, conductor) = (Arc::clone(&dialler), conductor.clone());
                            let in_hand = Arc::clone(&in_hand);
                            tokio::spawn(async move {
                                dialler.carry_out(&order, &conductor).await;
                                lock(&in_hand).remove(&order.command_id);
                            });
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "the server gave no orders");
                    let pause = PAUSES[failures.min(PAUSES.len() - 1)];
                    failures += 1;
                    tokio::select! {
                        () = &mut stop => return,
                        () = tokio::time::sleep(Duration::from_secs(pause)) => {}
                    }
                }
            }
        }
    }

    async fn ask(&self, pairs: &Value, in_hand: &Mutex<HashSet<String>>) -> anyhow::Result<Vec<SignedOrder>> {
        let in_hand: Vec<_> = lock(in_hand).iter().cloned().collect();
        let body = json!({
            "instance": self.instance,
            "version": env!("CARGO_PKG_VERSION"),
            "pairs": pairs,
            "in_hand": in_hand,
            "wait": WAIT,
        });
        let (status, answer) = self.send("/api/v1/responder/polls", &body).await?;
        match status {
            StatusCode::OK => {
                Ok(serde_json::from_slice::<Orders>(&answer).context("the answer is none")?.orders)
            }
            StatusCode::UNAUTHORIZED => {
                bail!(
                    "the server does not believe this host: its key was revoked, or is used twice, or a clock is wrong"
                )
            }
            status => bail!("the server answered {status}"),
        }
    }

    async fn carry_out(&self, order: &SignedOrder, conductor: &Conductor) {
        let parts = [self.member.name.as_bytes(), order.command_id.as_bytes(), order.command.as_bytes()];
        if !self.server_key.verifies(Purpose::Order, &parts, &order.signature) {
            tracing::error!(
                command_id = order.command_id,
                "an order is not signed by the server; nothing is done"
            );
            // It is asked about again no sooner than after a while.
            tokio::time::sleep(Duration::from_secs(PAUSES[PAUSES.len() - 1])).await;
            return;
        }
        let response = match serde_json::from_str::<Command>(&order.command) {
            Ok(command) if command.command_id.as_deref() == Some(order.command_id.as_str()) => {
                settle(command, conductor).await
            }
            Ok(_) => Response::refusing(
                Status::BAD_REQUEST,
                "malformed",
                "the command has another id than its order",
            ),
            Err(error) => {
                Response::refusing(Status::BAD_REQUEST, "malformed", format!("not a command: {error}"))
            }
        };
        let reported = async {
            self.hand_over(&order.command_id, &response, conductor).await?;
            self.report(&order.command_id, &response).await
        };
        if let Err(error) = reported.await {
            // The server gives the order again, and the journal its result.
            tracing::warn!(command_id = order.command_id, error = format!("{error:#}"), "not reported yet");
            tokio::time::sleep(Duration::from_secs(PAUSES[0])).await;
        }
    }

    /// Hands over what was made under a command, before the report that names it. What the server does not take stays in
    /// the vault alone.
    async fn hand_over(
        &self,
        command_id: &str,
        response: &Response,
        conductor: &Conductor,
    ) -> anyhow::Result<()> {
        let Some(artifact) = response.report().and_then(|report| report.artifact) else { return Ok(()) };
        let Ok(mut file) = conductor.open_artifact(&artifact.name).map(tokio::fs::File::from_std) else {
            tracing::warn!(command_id, name = artifact.name, "what was made is gone");
            return Ok(());
        };
        for part in 0_u32.. {
            let mut data = Vec::new();
            (&mut file).take(PART_BYTES).read_to_end(&mut data).await?;
            if data.is_empty() {
                break;
            }
            crash_point!("package.before_part");
            let body = json!({ "command_id": command_id, "part": part, "data": STANDARD.encode(&data) });
            let (status, answer) = self.send("/api/v1/responder/packages", &body).await?;
            if status.is_client_error() && status != StatusCode::UNAUTHORIZED {
                let answer = String::from_utf8_lossy(&answer).into_owned();
                tracing::warn!(command_id, %status, answer, "the server does not take what was made");
                return Ok(());
            }
            ensure!(status == StatusCode::NO_CONTENT, "the server answered {status}");
        }
        crash_point!("package.after_parts");
        Ok(())
    }

    async fn report(&self, command_id: &str, response: &Response) -> anyhow::Result<()> {
        let response = serde_json::to_string(response)?;
        let parts = [self.member.name.as_bytes(), command_id.as_bytes(), response.as_bytes()];
        let signature = self.identity.sign(Purpose::Report, &parts);
        let body = json!({ "command_id": command_id, "response": response, "signature": signature });
        let (status, answer) = self.send("/api/v1/responder/reports", &body).await?;
        ensure!(
            status == StatusCode::NO_CONTENT,
            "the server answered {status}: {}",
            String::from_utf8_lossy(&answer)
        );
        Ok(())
    }

    async fn send(&self, path: &str, body: &Value) -> anyhow::Result<(StatusCode, Vec<u8>)> {
        let body = serde_json::to_vec(body)?;
        let timestamp = (self.clock)().as_second().to_string();
        let parts = [self.member.name.as_bytes(), timestamp.as_bytes(), body.as_slice()];
        let signature = self.identity.sign(Purpose::Request, &parts);
        let request = self
            .client
            .post(self.url.join(path)?)
            .header("content-type", "application/json")
            .header("countersign-responder", &self.member.name)
            .header("countersign-timestamp", timestamp)
            .header("countersign-signature", signature)
            .body(body);
        let mut answer = request.send().await.with_context(|| format!("{} can't be reached", self.url))?;
        let status = answer.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            ensure!(bytes.len() + chunk.len() <= MAX_ANSWER, "the answer is too long");
            bytes.extend_from_slice(&chunk);
        }
        Ok((status, bytes))
    }
}

/// Carries a command out to its end: what is under way is waited for, what is not settled is tried again.
async fn settle(command: Command, conductor: &Conductor) -> Response {
    let mut repeats = 0;
    loop {
        let response = conductor.carry_out(command.clone()).await;
        match response.status {
            Status::PROCESSING => {}
            Status::UNAVAILABLE if repeats < MAX_REPEATS => {
                tokio::time::sleep(Duration::from_secs(PAUSES[repeats])).await;
                repeats += 1;
            }
            _ => return response,
        }
    }
}

fn lock(in_hand: &Mutex<HashSet<String>>) -> std::sync::MutexGuard<'_, HashSet<String>> {
    in_hand.lock().unwrap_or_else(PoisonError::into_inner)
}
