//! `countersign backup` and `countersign restore`.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, ensure};
use clap::Args;
use domain::{Authorized, SystemAuthority};

use crate::config::DatabaseOptions;
use service::Service;
use service::clock::SystemClock;
use service::executor::Executors;

/// Options of `countersign backup`.
#[derive(Debug, Args)]
pub struct BackupOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// The file to write, which must not be there yet
    file: PathBuf,
}

/// Options of `countersign restore`.
#[derive(Debug, Args)]
pub struct RestoreOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// The copy that `countersign backup` made
    file: PathBuf,
}

/// Runs `countersign backup`.
///
/// # Errors
/// Why there is no copy.
pub async fn back_up(options: BackupOptions) -> anyhow::Result<()> {
    let BackupOptions { database, file } = options;
    ensure!(database.exists(), "there is no database at {}", database.display_url());
    let verified = store::back_up(&database.url, &file)
        .await
        .with_context(|| format!("{} was not copied", database.display_url()))?;
    let store::Verified { records, head, actions, .. } = verified;
    let file = file.display();
    writeln!(std::io::stdout(), "{file}: {actions} actions and {records} records, head {head}")?;
    Ok(())
}

/// Runs `countersign restore`. The database starts with dispatch paused: what it holds was true when the copy was made.
///
/// # Errors
/// Why there is no database.
pub async fn restore(options: RestoreOptions) -> anyhow::Result<()> {
    let RestoreOptions { database, file } = options;
    let verified = store::restore(&file, &database.url)
        .await
        .with_context(|| format!("{} was not restored", database.display_url()))?;
    let store = store::connect(&database.url)
        .await
        .with_context(|| format!("cannot open {}", database.display_url()))?;
    #[expect(clippy::disallowed_methods, reason = "the command line is an entry point")]
    let authority = SystemAuthority::take();
    let service = Service::new(store.clone(), Arc::new(SystemClock), Executors::default());
    let by = Authorized::system(&authority, "cli", "Command line");
    let reason = format!("It was restored from a copy whose log ends at record {}.", verified.records);
    let paused = service.pause_dispatch(&authority, by, reason).await;
    let state = match paused {
        Ok(()) => service.dispatch_now().await,
        Err(error) => Err(error),
    };
    store.close().await;
    let state = state.map_err(|error| anyhow!("{error}"))?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "restored {} actions and {} records, head {}",
        verified.actions, verified.records, verified.head
    )?;
    writeln!(
        out,
        "dispatch is paused; {} commands would be sent: countersign dispatch status, then resume",
        state.open
    )?;
    Ok(())
}
