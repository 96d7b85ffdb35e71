//! `countersign automation`: stops all rules from the command line, lets them decide again, and says what they may approve
//! on users that are compromised.

use std::io::Write as _;

use clap::{Args, Subcommand};
use domain::ActionType;
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
    /// Say which types of action rules approve on users whose verdict is Compromised
    CompromisedUsers(CompromisedUsersOptions),
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

/// Options of `countersign automation compromised-users`.
#[derive(Debug, Args)]
pub struct CompromisedUsersOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// The types, for example `revoke_sessions`; none, and a person decides on all
    #[arg(value_name = "TYPE")]
    types: Vec<ActionType>,
}

/// Runs `countersign automation`.
///
/// # Errors
/// Why it failed.
pub async fn run(command: AutomationCommand) -> anyhow::Result<()> {
    let (AutomationCommand::Status(AutomationOptions { database })
    | AutomationCommand::Resume(AutomationOptions { database })
    | AutomationCommand::CompromisedUsers(CompromisedUsersOptions { database, .. })
    | AutomationCommand::Stop(StopOptions { database, .. })) = &command;
    let service = open_service(database).await?;
    let state = match command {
        AutomationCommand::Status(_) => service.automation_now().await,
        AutomationCommand::Stop(StopOptions { reason, .. }) => {
            service.stop_all(by_command_line(), reason).await
        }
        AutomationCommand::Resume(_) => service.resume_all(by_command_line()).await,
        AutomationCommand::CompromisedUsers(CompromisedUsersOptions { types, .. }) => {
            service.let_on_compromised_users(by_command_line(), types).await
        }
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
    let types: Vec<_> = state.compromised_users.iter().map(|of| of.as_str()).collect();
    match types.as_slice() {
        [] => writeln!(out, "a person decides on users that are compromised")?,
        types => writeln!(out, "on users that are compromised rules approve {}", types.join(", "))?,
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
