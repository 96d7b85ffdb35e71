//! `countersign dispatch`.

use std::io::Write as _;

use clap::{Args, Subcommand};
use domain::dispatch::DispatchState;

use super::terminal::{by_command_line, one_line, open_service};
use crate::config::DatabaseOptions;

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
    let service = open_service(database).await?;
    let state = match command {
        DispatchCommand::Status(_) => service.dispatch_now().await,
        DispatchCommand::Resume(_) => service.resume(by_command_line()).await,
    };
    service.store().close().await;
    print(&state.map_err(one_line)?)
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
