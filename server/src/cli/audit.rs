//! `countersign audit`.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};

use super::terminal::check_exists;
use crate::config::DatabaseOptions;
use service::checkpoint::{heads, load_public_key, read_checkpoints};

/// The audit log.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check that no record was changed, removed or put in, and that the tables say what the log says
    Verify(VerifyOptions),
}

/// Options of `countersign audit verify`.
#[derive(Debug, Args)]
pub struct VerifyOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// The checkpoints that `countersign serve --checkpoints` wrote
    #[arg(long, value_name = "FILE", requires = "key")]
    checkpoints: Option<PathBuf>,

    /// The key that checks them, the file that ends with .pub
    #[arg(long, value_name = "FILE", requires = "checkpoints")]
    key: Option<PathBuf>,
}

/// Runs `countersign audit`.
///
/// # Errors
/// The first thing that is wrong.
pub async fn run(command: AuditCommand) -> anyhow::Result<()> {
    let AuditCommand::Verify(VerifyOptions { database, checkpoints, key }) = command;
    check_exists(&database)?;
    let noted = match checkpoints.zip(key) {
        Some((file, key)) => {
            let noted = heads(&read_checkpoints(&file, &load_public_key(&key)?)?);
            let name = file.display();
            ensure!(
                !noted.is_empty(),
                "{name} holds no checkpoint, so that the log can't be compared with any"
            );
            noted
        }
        None => Vec::new(),
    };
    // As it is, and without a trace: also a copy on a medium that can't be written to.
    let store = store::open_read_only(&database.url)
        .await
        .with_context(|| format!("cannot open {}", database.display_url()))?;
    let verified = store.verify_log(&noted).await;
    store.close().await;
    match verified {
        Ok(store::Verified { records, head, actions, noted }) => {
            let mut out = std::io::stdout();
            writeln!(out, "audit log ok: {records} records, head {head}")?;
            writeln!(out, "{actions} actions agree with it")?;
            if noted > 0 {
                writeln!(out, "{noted} checkpoints agree with it")?;
            }
            Ok(())
        }
        Err(broken) => bail!("the audit log is broken: {broken}"),
    }
}
