//! The responder: an `OpenC2` consumer that carries out actions on this host.
//!
//! Owns everything that touches the host, and needs nothing else of the server: its journal is files.
//! It must not trust what lies under the root, which others write to at the same time, nor a caller without the key.
//!
//! ```text
//! serve -> endpoint (signature, JSON) -> conduct (turns) -> dispatch (pairs, arguments)
//!                                        conduct -> engine (plan, intent, steps, result)
//!                                        engine -> quarantine | release -> root, vault, content, durable
//!                                        engine -> act -> processes, services, schedules, network, …
//! ```
//!
//! Instead of listening it may dial out (`dial`), for a server that took it in.
//!
//! To make one more action real: its pairs in `act::host`, its task in `dispatch`, and a module below `act` whose
//! `advance` brings the work to its end from wherever a crash left it.

mod act;
mod answer;
mod conduct;
mod content;
mod dial;
mod dispatch;
mod durable;
mod endpoint;
mod engine;
mod journal;
mod order;
mod plan;
mod quarantine;
mod refusal;
mod release;
mod root;
mod search;
mod serve;
mod since;
mod vault;

#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use act::host::Host;
pub use act::host::{Hand, HostArgs};
use act::keep::Keep;
use conduct::Conductor;
use endpoint::Unsigned;
use openc2::signature::{Key, Token};

/// Options of `countersign responder`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where to listen; port 0 takes a free one, which is printed
    #[arg(long, value_name = "ADDRESS:PORT", requires = "key", required_unless_present = "server")]
    pub listen: Option<SocketAddr>,

    /// The server to dial, instead of listening
    #[arg(long, value_name = "URL", conflicts_with = "listen")]
    pub server: Option<String>,

    /// The code by which the server takes this host in: countersign responder-code DEVICE
    #[arg(long, value_name = "CODE", requires = "server")]
    pub enrol: Option<String>,

    /// The file with this host's own key, by which the server knows it; `identity` in the vault where none is named
    #[arg(long, value_name = "FILE", requires = "server")]
    pub identity: Option<PathBuf>,

    /// The folder whose files are served
    #[arg(long, value_name = "DIR")]
    pub root: PathBuf,

    /// The folder for quarantined files; made if missing, and open to nobody else
    #[arg(long, value_name = "DIR")]
    pub vault: PathBuf,

    /// The file with the key that requests and responses are signed with; made if missing
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,

    /// The file with a bearer token: requests that present it need no signature, and their answers have none
    #[arg(long, value_name = "FILE")]
    pub token: Option<PathBuf>,

    /// The file with the certificate to speak TLS with, and those that lead to its authority, as PEM; read again when it
    /// changes
    #[arg(long, value_name = "FILE", requires_all = ["listen", "tls_key"])]
    pub tls_cert: Option<PathBuf>,

    /// The file with its key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// The file with the authorities of client certificates, as PEM: requests of who shows one need no signature
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub client_ca: Option<PathBuf>,

    /// Of client certificates, believe only those for this name; may be repeated
    #[arg(long = "client", value_name = "NAME", requires = "client_ca")]
    pub clients: Vec<String>,

    /// Believe requests that are not signed, because the proxy in front lets only client certificates in that it knows
    #[arg(long, requires = "behind_proxy", conflicts_with = "token")]
    pub mutual_tls: bool,

    /// Allow an address that others can reach, because a proxy in front of it ends TLS
    #[arg(long)]
    pub behind_proxy: bool,

    /// What the host has
    #[command(flatten)]
    pub host: HostArgs,
}

/// Serves until SIGTERM or ctrl-c.
pub async fn run(args: Args) -> anyhow::Result<()> {
    run_until(args, process_clock, stopped()?).await
}

async fn run_until(
    args: Args,
    clock: fn() -> Timestamp,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    match (&args.server, args.listen, &args.key) {
        (Some(server), _, _) => dial_until(&args, server, clock, stop).await,
        (None, Some(listen), Some(key)) => listen_until(&args, listen, key, clock, stop).await,
        (None, _, _) => bail!("name --server URL, or --listen ADDRESS:PORT and --key FILE"),
    }
}

async fn dial_until(
    args: &Args,
    server: &str,
    clock: fn() -> Timestamp,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let addresses = dial::addresses(server).into_iter();
    let keep = addresses.map(|peer| Keep::Peer { address: peer.ip(), port: peer.port() }).collect();
    let engine = open(args, keep, clock).await?;
    let identity = args.identity.clone().unwrap_or_else(|| args.vault.join("identity"));
    if let Some(code) = &args.enrol {
        dial::enrol(server, code, &identity).await?;
    }
    let dialler = dial::Dialler::open(server, &identity, clock)?;
    let mut out = std::io::stdout();
    writeln!(out, "responder of {} dialling {server}", dialler.asset())?;
    out.flush()?;
    dialler.run(Conductor::new(engine, clock), stop).await;
    Ok(())
}

async fn open(args: &Args, keep: Vec<Keep>, clock: fn() -> Timestamp) -> anyhow::Result<Arc<engine::Engine>> {
    let host = Host::open(&args.host, keep)?;
    let engine = Arc::new(engine::Engine::open(&args.root, &args.vault, host, clock)?);
    let recovering = Arc::clone(&engine);
    tokio::task::spawn_blocking(move || recovering.recover()).await.context("recovery ended early")??;
    Ok(engine)
}

async fn listen_until(
    args: &Args,
    listen: SocketAddr,
    key: &Path,
    clock: fn() -> Timestamp,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    ensure!(
        listen.ip().is_loopback() || args.behind_proxy || args.tls_cert.is_some(),
        "refusing to listen on {listen}: without TLS only this machine may connect; use 127.0.0.1, \
         or --tls-cert and --tls-key, or --behind-proxy if a proxy in front ends TLS"
    );
    let key = Key::load_or_create(key)?;
    let unsigned = Unsigned {
        token: args.token.as_deref().map(Token::load).transpose()?,
        certificates: args.client_ca.as_ref().map(|_| args.clients.clone()),
        through_proxy: args.mutual_tls,
    };
    let tls = args.tls_cert.clone().zip(args.tls_key.clone());
    let tls = tls.map(|(certificate, key)| match &args.client_ca {
        Some(authorities) => tls::Acceptor::for_known(tls::Files { certificate, key }, authorities),
        None => tls::Acceptor::new(tls::Files { certificate, key }).map(tls::Acceptor::http1_only),
    });
    let tls = tls.transpose()?;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    let engine = open(args, vec![Keep::Listener { port: address.port() }], clock).await?;
    let router = endpoint::router(endpoint::Endpoint {
        conductor: Conductor::new(engine, clock),
        key,
        unsigned,
        clock,
    });
    let mut out = std::io::stdout();
    let scheme = if tls.is_some() { "https" } else { "http" };
    writeln!(out, "responder listening on {scheme}://{address}")?;
    out.flush()?;
    serve::serve(listener, tls, router, stop).await;
    Ok(())
}

fn stopped() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[expect(clippy::disallowed_methods, reason = "the responder process builds its clock here, once")]
fn process_clock() -> Timestamp {
    Timestamp::now()
}
