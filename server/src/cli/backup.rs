//! `countersign backup` and `countersign restore`.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::terminal::{authority, by_command_line, check_exists, one_line, open_service};
use crate::config::DatabaseOptions;

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
    check_exists(&database)?;
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
    let service = open_service(&database).await?;
    let reason = format!("It was restored from a copy whose log ends at record {}.", verified.records);
    let paused = service.pause_dispatch(&authority(), by_command_line(), reason).await;
    let state = match paused {
        Ok(()) => service.dispatch_now().await,
        Err(error) => Err(error),
    };
    service.store().close().await;
    let state = state.map_err(one_line)?;
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
