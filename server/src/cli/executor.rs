//! `countersign executor`: what carries actions out, from the command line.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};
use domain::executors::contract::{ExecutorState, Health, NewExecutor};
use domain::executors::{ExecutorKind, ExecutorSetup, ServeRule, Settings, default_concurrency};
use domain::{Authorized, Error};

use super::terminal::{authority, by_command_line, open_store};
use crate::config::{DatabaseOptions, DestinationOptions, SecretsOptions};
use executors::enrolled::Ed25519;
use executors::seal::SecretsKey;
use executors::workshop::Kinds;
use service::Service;
use service::clock::{SharedClock, SystemClock};
use service::executor::Executors;
use service::switchboard::Switchboard;

/// What carries actions out.
#[derive(Debug, Subcommand)]
pub enum ExecutorCommand {
    /// Add an executor, at the end of the order
    Add(AddOptions),
    /// List the executors in the order in which they are asked
    List(ListOptions),
    /// Ask one whether it is there, without any effect
    Test(NameOptions),
    /// Pause one: what is approved waits
    Pause(NameOptions),
    /// Let one go on
    Resume(NameOptions),
    /// Remove one that nothing waits for
    Remove(NameOptions),
}

/// Where executors and their secrets are kept.
#[derive(Debug, Args)]
pub struct ListOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    #[command(flatten)]
    secrets: SecretsOptions,

    #[command(flatten)]
    destinations: DestinationOptions,
}

/// Which executor.
#[derive(Debug, Args)]
pub struct NameOptions {
    #[command(flatten)]
    kept: ListOptions,

    /// Its name
    name: String,
}

/// Options of `countersign executor add`.
#[derive(Debug, Args)]
pub struct AddOptions {
    #[command(flatten)]
    kept: ListOptions,

    /// Its name, which never changes: a-z, 0-9, '.', '_' and '-'
    name: String,

    /// What it speaks: manual, webhook, openc2, ldap, mail or crowdsec
    #[arg(long)]
    kind: ExecutorKind,

    /// What it serves: * for everything, or 'kind=device; name=web-*; group=G; type=T,T'; may be repeated
    #[arg(long = "serves", value_name = "RULE", default_value = "*")]
    serves: Vec<ServeRule>,

    /// Where it is
    #[arg(id = "endpoint", long = "url", value_name = "URL")]
    url: Option<String>,

    /// Its address may be a private, link-local or loopback one
    #[arg(long)]
    internal: bool,

    /// The actuator profile of a consumer
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// Hours until what is done by hand should be done
    #[arg(long, value_name = "HOURS")]
    due_hours: Option<u32>,

    /// A file with the settings of a directory, a mail system or CrowdSec, as a JSON object; of a consumer its authority
    #[arg(long, value_name = "FILE")]
    options: Option<PathBuf>,

    /// Commands at a time
    #[arg(long, value_name = "N", default_value_t = default_concurrency())]
    concurrency: u32,

    /// Commands a minute
    #[arg(long, value_name = "N")]
    rate: Option<u32>,

    /// Seconds until what was handed over is unknown
    #[arg(long, value_name = "SECONDS")]
    time_limit: Option<u32>,

    /// A file with its secret, - for stdin: a token, a password, or a certificate and its key for mutual TLS; a webhook without one gets one, which is printed once
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
}

/// Runs `countersign executor`.
///
/// # Errors
/// Why it failed.
pub async fn run(command: ExecutorCommand) -> anyhow::Result<()> {
    match command {
        ExecutorCommand::Add(options) => add(options).await,
        ExecutorCommand::List(kept) => {
            let (service, _) = open(&kept).await?;
            let states = service.executor_states().await.map_err(|error| in_words(&error))?;
            let mut out = std::io::stdout();
            for mut state in states {
                state.says = says(&service, &state).await?;
                writeln!(out, "{}", line(&state))?;
            }
            service.store().close().await;
            Ok(())
        }
        ExecutorCommand::Test(options) => {
            let (service, _) = open(&options.kept).await?;
            let tested = service.test(&options.name).await.map_err(|error| in_words(&error))?;
            service.store().close().await;
            anyhow::ensure!(tested.works, "{}", tested.says);
            Ok(writeln!(std::io::stdout(), "{}", tested.says)?)
        }
        ExecutorCommand::Pause(options) => pause(&options, true).await,
        ExecutorCommand::Resume(options) => pause(&options, false).await,
        ExecutorCommand::Remove(options) => {
            let (service, by) = open(&options.kept).await?;
            service.remove(&by, &options.name).await.map_err(|error| in_words(&error))?;
            service.store().close().await;
            Ok(())
        }
    }
}

async fn pause(options: &NameOptions, paused: bool) -> anyhow::Result<()> {
    let (service, by) = open(&options.kept).await?;
    let detail = service.pause(&by, &options.name, paused).await.map_err(|error| in_words(&error))?;
    service.store().close().await;
    Ok(writeln!(std::io::stdout(), "{}", line(&detail.state))?)
}

async fn add(options: AddOptions) -> anyhow::Result<()> {
    let (service, by) = open(&options.kept).await?;
    let options_of_kind = options.options.as_deref().map(read_options).transpose()?.unwrap_or_default();
    let AddOptions {
        name,
        kind,
        serves,
        url,
        internal,
        profile,
        due_hours,
        concurrency,
        rate,
        time_limit,
        ..
    } = options;
    let settings =
        Settings { url, internal, profile, due_hours, options: options_of_kind, ..Settings::default() };
    let setup = ExecutorSetup { name, kind, settings, serves, concurrency, rate, time_limit };
    let secret = options.secret.map(read_secret).transpose()?;
    let added = service.set_up_executor(&by, NewExecutor { setup, secret }).await;
    let added = added.map_err(|error| in_words(&error))?;
    service.store().close().await;
    let mut out = std::io::stdout();
    writeln!(out, "{}", line(&added.executor))?;
    if let Some(secret) = added.secret {
        writeln!(out, "its key, shown this once: {secret}")?;
    }
    Ok(())
}

fn read_options(path: &std::path::Path) -> anyhow::Result<serde_json::Map<String, serde_json::Value>> {
    let text = std::fs::read(path).with_context(|| format!("{} can't be read", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} holds no JSON object", path.display()))
}

fn read_secret(path: PathBuf) -> anyhow::Result<String> {
    if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().take(64 * 1024).read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(&path).with_context(|| format!("{} can't be read", path.display()))
}

/// How an executor is, as far as who tried none of its commands can know: of a host what the server has heard of it.
async fn says(service: &Service, state: &ExecutorState) -> anyhow::Result<String> {
    let name = &state.setup.name;
    match (state.setup.kind, state.health) {
        (ExecutorKind::Responder, Health::Untried) => {
            Ok(service.test(name).await.map_err(|error| in_words(&error))?.says)
        }
        (_, Health::Untried) => Ok(format!("Not asked now: countersign executor test {name} asks it.")),
        _ => Ok(state.says.clone()),
    }
}

fn line(state: &ExecutorState) -> String {
    let serves: Vec<_> = state.setup.serves.iter().map(domain::executors::ServeRule::in_words).collect();
    format!("{}  {}  {}  {}", state.setup.name, state.setup.kind, serves.join("; "), state.says)
}

async fn open(kept: &ListOptions) -> anyhow::Result<(Service, Authorized)> {
    let clock: SharedClock = Arc::new(SystemClock);
    let store = open_store(&kept.database).await?;
    let secrets = SecretsKey::in_file(&kept.secrets.file);
    let protocol = Arc::new(Ed25519::new(secrets.clone()));
    let switchboard = Switchboard::new(store.clone(), clock.clone(), authority(), protocol);
    switchboard.load().await.map_err(|error| in_words(&error))?;
    let workshop = Kinds::new(secrets, clock.clone())
        .with_switchboard(switchboard.clone())
        .with_destinations(kept.destinations.list());
    let service = Service::new(store, clock, Executors::default())
        .with_workshop(Arc::new(workshop))
        .with_switchboard(switchboard);
    Ok((service, by_command_line()))
}

fn in_words(error: &Error) -> anyhow::Error {
    match error {
        Error::Invalid(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|field| format!("{} {}", field.pointer.trim_start_matches('/'), field.detail))
                .collect();
            anyhow!("{}", fields.join("; "))
        }
        Error::Internal(text) => anyhow!("{text}"),
        other => anyhow!("{other}"),
    }
}
