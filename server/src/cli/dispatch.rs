//! `countersign dispatch`.

use std::io::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, ensure};
use clap::{Args, Subcommand};
use domain::dispatch::DispatchState;
use domain::{Authorized, SystemAuthority};

use crate::config::DatabaseOptions;
use service::Service;
use service::clock::SystemClock;
use service::executor::Executors;

/// Whether commands are handed to executors.
#[derive(Debug, Subcommand)]
pub enum DispatchCommand {
    /// Say whether they are, and which of them wait
    Status(DispatchOptions),
    /// Go on after a pause
    Resume(DispatchOptions),
}

/// Options of `countersign dispatch`.
#[derive(Debug, Args)]
pub struct DispatchOptions {
    #[command(flatten)]
    database: DatabaseOptions,
}

/// Runs `countersign dispatch`.
///
/// # Errors
/// Why it failed.
pub async fn run(command: DispatchCommand) -> anyhow::Result<()> {
    let (DispatchCommand::Status(DispatchOptions { database })
    | DispatchCommand::Resume(DispatchOptions { database })) = &command;
    ensure!(database.exists(), "there is no database at {}", database.display_url());
    let store = store::connect(&database.url)
        .await
        .with_context(|| format!("cannot open {}", database.display_url()))?;
    let service = Service::new(store.clone(), Arc::new(SystemClock), Executors::default());
    let state = match command {
        DispatchCommand::Status(_) => service.dispatch_now().await,
        DispatchCommand::Resume(_) => {
            #[expect(clippy::disallowed_methods, reason = "the command line is an entry point")]
            let authority = SystemAuthority::take();
            service.resume(Authorized::system(&authority, "cli", "Command line")).await
        }
    };
    store.close().await;
    print(&state.map_err(|error| anyhow!("{error}"))?)
}

fn print(state: &DispatchState) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    match &state.paused {
        Some(pause) => writeln!(out, "dispatch is paused since {}: {}", pause.since, pause.reason)?,
        None => writeln!(out, "commands are handed to executors")?,
    }
    writeln!(out, "{} commands are open", state.open)?;
    for command in &state.commands {
        let sent = if command.possibly_sent { ", possibly sent before" } else { "" };
        writeln!(
            out,
            "{} {} {:?} on {:?} for action {}, decided at {}{sent}",
            command.command_id,
            command.action_type,
            command.entity,
            command.asset,
            command.action_id,
            command.created_at
        )?;
    }
    Ok(())
}
