//! Executors as administrators set them up: added, changed, paused, tested, removed. Each change is recorded, and every
//! instance follows it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::core::subject::Current;
use domain::executors::contract::{
    AddedExecutor, Delivery, ExecutorDetail, ExecutorState, ExecutorsBackend, NewExecutor, TestResult,
};
use domain::executors::{ExecutorKind, ExecutorSetup, MAX_EXECUTORS, ServeRule, Settings};
use domain::{AuditKind, Authorized, Caller, DeliveryId, Denied, Error, Subject, SubjectKind};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::executor::{Connected, Executor, Workshop};
use super::{Service, detached};
use store::{AuditEntry, StoredExecutor, Transaction};

/// Attempts that the page of an executor shows.
const MAX_ANSWERS: u32 = 50;
/// How often changes of executors are looked for, however much is written.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How often they are looked for when nothing rings.
const IDLE_INTERVAL: Duration = Duration::from_secs(10);
/// What a test may take.
const TEST_TIMEOUT: Duration = Duration::from_secs(10);

#[async_trait]
impl ExecutorsBackend for Service {
    async fn executors(&self, caller: &Caller) -> Result<Vec<ExecutorState>, Error> {
        caller.require_executors()?;
        self.executor_states().await
    }

    async fn executor(&self, caller: &Caller, name: &str) -> Result<ExecutorDetail, Error> {
        caller.require_executors()?;
        self.executor_detail(name).await
    }

    async fn add_executor(&self, caller: &Caller, new: NewExecutor) -> Result<AddedExecutor, Error> {
        let by = caller.authorize_executors()?;
        let service = self.clone();
        detached(async move { service.set_up_executor(&by, new).await }).await
    }

    async fn change_executor(&self, caller: &Caller, changed: NewExecutor) -> Result<ExecutorDetail, Error> {
        let by = caller.authorize_executors()?;
        let service = self.clone();
        detached(async move { service.change_setup(&by, changed).await }).await
    }

    async fn pause_executor(
        &self,
        caller: &Caller,
        name: &str,
        paused: bool,
    ) -> Result<ExecutorDetail, Error> {
        let by = caller.authorize_executors()?;
        let (service, name) = (self.clone(), name.to_owned());
        detached(async move { service.pause(&by, &name, paused).await }).await
    }

    async fn move_executor(&self, caller: &Caller, name: &str, place: u32) -> Result<(), Error> {
        let by = caller.authorize_executors()?;
        let (service, name) = (self.clone(), name.to_owned());
        detached(async move { service.move_to(&by, &name, place).await }).await
    }

    async fn deliveries(&self, caller: &Caller, name: &str) -> Result<Vec<Delivery>, Error> {
        caller.authorize_executors()?;
        self.connect_executors().await?;
        self.executors.named(name).ok_or_else(|| Error::NotFound(subject(name)))?;
        Ok(self.store.deliveries(name).await?)
    }

    async fn redeliver(&self, caller: &Caller, name: &str, id: DeliveryId) -> Result<Delivery, Error> {
        let by = caller.authorize_executors()?;
        let (service, name) = (self.clone(), name.to_owned());
        detached(async move { service.send_delivery_again(&by, &name, id).await }).await
    }

    async fn responder_code(&self, caller: &Caller, asset: &str) -> Result<String, Error> {
        let by = caller.authorize_executors()?;
        let (service, asset) = (self.clone(), asset.trim().to_owned());
        detached(async move { service.code_by(&by, &asset).await }).await
    }

    async fn revoke_host(&self, caller: &Caller, name: &str) -> Result<ExecutorDetail, Error> {
        let by = caller.authorize_executors()?;
        let (service, name) = (self.clone(), name.to_owned());
        detached(async move { service.revoke_by(&by, &name).await }).await
    }

    async fn remove_executor(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        let by = caller.authorize_executors()?;
        let (service, name) = (self.clone(), name.to_owned());
        detached(async move { service.remove(&by, &name).await }).await
    }

    async fn propose_key(&self, caller: &Caller) -> Result<String, Error> {
        caller.require_executors()?;
        let key = self.workshop()?.new_secret(ExecutorKind::Webhook);
        key.ok_or_else(|| Error::Internal("no key could be made".to_owned()))
    }

    async fn test_executor(&self, caller: &Caller, name: &str) -> Result<TestResult, Error> {
        caller.require_executors()?;
        self.test(name).await
    }
}

impl Service {
    /// With what makes executors of what is set up.
    #[must_use]
    pub fn with_workshop(self, workshop: Arc<dyn Workshop>) -> Self {
        Self { workshop: Some(workshop), ..self }
    }

    /// Reads the executors that are set up, and connects what changed of them.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn connect_executors(&self) -> Result<(), Error> {
        let Some(workshop) = &self.workshop else { return Ok(()) };
        let known: HashMap<_, _> =
            self.executors.all().into_iter().map(|one| (one.name().to_owned(), one)).collect();
        let mut connected = Vec::new();
        for StoredExecutor { setup, secret, paused, revision } in self.store.executors().await? {
            match known.get(&setup.name) {
                Some(same) if same.setup().is_some() && same.revision == revision => {
                    connected.push(Arc::clone(same));
                }
                _ => {
                    let adapter = make(&**workshop, &setup, secret.as_deref());
                    if let Err(why) = &adapter {
                        tracing::warn!(executor = setup.name, why, "an executor does not work");
                    }
                    connected.push(Arc::new(Connected::set_up(setup, revision, paused, adapter)));
                }
            }
        }
        self.executors.replace(connected);
        Ok(())
    }

    /// Connects what changes of the executors, here or by another instance, until `stop` is cancelled.
    pub async fn follow_executors(self, stop: CancellationToken) {
        let mut changes = self.store.changes();
        let mut seen = None;
        loop {
            match self.store.executors_revision().await {
                Ok(revision) if seen != Some(revision) => match self.connect_executors().await {
                    Ok(()) => seen = Some(revision),
                    Err(error) => tracing::warn!(%error, "reading the executors failed"),
                },
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "reading the executors failed"),
            }
            for executor in self.executors.all() {
                if let Ok(adapter) = executor.adapter() {
                    drop(tokio::time::timeout(TEST_TIMEOUT, adapter.prepare()).await);
                }
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(IDLE_INTERVAL) => {}
                () = async {
                    changes.record_appended().await;
                    tokio::time::sleep(LOOK_INTERVAL).await;
                } => {}
            }
        }
    }

    /// All executors as they are.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn executor_states(&self) -> Result<Vec<ExecutorState>, Error> {
        self.connect_executors().await?;
        let kept: HashMap<_, _> =
            self.store.executors().await?.into_iter().map(|one| (one.setup.name.clone(), one)).collect();
        let mut states = Vec::new();
        for executor in self.executors.all() {
            states.push(self.state_of(&executor, kept.get(executor.name())).await?);
        }
        Ok(states)
    }

    async fn state_of(
        &self,
        executor: &Connected,
        kept: Option<&StoredExecutor>,
    ) -> Result<ExecutorState, Error> {
        let name = executor.name();
        let (health, says) = executor.health();
        let since =
            self.clock.now().saturating_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(ExecutorState {
            setup: executor.setup().cloned().unwrap_or_else(|| unnamed(name, executor.kind())),
            built_in: executor.setup().is_none(),
            has_secret: kept.is_some_and(|kept| kept.secret.is_some()),
            paused: executor.is_paused(),
            health,
            says,
            backlog: self.store.executor_backlog(name).await?,
            failures: self.store.executor_failures(name, since).await?,
        })
    }

    /// One executor with its last answers.
    ///
    /// # Errors
    /// [`Error::NotFound`], or if the store fails.
    pub async fn executor_detail(&self, name: &str) -> Result<ExecutorDetail, Error> {
        self.connect_executors().await?;
        let executor = self.executors.named(name).ok_or_else(|| Error::NotFound(subject(name)))?;
        let kept = self.store.executors().await?.into_iter().find(|one| one.setup.name == name);
        Ok(ExecutorDetail {
            state: self.state_of(&executor, kept.as_ref()).await?,
            can: executor.can(),
            answers: self.store.executor_answers(name, MAX_ANSWERS).await?,
            rendered_at: self.clock.now(),
        })
    }

    /// Adds an executor.
    ///
    /// # Errors
    /// What is wrong with it, or if the store fails.
    pub async fn set_up_executor(&self, by: &Authorized, new: NewExecutor) -> Result<AddedExecutor, Error> {
        let NewExecutor { setup, secret } = new;
        let workshop = self.workshop()?;
        setup.check_new()?;
        if self.executors.all().iter().any(|one| one.setup().is_none() && one.name() == setup.name) {
            return Err(Error::invalid("/name", "is the name of one that comes with the server"));
        }
        if self.store.executors().await?.len() >= MAX_EXECUTORS {
            return Err(Error::invalid(
                "/name",
                format!("would be one more than the {MAX_EXECUTORS} that there may be"),
            ));
        }
        let secret = given(setup.kind, secret)?;
        let made = if secret.is_none() { workshop.new_secret(setup.kind) } else { None };
        let secret = secret.or_else(|| made.clone());
        workshop.make(&setup, secret.as_deref())?;
        let sealed = seal(workshop, &setup.name, secret.as_deref())?;
        let name = setup.name.clone();
        let body = json!({ "before": null, "after": setup });
        let kept = StoredExecutor { setup, secret: sealed, paused: false, revision: 1 };
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        if !tx.insert_executor(by, &kept, now).await? {
            drop(tx);
            let taken = self.store.executors().await?.iter().any(|one| one.setup.name == name);
            let error = Error::invalid("/name", "is the name of another executor");
            return Err(if taken { error } else { Denied::Revoked.into() });
        }
        record(&mut *tx, by, AuditKind::ExecutorAdded, &name, body, now).await?;
        tx.commit().await?;
        let executor = self.executor_detail(&name).await?.state;
        Ok(AddedExecutor { executor, secret: made })
    }

    async fn change_setup(&self, by: &Authorized, changed: NewExecutor) -> Result<ExecutorDetail, Error> {
        let NewExecutor { setup, secret } = changed;
        let workshop = self.workshop()?;
        let before = self.kept(&setup.name).await?;
        setup.check_change(&before.setup)?;
        let secret = given(setup.kind, secret)?;
        let kept = match (&secret, &before.secret) {
            (Some(new), _) => {
                workshop.make(&setup, Some(new))?;
                seal(workshop, &setup.name, Some(new))?
            }
            (None, sealed) => {
                let open = sealed.as_ref().map(|sealed| workshop.open(&setup.name, sealed)).transpose();
                let open =
                    open.map_err(|why| Error::invalid("/secret", format!("must be given anew: {why}")))?;
                workshop.make(&setup, open.as_deref())?;
                sealed.clone()
            }
        };
        let body = json!({ "before": before.setup, "after": setup, "new_secret": secret.is_some() });
        let after = StoredExecutor { setup, secret: kept, ..before };
        self.write_executor(by, after, AuditKind::ExecutorChanged, body).await
    }

    /// Pauses an executor, or lets it go on.
    ///
    /// # Errors
    /// [`Error::NotFound`], or if the store fails.
    pub async fn pause(&self, by: &Authorized, name: &str, paused: bool) -> Result<ExecutorDetail, Error> {
        let before = self.kept(name).await?;
        if before.paused == paused {
            return self.executor_detail(name).await;
        }
        let kind = if paused { AuditKind::ExecutorPaused } else { AuditKind::ExecutorResumed };
        self.write_executor(by, StoredExecutor { paused, ..before }, kind, json!({})).await
    }

    async fn write_executor(
        &self,
        by: &Authorized,
        mut after: StoredExecutor,
        kind: AuditKind,
        body: Value,
    ) -> Result<ExecutorDetail, Error> {
        after.revision += 1;
        let name = after.setup.name.clone();
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        if !tx.update_executor(by, &after, now).await? {
            let detail = "it was changed by somebody else meanwhile; look at it again".to_owned();
            return Err(Error::Conflict { detail, current: Box::new(Current::named(subject(&name))) });
        }
        record(&mut *tx, by, kind, &name, body, now).await?;
        tx.commit().await?;
        self.executor_detail(&name).await
    }

    /// Removes an executor that nothing waits for.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Conflict`] while commands wait for it, or if the store fails.
    pub async fn remove(&self, by: &Authorized, name: &str) -> Result<(), Error> {
        let before = self.kept(name).await?.setup;
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        if !tx.delete_executor(by, name, now).await? {
            drop(tx);
            let waiting = self.store.executor_backlog(name).await?;
            if waiting == 0 {
                return Err(Denied::Revoked.into());
            }
            let detail = format!("{waiting} of its commands are not over; cancel or settle them first");
            return Err(Error::Conflict { detail, current: Box::new(Current::named(subject(name))) });
        }
        let body = json!({ "before": before, "after": null });
        record(&mut *tx, by, AuditKind::ExecutorRemoved, name, body, now).await?;
        tx.commit().await?;
        self.connect_executors().await
    }

    /// Asks an executor whether it is there.
    ///
    /// # Errors
    /// [`Error::NotFound`], or if the store fails.
    pub async fn test(&self, name: &str) -> Result<TestResult, Error> {
        self.connect_executors().await?;
        let executor = self.executors.named(name).ok_or_else(|| Error::NotFound(subject(name)))?;
        let failed = |says: String| TestResult { works: false, says };
        let found = match executor.adapter() {
            Err(why) => failed(why.clone()),
            Ok(adapter) => tokio::time::timeout(TEST_TIMEOUT, adapter.test())
                .await
                .unwrap_or_else(|_| failed("no answer within 10 seconds".to_owned())),
        };
        executor.tested(&found, self.clock.now());
        Ok(found)
    }

    pub(super) async fn kept(&self, name: &str) -> Result<StoredExecutor, Error> {
        if let Some(kept) = self.store.executors().await?.into_iter().find(|one| one.setup.name == name) {
            return Ok(kept);
        }
        if self.executors.named(name).is_some() {
            let detail = "it comes with an option of the server, and is changed there".to_owned();
            return Err(Error::Conflict { detail, current: Box::new(Current::named(subject(name))) });
        }
        Err(Error::NotFound(subject(name)))
    }

    fn workshop(&self) -> Result<&dyn Workshop, Error> {
        self.workshop.as_deref().ok_or_else(|| Error::Internal("this server makes no executors".to_owned()))
    }
}

pub(super) fn subject(name: &str) -> Subject {
    Subject::new(SubjectKind::Executor, name)
}

/// The secret, where its kind has one.
fn given(kind: ExecutorKind, secret: Option<String>) -> Result<Option<String>, Error> {
    let secret = secret.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if secret.is_some() && kind.info().secret.is_none() {
        return Err(Error::invalid("/secret", format!("is not needed by the kind {kind}")));
    }
    Ok(secret)
}

fn seal(workshop: &dyn Workshop, name: &str, secret: Option<&str>) -> Result<Option<String>, Error> {
    let sealed = secret.map(|secret| workshop.seal(name, secret)).transpose();
    sealed.map_err(|why| Error::invalid("/secret", format!("can't be kept: {why}")))
}

fn make(
    workshop: &dyn Workshop,
    setup: &ExecutorSetup,
    sealed: Option<&str>,
) -> Result<Arc<dyn Executor>, String> {
    let secret = sealed.map(|sealed| workshop.open(&setup.name, sealed)).transpose()?;
    workshop.make(setup, secret.as_deref()).map_err(|error| match error {
        Error::Invalid(fields) => fields
            .into_iter()
            .map(|field| format!("{} {}", field.pointer, field.detail))
            .collect::<Vec<_>>()
            .join("; "),
        other => other.to_string(),
    })
}

/// What is known of one that comes with the server.
fn unnamed(name: &str, kind: ExecutorKind) -> ExecutorSetup {
    ExecutorSetup {
        name: name.to_owned(),
        kind,
        settings: Settings::default(),
        serves: Vec::<ServeRule>::new(),
        concurrency: domain::executors::default_concurrency(),
        rate: None,
        time_limit: None,
    }
}

pub(super) async fn record(
    tx: &mut dyn Transaction,
    by: &Authorized,
    kind: AuditKind,
    name: &str,
    body: Value,
    at: Timestamp,
) -> Result<(), Error> {
    tx.append_audit(by, AuditEntry { at, kind, subject: Some(subject(name)), body }).await?;
    Ok(())
}
