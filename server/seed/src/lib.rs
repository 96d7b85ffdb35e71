//! The estate generator: a fictional shipping company with a history of actions, for the demo and for measuring.
//!
//! The same seed, time and number give the same rows, byte for byte. `people`, `devices` and `estate` are who and what
//! can be hit, `threats`, `mail`, `plots` and `comments` are what happens, `generator` proposes, `outcome` decides and
//! `plan` says when. It writes through the store's [`Transaction`], with one audit record an action, and nothing else.
//! To add a story, add a row to `plots`.

mod comments;
mod devices;
mod distributions;
mod estate;
mod evidence;
mod generator;
mod incident;
mod investigations;
mod mail;
mod names;
mod outcome;
mod people;
mod plan;
mod prng;
mod sandbox;
mod scenarios;
mod sentences;
mod threats;
mod users;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use domain::automation::compromised_user_types;
use domain::{
    Action, ActionQuery, AssetKind, AuditKind, Authorized, CommandId, Lane, RowScope, Status, Subject,
    SubjectKind, SystemAuthority, UndoState,
};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::mpsc;

use generator::Generator;
use plan::Plan;
use prng::Rng;
use service::clock::{Clock as _, SystemClock};
use service::digest;
use store::display_url;
use store::{AuditEntry, Guard, NewCommand, StateChange, Store, SystemTransaction, connect};

/// The marker that says what created a database.
pub const CREATED_BY: &str = "created_by";
/// Its value for a demo database: the only kind on which the server signs people in by a button.
pub const DEMO: &str = "demo";
/// Rows in one transaction. A demo estate fits into one, so that an interrupted run leaves nothing behind.
const BATCH: usize = 5_000;

/// What `countersign seed` takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The database; a file is created if it is missing
    #[arg(
        long,
        env = "COUNTERSIGN_DATABASE_URL",
        default_value = "sqlite://countersign.db",
        hide_env_values = true
    )]
    pub database_url: String,
    /// How many actions; from 2,000 on every type, source, decision, status and verdict occurs
    #[arg(long, default_value_t = 2_000)]
    pub actions: usize,
    /// The same seed, time and number of actions give the same rows
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The time at which History ends (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub now: Option<Timestamp>,
    /// Marks the database as a demo: sign-in by button, simulated executor
    #[arg(long)]
    pub demo: bool,
    /// Puts a few harmless files into this folder, and pending actions on them
    #[arg(long, value_name = "DIR")]
    pub sandbox: Option<PathBuf>,
}

/// Fills an empty database.
///
/// # Errors
/// If the database is not empty, or can't be written; if the sandbox can't be.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let begin = Instant::now();
    let now = args.now.unwrap_or_else(|| SystemClock.now());
    let store = connect(&args.database_url)
        .await
        .with_context(|| format!("can't open the database {}", display_url(&args.database_url)))?;
    let told = fill(&*store, &args, now).await;
    store.close().await;
    println!("{} in {:.1} s", told?, begin.elapsed().as_secs_f64());
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the seed is an entry point: it fills an empty database")]
const fn authority() -> SystemAuthority {
    SystemAuthority::take()
}

/// Fills an open database, and says with what.
async fn fill(store: &dyn Store, args: &Args, now: Timestamp) -> anyhow::Result<String> {
    refuse_used(store, now).await?;
    // The database keeps microseconds; what is hashed must read back the same.
    let now = Timestamp::from_microsecond(now.as_microsecond())?;
    let authority = authority();
    let by = Authorized::system(&authority, "seed", "Seed");
    let mut tally = Tally::default();
    // Its own rng, so that what is written doesn't depend on how it is batched.
    let mut writer = Writer { by, now, rng: Rng::new(!args.seed) };
    let many = args.actions > BATCH;
    if many {
        store.suspend_indexes().await?;
    }

    let mut generator = Generator::new(args.seed, now, args.actions);
    let mut tx = store.begin_system(&authority).await?;
    writer.open(&mut *tx, args, &generator).await?;
    // Stories are thought up on a thread of their own while those before are written.
    let (sender, mut batches) = mpsc::channel(2);
    let (actions, folder) = (args.actions, args.sandbox.clone());
    let thinking = tokio::task::spawn_blocking(move || {
        think(&mut generator, actions, folder.as_deref(), |batch| sender.blocking_send(batch).is_ok())
    });
    let mut cases = investigations::Cases::default();
    let mut first = true;
    while let Some(batch) = batches.recv().await {
        if !std::mem::take(&mut first) {
            tx.commit().await?;
            tx = store.begin_system(&authority).await?;
        }
        writer.write(&mut *tx, &batch).await?;
        for action in &batch {
            tally.count(action);
            // A page of an investigation is for people: estates to measure with go without.
            if !many {
                cases.note(action);
            }
        }
    }
    thinking.await??;
    cases.write(&mut *tx, &writer.by, writer.now).await?;
    tx.commit().await?;
    if many {
        store.restore_indexes().await?;
    }
    Ok(tally.to_string())
}

/// All actions, in batches of whole stories, with what lies in the sandbox at the end. Ends early if nobody takes them.
fn think(
    generator: &mut Generator,
    actions: usize,
    sandbox: Option<&Path>,
    mut take: impl FnMut(Vec<Action>) -> bool,
) -> anyhow::Result<()> {
    let mut plan = Plan::new(actions, generator.now);
    let mut batch = Vec::new();
    while let Some(mut story) = plan.next(generator) {
        seal(&mut story)?;
        batch.append(&mut story);
        if batch.len() >= BATCH && !take(std::mem::take(&mut batch)) {
            return Ok(());
        }
    }
    if let Some(folder) = sandbox {
        let now = generator.now;
        let mut found = sandbox::prepare(folder, &mut generator.rng, now)?;
        seal(&mut found)?;
        batch.append(&mut found);
    }
    take(batch);
    Ok(())
}

async fn refuse_used(store: &dyn Store, now: Timestamp) -> anyhow::Result<()> {
    if let Some(creator) = store.metadata(CREATED_BY).await? {
        bail!("this database was created by {creator:?} and is in use; seed only fills an empty one");
    }
    ensure!(store.count_users().await? == 0, "this database already has users; seed only fills an empty one");
    for &lane in Lane::ALL {
        ensure!(
            store.page(&RowScope::ALL, &ActionQuery::of(lane), None, 1, now).await?.is_empty(),
            "this database already has actions; seed only fills an empty one"
        );
    }
    Ok(())
}

/// Gives each action the digest that decisions are bound to.
fn seal(actions: &mut [Action]) -> anyhow::Result<()> {
    for action in actions {
        action.digest =
            digest(action.action_type, &action.entity, &action.asset, &action.targets, &action.parameters)?;
    }
    Ok(())
}

/// Writes rows.
struct Writer {
    by: Authorized,
    now: Timestamp,
    rng: Rng,
}

impl Writer {
    /// The first record of the log, the marker, and the people.
    async fn open(
        &self,
        tx: &mut dyn SystemTransaction,
        args: &Args,
        generator: &Generator,
    ) -> anyhow::Result<()> {
        if args.demo {
            tx.set_metadata(CREATED_BY, DEMO).await?;
        }
        let body = json!({ "created_by": if args.demo { DEMO } else { "seed" }, "seed": args.seed, "actions": args.actions });
        self.audit(tx, AuditKind::DatabaseCreated, None, body).await?;
        for user in &generator.users.users {
            tx.insert_user(user, self.now).await?;
            let body = json!({ "user_id": user.id, "name": user.name, "roles": user.roles });
            self.audit(tx, AuditKind::UserAdded, Some(user.id.into()), body).await?;
        }
        if args.demo {
            // What history shows of rules on users that are compromised is what this database lets them do.
            let types: Vec<_> = compromised_user_types().collect();
            tx.set_compromised_users(&self.by, &types, self.now).await?;
            let body =
                json!({ "before": { "compromised_users": [] }, "after": { "compromised_users": types } });
            let subject = Subject::new(SubjectKind::Setting, "automation");
            self.audit(tx, AuditKind::SettingChanged, Some(subject), body).await?;
        }
        Ok(())
    }

    async fn write(&mut self, tx: &mut dyn SystemTransaction, batch: &[Action]) -> anyhow::Result<()> {
        let rows: Vec<_> = batch.iter().map(unlinked).collect();
        tx.insert_actions(&self.by, &rows).await?;
        let queued =
            batch.iter().filter(|action| matches!(action.status, Status::Queued | Status::InProgress));
        let command = |action: &Action| {
            let at = action.updated_at;
            NewCommand {
                id: CommandId::from(self.rng.uuid(at)),
                action: action.id,
                target: 0,
                at,
                executor: action.executor.clone(),
            }
        };
        tx.enqueue(&self.by, &queued.map(command).collect::<Vec<_>>()).await?;
        for action in batch {
            let body = json!({
                "version": action.version,
                "digest": action.digest,
                "decision": action.decision,
                "status": action.status,
                "undo": action.undo,
            });
            self.audit(tx, AuditKind::Imported, Some(action.id.into()), body).await?;
        }
        // Only now, since each of a pair names the other and must exist first.
        let links = rows.iter().zip(batch).filter(|(_, action)| action.undone_by.is_some());
        let links: Vec<_> = links.map(|(before, after)| StateChange { before, after }).collect();
        let guard = Guard { by: &self.by, deciding: false, policy: None, now: self.now };
        let linked = tx.update_states(guard, &links).await?.len();
        ensure!(linked == links.len(), "{} actions could not be linked", links.len() - linked);
        Ok(())
    }

    async fn audit(
        &self,
        tx: &mut dyn SystemTransaction,
        kind: AuditKind,
        subject: Option<Subject>,
        body: serde_json::Value,
    ) -> anyhow::Result<()> {
        tx.append_audit(&self.by, AuditEntry { at: self.now, kind, subject, body }).await?;
        Ok(())
    }
}

/// The row as it was before its undo was asked for.
fn unlinked(action: &Action) -> Action {
    let mut before = action.clone();
    if before.undone_by.take().is_some() {
        before.undo = UndoState::None;
        before.version -= 1;
    }
    before
}

/// What was written.
#[derive(Debug, Default)]
struct Tally {
    actions: usize,
    devices: HashSet<String>,
    accounts: HashSet<String>,
    mailboxes: HashSet<String>,
}

impl Tally {
    fn count(&mut self, action: &Action) {
        self.actions += 1;
        let hit = match action.asset.kind {
            AssetKind::Device => &mut self.devices,
            AssetKind::Account => &mut self.accounts,
            AssetKind::Mailbox => &mut self.mailboxes,
        };
        if !hit.contains(&action.asset.name) {
            hit.insert(action.asset.name.clone());
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "seeded {} actions, {} devices, {} people, {} mailboxes",
            thousands(self.actions),
            thousands(self.devices.len()),
            thousands(self.accounts.len()),
            thousands(self.mailboxes.len()),
        )
    }
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests;
