//! `countersign automation`: stops all rules from the command line, and lets them decide again.

use std::io::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, ensure};
use clap::{Args, Subcommand};
use domain::access::SystemAuthority;
use domain::automation::AutomationState;
use domain::{Authorized, Error};

use crate::config::DatabaseOptions;
use service::Service;
use service::clock::SystemClock;
use service::executor::Executors;

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
    ensure!(database.exists(), "there is no database at {}", database.display_url());
    let store = store::connect(&database.url)
        .await
        .with_context(|| format!("cannot open {}", database.display_url()))?;
    let service = Service::new(store.clone(), Arc::new(SystemClock), Executors::default());
    let by = || {
        #[expect(clippy::disallowed_methods, reason = "the command line is an entry point")]
        let authority = SystemAuthority::take();
        Authorized::system(&authority, "cli", "Command line")
    };
    let state = match command {
        AutomationCommand::Status(_) => service.automation_now().await,
        AutomationCommand::Stop(StopOptions { reason, .. }) => service.stop_all(by(), reason).await,
        AutomationCommand::Resume(_) => service.resume_all(by()).await,
    };
    store.close().await;
    print(&state.map_err(|error| match &error {
        Error::Invalid(fields) => {
            anyhow!("{}", fields.iter().map(|of| of.detail.as_str()).collect::<String>())
        }
        _ => anyhow!("{error}"),
    })?)
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
    for quota in state.quotas.iter().filter(|quota| quota.used > 0 || !quota.is_default) {
        writeln!(out, "{}: {} of {} in the last hour", quota.action_type, quota.used, quota.per_hour)?;
    }
    Ok(())
}
