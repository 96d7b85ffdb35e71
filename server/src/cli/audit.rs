//! `countersign audit`.

use std::io::Write as _;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};

use crate::config::DatabaseOptions;

/// The audit log.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check that no record was changed, removed or put in
    Verify(VerifyOptions),
}

/// Options of `countersign audit verify`.
#[derive(Debug, Args)]
pub struct VerifyOptions {
    #[command(flatten)]
    database: DatabaseOptions,
}

/// Runs `countersign audit`.
///
/// # Errors
/// The first place at which the log is broken.
pub async fn run(command: AuditCommand) -> anyhow::Result<()> {
    let AuditCommand::Verify(VerifyOptions { database }) = command;
    ensure!(database.exists(), "there is no database at {}", database.display_url());
    let store = store::connect(&database.url)
        .await
        .with_context(|| format!("cannot open {}", database.display_url()))?;
    let verified = store::verify(&*store).await;
    store.close().await;
    match verified {
        Ok((count, head)) => {
            writeln!(std::io::stdout(), "audit log ok: {count} records, head {head}")?;
            Ok(())
        }
        Err(broken) => bail!("the audit log is broken: {broken}"),
    }
}
