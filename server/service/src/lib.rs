//! The service: who may do what, when, and what is written. Everything that changes an action passes through here.
//!
//! `decide` is the write path of people, which `bulk` takes for many, `follow_up` what they ask beside it, `dispatch` that of executors, `expire` that of the clock, `intake` that of
//! tools; `list`, `detail`, `home` answer questions. It knows traits of the store and of executors, no SQL and no HTTP.

pub mod access;
mod automation;
mod bulk;
mod call_off;
mod cases;
mod change;
pub mod checkpoint;
pub mod clock;
mod decide;
mod decision;
mod decision_times;
mod deliveries;
mod detail;
mod directory;
mod dispatch;
pub(crate) mod display_name;
mod emails;
mod ends;
pub mod events;
pub mod executor;
mod executors;
mod expire;
mod export;
pub mod factors;
mod feedback;
mod follow_up;
mod home;
pub mod hunt;
pub mod identity;
mod impact;
mod incidents;
mod intake;
mod investigations;
mod json_rows;
mod lift;
mod list;
mod list_export;
mod list_view;
pub mod notifications;
pub mod packages;
mod paging;
mod pause;
mod pieces;
mod policies;
mod presence;
mod protection;
mod record;
mod refusals;
pub mod replay;
mod reports;
pub mod responders;
mod retention;
mod secret;
pub mod session;
mod settings;
pub mod switchboard;
mod take;
mod targets;
mod tasks;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod timeline;
pub(crate) mod token_name;
mod twins;
pub mod worker;
pub mod zone;

use std::future::Future;
use std::sync::Arc;

use domain::{Action, ActionType, Asset, AuditKind, Entity, Error, Parameters};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinError;
use tracing::Instrument as _;

use store::audit::canonical_hash;
use store::{AuditEntry, SharedStore};

use crate::clock::SharedClock;
use crate::executor::Executors;
use crate::hunt::HuntLink;

pub use bulk::PLAN_LIVES;

/// The service behind every door.
#[derive(Clone)]
pub struct Service {
    store: SharedStore,
    clock: SharedClock,
    executors: Arc<Executors>,
    exports: export::ExportSlots,
    json_rows: Arc<json_rows::JsonRows>,
    hunt: Option<HuntLink>,
    /// How long History keeps an action after its last update; for ever if that is not said.
    keep_history: Option<SignedDuration>,
    refusals: Arc<refusals::RefusalBudget>,
    presence: Arc<presence::Presence>,
    /// Makes the executors that are set up.
    workshop: Option<Arc<dyn executor::Workshop>>,
    /// The enrolled hosts.
    switchboard: Option<Arc<switchboard::Switchboard>>,
    /// In whose name reports are written.
    authority: Option<domain::SystemAuthority>,
    /// What executors were asked about ends that are unknown.
    asked_unknown: Arc<call_off::AskedUnknown>,
    /// The day on which old answers of executors were forgotten last.
    forgot: Arc<std::sync::atomic::AtomicI64>,
    messenger: Option<Arc<dyn notifications::Messenger>>,
    /// Where people reach the pages, for links.
    base_url: Arc<str>,
    passwords: session::password::Passwords,
    factors: factors::Factors,
    /// Rings when a job was started here.
    started: Arc<Notify>,
}

impl Service {
    /// A service over a store.
    #[must_use]
    pub fn new(store: SharedStore, clock: SharedClock, executors: Executors) -> Self {
        Self {
            factors: factors::Factors::new(store.clone(), clock.clone()),
            store,
            clock,
            executors: Arc::new(executors),
            exports: export::ExportSlots::default(),
            json_rows: Arc::default(),
            hunt: None,
            keep_history: None,
            refusals: Arc::default(),
            presence: Arc::default(),
            workshop: None,
            switchboard: None,
            authority: None,
            asked_unknown: Arc::default(),
            forgot: Arc::default(),
            messenger: None,
            base_url: Arc::from(""),
            passwords: session::password::Passwords::default(),
            started: Arc::default(),
        }
    }

    /// With what reports of executors are written in the name of.
    #[must_use]
    pub fn with_reports(self, authority: domain::SystemAuthority) -> Self {
        Self { authority: Some(authority), ..self }
    }

    /// With a link to where one hunts further.
    #[must_use]
    pub fn with_hunt(self, hunt: Option<HuntLink>) -> Self {
        Self { hunt, ..self }
    }

    /// With the time for which History keeps an action after its last update.
    #[must_use]
    pub fn with_history_kept(self, keep_history: Option<SignedDuration>) -> Self {
        Self { keep_history, ..self }
    }

    /// With what carries messages, and where people reach the pages that these link to.
    #[must_use]
    pub fn with_messenger(self, messenger: Arc<dyn notifications::Messenger>, base_url: &str) -> Self {
        Self { messenger: Some(messenger), base_url: Arc::from(base_url.trim_end_matches('/')), ..self }
    }

    /// With second factors: what seals their secrets, and the address that passkeys are bound to.
    #[must_use]
    pub fn with_factors(self, factors: factors::Factors) -> Self {
        Self { factors, ..self }
    }

    /// Second factors, for the second step of a sign-in.
    #[must_use]
    pub const fn factors(&self) -> &factors::Factors {
        &self.factors
    }

    /// The store, for what needs no rule: sessions, the readiness check, the audit command.
    #[must_use]
    pub fn store(&self) -> &SharedStore {
        &self.store
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &SharedClock {
        &self.clock
    }

    /// The connected executors.
    #[must_use]
    pub fn executors(&self) -> &Arc<Executors> {
        &self.executors
    }
}

/// Runs a change to its end even if whoever asked for it hangs up: a dropped transaction would leave the caller
/// unsure, and a connection with an open transaction behind (transact-rs/sqlx issue 4385).
///
/// # Errors
/// What the change answers, or [`Error::Internal`] if it panicked.
pub fn detached<T: Send + 'static>(
    change: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> impl Future<Output = Result<T, Error>> + Send {
    let change = Box::pin(change);
    // The claim that it carries is that of the task which waits for it.
    async move {
        let end = to_its_end(replay::carried(change)).await;
        end.unwrap_or_else(|error| Err(Error::Internal(format!("a change ended: {error}"))))
    }
}

/// Runs anything to its end even if whoever waits for it goes away.
///
/// # Errors
/// If it panicked.
pub fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = Result<T, JoinError>> + Send {
    // So that nobody who waits for it holds all that it holds.
    let work = Box::pin(work);
    async move {
        if crash::ends_with_client() {
            return Ok(work.await);
        }
        tokio::spawn(work.in_current_span()).await
    }
}

/// What a decision is bound to: SHA-256 over the RFC 8785 JSON of type, entity, asset, further targets and parameters, in their one
/// spelling.
///
/// # Errors
/// [`Error::Internal`] if they have no JSON form, which their types rule out.
pub fn digest(
    action_type: ActionType,
    entity: &Entity,
    asset: &Asset,
    targets: &[Asset],
    parameters: &Parameters,
) -> Result<String, Error> {
    let targets: Vec<_> = targets.iter().map(bare).collect();
    digest_of(action_type, &entity.canonical(), &bare(asset), &targets, parameters)
}

/// The asset in its one spelling. The device group is ours to say, and rules may move a device while its action waits: it
/// is no part of the target.
fn bare(asset: &Asset) -> Asset {
    Asset { device_group: None, ..asset.canonical() }
}

fn digest_of(
    action_type: ActionType,
    entity: &Entity,
    asset: &Asset,
    targets: &[Asset],
    parameters: &Parameters,
) -> Result<String, Error> {
    let mut bound =
        json!({ "type": action_type, "entity": entity, "asset": asset, "parameters": parameters });
    // Without further ones it is the digest that it always was.
    if !targets.is_empty() {
        bound["targets"] = json!(targets);
    }
    canonical_hash(&bound).map_err(|error| Error::Internal(error.to_string()))
}

/// Whether the action is what its digest was made of. Older programs made digests of fewer spellings in one form, before
/// of the device group, too, and before of the spelling that was given.
fn is_bound(action: &Action) -> Result<bool, Error> {
    let Action { action_type, entity, asset, targets, parameters, digest: bound, .. } = action;
    if digest(*action_type, entity, asset, targets, parameters)? == *bound {
        return Ok(true);
    }
    let of = |entity: &Entity, asset: &Asset, targets: &[Asset]| {
        digest_of(*action_type, entity, asset, targets, parameters).map(|digest| digest == *bound)
    };
    let before = entity.canonical_before();
    let others: Vec<_> = targets.iter().map(bare).collect();
    Ok(of(&before, &bare(asset), &others)?
        || (targets.is_empty() && (of(&before, &asset.canonical(), &[])? || of(entity, asset, &[])?)))
}

/// The digest of an action that an older program bound to its device group, too; none for any other.
fn rebind(action: &Action) -> Option<String> {
    let Action { action_type, entity, asset, targets, parameters, digest: bound, .. } = action;
    let new = digest(*action_type, entity, asset, targets, parameters).ok()?;
    (new != *bound && is_bound(action).ok()?).then_some(new)
}

/// An audit entry on an action, with the facts that every one carries.
fn entry(at: Timestamp, kind: AuditKind, action: &Action, more: serde_json::Value) -> AuditEntry {
    let mut body = json!({
        "version": action.version,
        "digest": action.digest,
        "decision": action.decision,
        "status": action.status,
        "undo": action.undo,
    });
    if let (Some(body), serde_json::Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    AuditEntry { at, kind, subject: Some(action.id.into()), body }
}
