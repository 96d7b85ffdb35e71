//! `countersign automation`: stops all rules from the command line, and lets them decide again.

use std::io::Write as _;

use clap::{Args, Subcommand};
use domain::automation::AutomationState;

use super::terminal::{by_command_line, one_line, open_service};
use crate::config::DatabaseOptions;

/// Whether rules decide.
#[derive(Debug, Subcommand)]
pub enum AutomationCommand {
    /// Say whether they do, and which quotas are used
    Status(AutomationOptions),
    /// Let no rule approve anything, until it is resumed
    Stop(StopOptions),
    /// Let rules decide again
    Resume(AutomationOptions),
}

/// Options of `countersign automation`.
#[derive(Debug, Args)]
pub struct AutomationOptions {
    #[command(flatten)]
    database: DatabaseOptions,
}

/// Options of `countersign automation stop`.
#[derive(Debug, Args)]
pub struct StopOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// Why, for others to read
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Runs `countersign automation`.
///
/// # Errors
/// Why it failed.
pub async fn run(command: AutomationCommand) -> anyhow::Result<()> {
    let (AutomationCommand::Status(AutomationOptions { database })
    | AutomationCommand::Resume(AutomationOptions { database })
    | AutomationCommand::Stop(StopOptions { database, .. })) = &command;
    let service = open_service(database).await?;
    let state = match command {
        AutomationCommand::Status(_) => service.automation_now().await,
        AutomationCommand::Stop(StopOptions { reason, .. }) => {
            service.stop_all(by_command_line(), reason).await
        }
        AutomationCommand::Resume(_) => service.resume_all(by_command_line()).await,
    };
    service.store().close().await;
    print(&state.map_err(one_line)?)
}

fn print(state: &AutomationState) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    match &state.stopped {
        Some(stop) => {
            let why = stop.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            writeln!(out, "all automation is stopped since {} by {}{why}", stop.since, stop.by)?;
        }
        None => writeln!(out, "rules decide")?,
    }
    for quota in state.quotas.iter().filter(|quota| quota.used > Some(0) || !quota.is_default) {
        writeln!(
            out,
            "{}: {} of {} in the last hour",
            quota.action_type,
            quota.used.unwrap_or(0),
            quota.per_hour
        )?;
    }
    Ok(())
}
