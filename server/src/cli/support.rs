//! `countersign support-bundle`: what helps to understand a failure, for whoever is asked for help.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use domain::RowScope;
use serde_json::{Value, json};

use super::terminal::check_exists;
use crate::config::DatabaseOptions;
use service::Service;
use service::clock::{Clock as _, SystemClock};
use service::executor::Executors;
use store::{Queue, SharedStore};

/// Options of `countersign support-bundle`.
#[derive(Debug, Args)]
pub struct SupportOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// The file to write, which must not be there yet
    file: PathBuf,
}

/// Records of which the kind and the time are told.
const RECORDS: i64 = 200;

/// Runs `countersign support-bundle`. Of people, tokens and what actions are about it tells nothing.
///
/// # Errors
/// Why there is no bundle.
pub async fn run(options: SupportOptions) -> anyhow::Result<()> {
    let SupportOptions { database, file } = options;
    check_exists(&database)?;
    let store = store::open_read_only(&database.url)
        .await
        .with_context(|| format!("cannot open {}", database.display_url()))?;
    let bundle = bundle(&store, &database).await;
    store.close().await;
    let text = serde_json::to_string_pretty(&bundle)?;
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
    made.and_then(|mut made| made.write_all(text.as_bytes()))
        .with_context(|| format!("{} can't be written", file.display()))?;
    writeln!(std::io::stdout(), "{}", file.display())?;
    Ok(())
}

/// A part that can't be told says why; the others are told anyway.
fn part<E: std::fmt::Display>(value: Result<Value, E>) -> Value {
    value.unwrap_or_else(|error| json!({ "failed": error.to_string() }))
}

async fn bundle(store: &SharedStore, database: &DatabaseOptions) -> Value {
    let verified = match store.verify_log(&[]).await {
        Ok(verified) => {
            json!({ "records": verified.records, "head": verified.head, "actions": verified.actions })
        }
        Err(error) => json!({ "broken": error.to_string() }),
    };
    let service = Service::new(store.clone(), Arc::new(SystemClock), Executors::default());
    let dispatch =
        service.dispatch_now().await.map(|state| json!({ "paused": state.paused, "open": state.open }));
    let version = |program: &str| {
        let output = std::process::Command::new(program).arg("--version").output().ok()?;
        String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned())
    };
    json!({
        "countersign": env!("CARGO_PKG_VERSION"),
        "made_at": SystemClock.now(),
        "system": {
            "os": std::env::consts::OS,
            "architecture": std::env::consts::ARCH,
            "kernel": std::fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|text| text.trim().to_owned()),
            "processors": std::thread::available_parallelism().ok().map(std::num::NonZero::get),
            "memory": std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| text.lines().next().map(str::to_owned)),
            "pg_dump": version("pg_dump"),
        },
        "database": {
            "url": database.display_url(),
            "facts": part(store.facts().await),
        },
        "audit_log": verified,
        "dispatch": part(dispatch),
        "lanes": part(store.lane_counts(&RowScope::ALL).await.map(|counts| {
            json!({ "pending": counts.pending, "in_progress": counts.in_progress })
        })),
        "queue": part(store.queue().await.map(queue)),
        "last_records": part(last_records(store).await),
    })
}

fn queue(queue: Queue) -> Value {
    let open: Vec<_> = queue
        .open
        .iter()
        .map(|of| json!({ "executor": of.executor, "count": of.count, "oldest": of.oldest }))
        .collect();
    json!({ "oldest_pending": queue.oldest_pending, "open": open })
}

/// What happened last, without who did it and to what.
async fn last_records(store: &SharedStore) -> Result<Value, store::StoreError> {
    let head = store.audit_head().await?;
    let from = (head - RECORDS).max(0);
    let records = store.audit_after(from, u32::try_from(RECORDS).unwrap_or(u32::MAX)).await?;
    Ok(records
        .iter()
        .map(|record| json!({ "seq": record.seq, "at": record.at, "kind": record.kind }))
        .collect())
}
