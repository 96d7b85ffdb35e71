//! `countersign responder-code`, `responder-list` and `responder-revoke`: hosts that dial out, from the command line.

use std::io::Write as _;
use std::sync::Arc;

use anyhow::{anyhow, ensure};
use clap::Args;
use domain::Error;

use super::terminal::{by_command_line, open_store};
use crate::config::DatabaseOptions;
use service::Service;
use service::clock::SystemClock;
use service::executor::Executors;

/// Options of `countersign responder-code`.
#[derive(Debug, Args)]
pub struct CodeOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// The device that the host stands for, as proposals name it
    device: String,
}

/// Options of `countersign responder-list`.
#[derive(Debug, Args)]
pub struct ListOptions {
    #[command(flatten)]
    database: DatabaseOptions,
}

/// Options of `countersign responder-revoke`.
#[derive(Debug, Args)]
pub struct RevokeOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// The device of the host
    device: String,
}

/// Prints a code.
///
/// # Errors
/// Why there is none.
pub async fn code(options: CodeOptions) -> anyhow::Result<()> {
    let service = open(&options.database).await?;
    let code = service.new_responder_code(&by_command_line(), &options.device).await;
    let code = code.map_err(|error| in_words(&error))?;
    service.store().close().await;
    Ok(writeln!(std::io::stdout(), "{code}")?)
}

/// Prints the hosts.
///
/// # Errors
/// If the database can't be read.
pub async fn list(options: ListOptions) -> anyhow::Result<()> {
    let service = open(&options.database).await?;
    let hosts = service.store().responders().await?;
    service.store().close().await;
    let mut out = std::io::stdout();
    for host in hosts {
        let state = match (host.revoked_at, host.cloned_at) {
            (Some(at), _) => format!("revoked at {at}"),
            (None, Some(at)) => format!("two hosts used its key at {at}"),
            (None, None) => format!("last seen at {}", host.last_seen_at),
        };
        writeln!(out, "{}  {}  version {}  {state}", host.asset, host.name, host.version)?;
    }
    Ok(())
}

/// Revokes a host's key.
///
/// # Errors
/// If there is no such host, or the database can't be written.
pub async fn revoke(options: RevokeOptions) -> anyhow::Result<()> {
    let service = open(&options.database).await?;
    let found = service.revoke_responder(&by_command_line(), &options.device).await;
    let found = found.map_err(|error| in_words(&error))?;
    service.store().close().await;
    ensure!(found, "no host was taken in for {}", options.device);
    Ok(())
}

async fn open(database: &DatabaseOptions) -> anyhow::Result<Service> {
    Ok(Service::new(open_store(database).await?, Arc::new(SystemClock), Executors::default()))
}

fn in_words(error: &Error) -> anyhow::Error {
    match error {
        Error::Invalid(fields) => {
            let fields: Vec<_> = fields.iter().map(|field| format!("the device {}", field.detail)).collect();
            anyhow!("{}", fields.join("; "))
        }
        Error::Internal(text) => anyhow!("{text}"),
        other => anyhow!("{other}"),
    }
}
