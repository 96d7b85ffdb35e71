//! `countersign serve`: puts the parts together, runs them, and takes them down in order.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use axum::Router;
use domain::{Actor, ActorKind, Authorized, SharedBackend, SystemAuthority};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::doors::Doors;
use crate::config::{ResponderAddress, ServeOptions};
use crate::http::pages::pages;
use executors::enrolled::Ed25519;
use executors::openc2::{OpenC2, Peer, Proof};
use executors::seal::SecretsKey;
use executors::simulated::Simulated;
use executors::workshop::Kinds;
use identity::OpenIdConnect;
use openc2::signature::{Key, Token};
use service::Service;
use service::access::console::Console;
use service::checkpoint::{CheckpointKeeper, Found};
use service::clock::{DatabaseClock, SharedClock, SystemClock};
use service::events::Feed;
use service::executor::{Executor, Executors};
use service::factors::Factors;
use service::identity::sign_in::ProviderSignIn;
use service::session::Sessions;
use service::switchboard::Switchboard;
use service::worker;
use store::{self, SharedStore};
use web::edge::paths::FIRST_ADMINISTRATOR;
use web::metrics;
use web::router;
use web::site::Site;
use web::state::AppState;

/// A server that runs.
pub struct RunningServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it sends to TLS from, if anywhere.
    pub redirect: Option<SocketAddr>,
    /// Where it tells Prometheus how it goes, if anywhere.
    pub metrics: Option<SocketAddr>,
    /// Where the first administrator sets name and password, while nobody is there.
    pub first_link: Option<String>,
    /// Its store, for a test that looks behind the page.
    pub store: SharedStore,
    /// Its service, likewise.
    pub service: Service,
    stop: CancellationToken,
    http: JoinHandle<std::io::Result<()>>,
    worker: JoinHandle<()>,
    followed: JoinHandle<()>,
    jobs: JoinHandle<()>,
    checkpoints: Option<JoinHandle<()>>,
    notifier: JoinHandle<()>,
}

/// `countersign serve`: until SIGTERM or ctrl-c.
///
/// # Errors
/// Why it could not start.
pub async fn run(config: ServeOptions) -> anyhow::Result<()> {
    // Before the start, so that an early signal is not lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // A file that may not grow (`ulimit -f`) is an error of its write then, as a full disk is, not the process's end.
    let _file_limit = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?;
    let running = start(&config, Arc::new(SystemClock)).await?;
    announce(&config, &running)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

/// Starts everything and returns once the server answers.
///
/// # Errors
/// Why it could not start.
pub async fn start(config: &ServeOptions, clock: SharedClock) -> anyhow::Result<RunningServer> {
    config.check()?;
    let site = Site::read(&config.site, config.demo).map_err(anyhow::Error::msg)?;
    let executors = executors(config, &clock)?;
    let doors = Doors::open(&config.edge).await?;
    let (address, redirect) = (doors.address()?, doors.redirect_address()?);
    let store = store::connect(&config.database.url)
        .await
        .with_context(|| format!("cannot open {}", config.database.display_url()))?;
    check_purpose(config, &store).await?;

    let stop = CancellationToken::new();
    let clock: SharedClock = DatabaseClock::start(store.clone(), clock, stop.child_token())
        .await
        .context("cannot read the database's clock")?;
    #[expect(clippy::disallowed_methods, reason = "the command line is an entry point: it starts the worker")]
    let authority = SystemAuthority::take();
    let here = config.edge.here(address.port());
    let secrets = SecretsKey::in_file(&config.secrets.file);
    let protocol = Arc::new(Ed25519::new(secrets.clone()));
    let switchboard = Switchboard::new(store.clone(), clock.clone(), authority.clone(), protocol);
    switchboard.load().await.context("cannot read the enrolled hosts")?;
    let workshop = Arc::new(
        Kinds::new(secrets, clock.clone())
            .with_switchboard(switchboard.clone())
            .with_destinations(config.destinations.list()),
    );
    let factors = Factors::new(store.clone(), clock.clone())
        .with_workshop(workshop.clone())
        .with_address(config.mail.base_url(&here));
    let service = Service::new(store.clone(), clock.clone(), executors)
        .with_hunt(config.hunt_url.clone())
        .with_history_kept(config.history_kept())
        .with_workshop(workshop)
        .with_factors(factors.clone())
        .with_switchboard(switchboard)
        .with_reports(authority.clone())
        .with_messenger(config.mail.messenger(&config.destinations)?, config.mail.base_url(&here));
    service.connect_executors().await.context("cannot read the executors")?;
    let followed = tokio::spawn(service.clone().follow_executors(stop.child_token()));
    let rules = Actor::new(ActorKind::System, "device-groups", "Device groups");
    Console::new(service.clone(), authority.clone(), rules)
        .place_devices()
        .await
        .context("cannot bring devices into their groups")?;
    let checkpoints = checkpoints(config, &service, &authority).await?;
    let checkpoints = checkpoints.map(|keeper| tokio::spawn(keeper.run(stop.child_token())));
    let worker = tokio::spawn(worker::run(service.clone(), authority.clone(), stop.child_token()));
    let jobs = tokio::spawn(service.clone().carry_out(authority.clone(), stop.child_token()));
    let notifier = tokio::spawn(service.clone().notify(authority.clone(), stop.child_token()));
    let backend: SharedBackend = Arc::new(service.clone());
    let feed = Feed::start(store.clone(), stop.child_token()).await.context("cannot read the audit log")?;
    let sessions = Sessions::new(store.clone(), clock.clone()).with_times(config.sessions.times()?);
    let (sessions, first_link) = if config.demo {
        (sessions.with_demo(authority.clone()), None)
    } else {
        let key = sessions.first_link().await.context("cannot make the link of the first administrator")?;
        let link = key.map(|key| {
            let base = config.mail.base_url(&here).trim_end_matches('/');
            format!("{base}{FIRST_ADMINISTRATOR}?key={key}")
        });
        (sessions.with_first_start(authority.clone()), link)
    };
    let client =
        OpenIdConnect::new().map_err(|why| anyhow!("cannot speak with identity providers: {why}"))?;
    let provider = ProviderSignIn::new(service.clone(), Arc::new(client), authority);
    let app = AppState::new(store.clone(), clock, sessions, backend, feed, site, config.edge.edge())
        .with_rates(config.edge.rates())
        .with_factors(factors)
        .with_provider(provider);
    let metrics = match config.metrics_addr {
        None => None,
        Some(address) => {
            let listener =
                TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
            let address = listener.local_addr()?;
            tokio::spawn(metrics::serve(listener, metrics::install()?, app.clone(), stop.child_token()));
            Some(address)
        }
    };
    let pages = pages(&app);
    let router: Router = router::build(app, pages);
    let http = tokio::spawn(doors.serve(router, stop.child_token()));
    Ok(RunningServer {
        address,
        redirect,
        metrics,
        first_link,
        store,
        service,
        stop,
        http,
        worker,
        followed,
        jobs,
        checkpoints,
        notifier,
    })
}

impl RunningServer {
    /// Stops accepting, lets requests and attempts end, and closes the store.
    pub async fn stop(self) {
        self.stop.cancel();
        match self.http.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the accept loop ended badly"),
            Err(error) => tracing::error!(%error, "the accept loop ended badly"),
        }
        let tasks = [
            ("the worker", self.worker),
            ("the executors", self.followed),
            ("the jobs", self.jobs),
            ("notifications", self.notifier),
        ];
        for (name, task) in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "{name} ended badly");
            }
        }
        // After all that appends, so that the last one is the end.
        if let Some(checkpoints) = self.checkpoints
            && let Err(error) = checkpoints.await
        {
            tracing::error!(%error, "the checkpoints ended badly");
        }
        self.store.close().await;
    }
}

/// Says what was found, and pauses dispatch if the database is not the one that its checkpoints know.
async fn checkpoints(
    config: &ServeOptions,
    service: &Service,
    authority: &SystemAuthority,
) -> anyhow::Result<Option<CheckpointKeeper>> {
    let keeper = match &config.checkpoints {
        None => None,
        Some(file) => {
            let key = config.checkpoint_key.clone().unwrap_or_else(|| file.with_added_extension("key"));
            let (store, clock) = (service.store().clone(), service.clock().clone());
            let keeper = CheckpointKeeper::open(store, clock, file, &key)?;
            if let Found::WentBack { records, noted } = keeper.compare().await? {
                let reason = format!(
                    "The database went back in time: it ends at record {records}, and at {} it had record {}.",
                    noted.at, noted.seq
                );
                let by = Authorized::system(authority, "start", "Countersign");
                service.pause_dispatch(authority, by, reason).await.map_err(|error| anyhow!("{error}"))?;
            }
            Some(keeper)
        }
    };
    let state = service.dispatch_now().await.map_err(|error| anyhow!("{error}"))?;
    if let Some(pause) = state.paused {
        let first: Vec<_> = state.commands.iter().take(5).map(|it| it.command_id.to_string()).collect();
        tracing::warn!(
            reason = pause.reason,
            open = state.open,
            first = first.join(" "),
            "nothing is handed to executors until a person says so: countersign dispatch status, then resume"
        );
    }
    Ok(keeper)
}

/// The responders first: the simulated one would take every asset.
fn executors(config: &ServeOptions, clock: &SharedClock) -> anyhow::Result<Executors> {
    let mut executors: Vec<Arc<dyn Executor>> = Vec::new();
    for responder in &config.responders {
        let peer = Peer {
            asset: responder.asset.clone(),
            url: responder.url.clone(),
            profile: responder.profile.clone().unwrap_or_else(|| openc2::REPORT_KEY.to_owned()),
            proof: proof(config, responder)?,
        };
        executors.push(Arc::new(OpenC2::new(peer, clock.clone())?));
    }
    if config.demo {
        executors.push(Arc::new(Simulated));
    }
    Ok(Executors::new(executors))
}

/// How a responder and we prove to each other who we are.
fn proof(config: &ServeOptions, responder: &ResponderAddress) -> anyhow::Result<Proof> {
    let read = |file: &Path| std::fs::read(file).with_context(|| format!("{} can't be read", file.display()));
    if let Some(file) = &responder.token {
        return Ok(Proof::Token(Token::load(file)?));
    }
    if let Some(file) = &responder.identity {
        let authority = responder.authority.as_deref().map(read).transpose()?;
        return Ok(Proof::MutualTls { identity: read(file)?, authority });
    }
    let file = config.responder_key.as_ref().context("--responder needs --responder-key FILE")?;
    let key = Key::load_or_create(file)
        .with_context(|| format!("the responders' key {} can't be used", file.display()))?;
    Ok(Proof::Signature(key))
}

/// The demo lets anyone in, so it opens no database but one that was made for it.
async fn check_purpose(config: &ServeOptions, store: &SharedStore) -> anyhow::Result<()> {
    let demo = store.metadata("created_by").await?.as_deref() == Some("demo");
    if config.demo && !demo {
        bail!(
            "--demo refuses {}: it was not made for the demo; make another one with countersign seed --demo",
            config.database.display_url()
        );
    }
    if demo && !config.demo {
        tracing::warn!("this is the demo's database: its actions are invented, and nothing carries them out");
    }
    if !demo && store.count_users().await? == 0 {
        tracing::warn!(
            "nobody can sign in yet: open the link that is printed, or countersign user add NAME --role global_administrator"
        );
    }
    Ok(())
}

/// Says where it is, on stdout: whoever started it waits for this line.
fn announce(
    config: &ServeOptions,
    RunningServer { address, redirect, metrics, first_link, .. }: &RunningServer,
) -> anyhow::Result<()> {
    // Browsers keep a Secure cookie on http://localhost, but not on http://127.0.0.1.
    let host =
        if config.edge.listen.ip().is_loopback() { "localhost".to_owned() } else { address.ip().to_string() };
    let mut out = std::io::stdout();
    if let Some(metrics) = metrics {
        writeln!(out, "metrics at http://{metrics}/metrics")?;
    }
    if let Some(link) = first_link {
        writeln!(out, "the first administrator sets name and password within 24 hours, once, at {link}")?;
    }
    if let Some(redirect) = redirect {
        writeln!(out, "sending to TLS from http://{redirect}")?;
    }
    let scheme = if config.edge.tls_cert.is_some() { "https" } else { "http" };
    writeln!(out, "listening on {scheme}://{host}:{}", address.port())?;
    out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        serve: ServeOptions,
    }

    fn config(folder: &std::path::Path, more: &[&str]) -> ServeOptions {
        let manifest = r#"{"app":{"js":"/pkg/a-1.js","wasm":"/pkg/a-1.wasm"},"css":"/pkg/a-1.css"}"#;
        std::fs::write(folder.join("manifest.json"), manifest).unwrap();
        let url = format!("sqlite://{}", folder.join("t.db").display());
        let site = folder.to_str().unwrap();
        let args = ["x", "--listen", "127.0.0.1:0", "--database-url", &url, "--site", site];
        Line::try_parse_from(args.iter().chain(more)).unwrap().serve
    }

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_server_answers_until_it_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let running = start(&config(folder.path(), &[]), Arc::new(SystemClock)).await.unwrap();
        let address = running.address;
        assert!(get(address, "/healthz").await.starts_with("HTTP/1.1 200 OK"));
        assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 200 OK"));
        // A client that only holds its connection keeps nobody from stopping.
        let _idle = TcpStream::connect(address).await.unwrap();
        tokio::time::timeout(Duration::from_secs(12), running.stop()).await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn the_demo_refuses_a_database_that_is_not_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |config: ServeOptions| async move {
            let started = start(&config, Arc::new(SystemClock)).await;
            started.err().map(|error| error.to_string()).unwrap_or_default()
        };
        let demo = config(folder.path(), &["--demo"]);
        assert!(refused(demo.clone()).await.contains("is not there; make it first"));
        let store = store::connect(&demo.database.url).await.unwrap();
        assert!(refused(demo.clone()).await.contains("was not made for the demo"));
        let mut tx = store.begin_system(&service::testing::system()).await.unwrap();
        tx.set_metadata("created_by", "demo").await.unwrap();
        tx.commit().await.unwrap();
        start(&demo, Arc::new(SystemClock)).await.unwrap().stop().await;
    }
}
