//! Enrolled hosts: taken in by a code, asking for their orders, reporting on them, and revoked.

use std::sync::Arc;

use async_trait::async_trait;
use domain::executors::contract::ExecutorDetail;
use domain::executors::{ExecutorKind, ExecutorSetup, ServeRule, Settings, default_concurrency};
use domain::responders::contract::{
    Enrolled, Enrolment, OrderReport, Orders, PackagePart, Poll, RespondersBackend, SealedRequest,
};
use domain::{
    Actor, ActorKind, AssetKind, AuditKind, Authorized, CommandId, Denied, Error, Outcome, RowScope, Status,
    Subject, SubjectKind, SystemAuthority, Transition,
};
use jiff::SignedDuration;
use rand::TryRng as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::executor::Attempt;
use super::switchboard::Switchboard;
use super::{Service, detached};
use crash::crash_point;
use store::{AuditEntry, StoredExecutor, StoredResponder};

/// How long a code takes a host in.
pub const CODE_LIFETIME: SignedDuration = SignedDuration::from_mins(15);
const CODE_PREFIX: &str = "csrc_";
const MAX_NAME: usize = 60;
const MAX_VERSION: usize = 40;
const MAX_PAIRS: usize = 16 * 1024;

#[async_trait]
impl RespondersBackend for Service {
    async fn enrol(&self, enrolment: Enrolment) -> Result<Enrolled, Error> {
        let service = self.clone();
        detached(async move { service.enrol_host(enrolment).await }).await
    }

    async fn poll_orders(&self, request: SealedRequest) -> Result<Orders, Error> {
        let switchboard = self.switchboard()?;
        let host = switchboard.believe(&request).await?;
        let poll: Poll = read(&request.body)?;
        check_poll(&poll)?;
        switchboard.poll(host, &poll).await
    }

    async fn take_package_part(&self, request: SealedRequest) -> Result<(), Error> {
        let service = self.clone();
        detached(async move {
            let host = service.switchboard()?.believe(&request).await?;
            let part: PackagePart = read(&request.body)?;
            service.take_part(&host, &part).await
        })
        .await
    }

    async fn report_order(&self, request: SealedRequest) -> Result<(), Error> {
        let service = self.clone();
        detached(async move {
            let switchboard = service.switchboard()?;
            let host = switchboard.believe(&request).await?;
            let report: OrderReport = read(&request.body)?;
            if !switchboard.protocol.signed_report(&host.public_key, &host.name, &report) {
                return Err(Error::NotSignedIn);
            }
            service.take_order_report(&host, &report).await
        })
        .await
    }
}

impl Service {
    /// With the switchboard of enrolled hosts.
    #[must_use]
    pub fn with_switchboard(self, switchboard: Arc<Switchboard>) -> Self {
        Self { switchboard: Some(switchboard), ..self }
    }

    fn switchboard(&self) -> Result<&Arc<Switchboard>, Error> {
        self.switchboard.as_ref().ok_or_else(|| Error::Internal("this server takes no hosts in".to_owned()))
    }

    /// A code that takes in one host, for a device, within [`CODE_LIFETIME`], by whoever may.
    ///
    /// # Errors
    /// If the device has no name, the authority is gone, or the store fails.
    pub async fn new_responder_code(&self, by: &Authorized, asset: &str) -> Result<String, Error> {
        let asset = asset.trim();
        executor_name(asset)?;
        let mut secret = [0_u8; 16];
        rand::rngs::SysRng.try_fill_bytes(&mut secret).map_err(|error| Error::Internal(error.to_string()))?;
        let code = format!("{CODE_PREFIX}{}", hex::encode(secret));
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        let until = now.saturating_add(CODE_LIFETIME).unwrap_or(now);
        if !tx.insert_responder_code(by, &hash(&code), asset, now, until).await? {
            return Err(Denied::Revoked.into());
        }
        let (kind, subject) =
            (AuditKind::ResponderCodeMade, Some(Subject::new(SubjectKind::Executor, asset)));
        tx.append_audit(by, AuditEntry { at: now, kind, subject, body: json!({}) }).await?;
        tx.commit().await?;
        Ok(code)
    }

    async fn enrol_host(&self, enrolment: Enrolment) -> Result<Enrolled, Error> {
        let switchboard = self.switchboard()?;
        let Some(authority) = &self.authority else {
            return Err(Error::Internal("this server takes no hosts in".to_owned()));
        };
        if !switchboard.protocol.is_public_key(&enrolment.public_key) {
            return Err(Error::invalid("/public_key", "must be an Ed25519 public key, 32 bytes in base64"));
        }
        check_version(&enrolment.version)?;
        let server_key =
            switchboard.protocol.public_key(&switchboard.identity().await?).map_err(Error::Internal)?;
        let mut tx = self.store.begin_system(authority).await?;
        let now = tx.time(self.clock.now()).await?;
        let Some(asset) = tx.take_responder_code(&hash(&enrolment.code), now).await? else {
            drop(tx);
            return self.taken_in(&enrolment, server_key).await;
        };
        let name = executor_name(&asset)?;
        let before = self.store.responder(&name).await?;
        let stored = StoredResponder {
            name: name.clone(),
            asset: asset.clone(),
            public_key: enrolment.public_key,
            version: enrolment.version,
            pairs: before.as_ref().map_or_else(|| "{}".to_owned(), |before| before.pairs.clone()),
            enrolled_at: now,
            last_seen_at: now,
            instance: String::new(),
            earlier: "[]".to_owned(),
            cloned_at: None,
            revoked_at: None,
        };
        tx.put_responder(&stored).await?;
        let by = Authorized::system_as(authority, Actor::new(ActorKind::System, &name, &name));
        let executor =
            StoredExecutor { setup: setup(&name, &asset), secret: None, paused: false, revision: 1 };
        if !tx.insert_executor(&by, &executor, now).await? {
            let kept = self.store.executors().await?.into_iter().find(|one| one.setup.name == name);
            if kept.is_none_or(|kept| kept.setup.kind != ExecutorKind::Responder) {
                return Err(Error::invalid(
                    "/code",
                    format!("is for {asset}, and another executor is called {name}"),
                ));
            }
        }
        let body = json!({ "asset": asset, "public_key": stored.public_key, "again": before.is_some() });
        let subject = Some(Subject::new(SubjectKind::Executor, &name));
        tx.append_audit(&by, AuditEntry { at: now, kind: AuditKind::ResponderEnrolled, subject, body })
            .await?;
        tx.commit().await?;
        crash_point!("enrol.after_commit");
        switchboard.keep(stored);
        self.connect_executors().await?;
        Ok(Enrolled { name, asset, server_key })
    }

    /// A host whose answer was lost asks again with the same key: it was taken in.
    async fn taken_in(&self, enrolment: &Enrolment, server_key: String) -> Result<Enrolled, Error> {
        if let Some(asset) = self.store.used_responder_code(&hash(&enrolment.code)).await? {
            let name = executor_name(&asset)?;
            let known = self.store.responder(&name).await?;
            if known
                .is_some_and(|known| known.public_key == enrolment.public_key && known.revoked_at.is_none())
            {
                return Ok(Enrolled { name, asset, server_key });
            }
        }
        let detail = "is unknown, used or over; make another: countersign responder-code DEVICE";
        Err(Error::invalid("/code", detail))
    }

    /// Revokes the key of a host, by whoever may: it is not believed any more, and gets no orders. False if there is no such
    /// host.
    ///
    /// # Errors
    /// If the authority is gone, or the store fails.
    pub async fn revoke_responder(&self, by: &Authorized, asset: &str) -> Result<bool, Error> {
        Ok(self.revoke(by, &executor_name(asset.trim())?).await?.is_some())
    }

    /// Revokes the key of the host of this name; what is known of it then.
    async fn revoke(&self, by: &Authorized, name: &str) -> Result<Option<StoredResponder>, Error> {
        if self.store.responder(name).await?.is_none() {
            return Ok(None);
        }
        let mut tx = self.store.begin().await?;
        let now = tx.time(self.clock.now()).await?;
        // Hosts stay, so that it is the authority that is gone.
        if !tx.revoke_responder(by, name, now).await? {
            return Err(Denied::Revoked.into());
        }
        let subject = Some(Subject::new(SubjectKind::Executor, name));
        let entry = AuditEntry { at: now, kind: AuditKind::ResponderRevoked, subject, body: json!({}) };
        tx.append_audit(by, entry).await?;
        tx.commit().await?;
        Ok(self.store.responder(name).await?)
    }

    async fn take_order_report(&self, host: &StoredResponder, report: &OrderReport) -> Result<(), Error> {
        let Some(authority) = &self.authority else {
            return Err(Error::Internal("this server takes no reports".to_owned()));
        };
        let id: CommandId =
            report.command_id.parse().map_err(|_| Error::invalid("/command_id", "must be a UUID"))?;
        let unknown = || Error::invalid("/command_id", "is no order for this host");
        if let Some(order) = self.store.responder_order(&host.name, id).await?
            && let Some(command) = self.switchboard()?.protocol.called_off(&order.command)
        {
            return self.take_called_off(authority, host, (id, command), report).await;
        }
        let handed = self.store.command(id).await?.ok_or_else(unknown)?;
        if handed.command.executor.as_deref() != Some(host.name.as_str()) {
            return Err(unknown());
        }
        let attempt = self.switchboard()?.protocol.ended(&report.response);
        let attempt = attempt.map_err(|why| Error::invalid("/response", why))?;
        let (transition, detail) = match attempt {
            Attempt::Ended(outcome, detail) => (Transition::Report(outcome), detail),
            Attempt::Uncertain(detail) => {
                (Transition::LoseTrack, format!("possibly done; a person must look: {detail}"))
            }
            // It is at it, and reports again.
            _ => return Ok(()),
        };
        let made = self.switchboard()?.protocol.made(&report.response);
        let package = self.whole_package(host, id, made, self.clock.now()).await?;
        crash_point!("order_report.before_commit");
        let mut tx = self.store.begin_system(authority).await?;
        let now = tx.time(self.clock.now()).await?;
        let by = Authorized::system(authority, &host.name, &host.name);
        let is_first =
            tx.report_responder_order(&host.name, id, &report.response, &report.signature, now).await?;
        if let Some(package) = package.filter(|_| is_first) {
            tx.put_package(handed.command.action_id, &package).await?;
        }
        let before = tx.action(&RowScope::ALL, handed.command.action_id).await?;
        let before = before.ok_or_else(|| Error::Internal(format!("command {id} has no action")))?;
        match transition {
            // It came late, and knows more than nobody.
            Transition::Report(outcome)
                if is_first
                    && (before.status == Status::Unknown || (before.has_targets() && handed.is_done)) =>
            {
                self.settle_late(&mut *tx, &by, (&before, id), (outcome, &detail), now).await?;
            }
            transition if before.status == Status::InProgress => {
                self.end(&mut *tx, &by, &handed.command, transition, &detail, now).await?;
            }
            _ => {}
        }
        tx.commit().await?;
        crash_point!("order_report.after_commit");
        if let Some(executor) = self.executors.named(&host.name) {
            executor.learn(&Attempt::Ended(Outcome::Completed, String::new()), self.clock.now());
        }
        Ok(())
    }
}

impl Service {
    /// A code that an administrator makes.
    pub(super) async fn code_by(&self, by: &Authorized, asset: &str) -> Result<String, Error> {
        executor_name(asset)?;
        self.switchboard()?;
        self.new_responder_code(by, asset).await
    }

    /// Revokes the key of a host for an administrator. Here it is not believed from now on, on other instances within
    /// seconds.
    pub(super) async fn revoke_by(&self, by: &Authorized, name: &str) -> Result<ExecutorDetail, Error> {
        let unknown = || Error::NotFound(Subject::new(SubjectKind::Executor, name));
        self.store.responder(name).await?.ok_or_else(unknown)?;
        let switchboard = self.switchboard()?;
        switchboard.keep(self.revoke(by, name).await?.ok_or_else(unknown)?);
        self.executor_detail(name).await
    }

    /// Takes the answer of a host that was asked to call a command off.
    async fn take_called_off(
        &self,
        authority: &SystemAuthority,
        host: &StoredResponder,
        (order, command): (CommandId, CommandId),
        report: &OrderReport,
    ) -> Result<(), Error> {
        let answer = self.switchboard()?.protocol.after_call_off(&report.response);
        let answer = answer.map_err(|why| Error::invalid("/response", why))?;
        let asked = self.store.command(command).await?;
        let is_its = asked.is_some_and(|of| of.command.executor.as_deref() == Some(host.name.as_str()));
        let mut tx = self.store.begin_system(authority).await?;
        let now = tx.time(self.clock.now()).await?;
        let is_first =
            tx.report_responder_order(&host.name, order, &report.response, &report.signature, now).await?;
        if is_first && is_its {
            let by = Authorized::system(authority, &host.name, &host.name);
            self.write_answer_in(&mut *tx, &by, command, answer, now).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// The executor of an enrolled host.
fn setup(name: &str, asset: &str) -> ExecutorSetup {
    let rule = ServeRule {
        asset_kind: Some(AssetKind::Device),
        name: Some(asset.to_owned()),
        device_group: None,
        types: Vec::new(),
    };
    ExecutorSetup {
        name: name.to_owned(),
        kind: ExecutorKind::Responder,
        settings: Settings::default(),
        serves: vec![rule],
        concurrency: default_concurrency(),
        rate: None,
        time_limit: None,
    }
}

/// The name of a device's executor: what names of executors may have.
fn executor_name(asset: &str) -> Result<String, Error> {
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._-".contains(letter);
    let name: String =
        asset.to_lowercase().chars().map(|letter| if plain(letter) { letter } else { '-' }).collect();
    if asset.is_empty() || name.len() > MAX_NAME || asset.contains(['*', '?']) {
        return Err(Error::invalid(
            "/asset",
            format!("must be the name of one device, of at most {MAX_NAME} letters"),
        ));
    }
    Ok(format!("responder-{name}"))
}

fn check_version(version: &str) -> Result<(), Error> {
    if version.is_empty() || version.len() > MAX_VERSION || version.chars().any(char::is_control) {
        return Err(Error::invalid("/version", format!("must have 1 to {MAX_VERSION} letters")));
    }
    Ok(())
}

fn check_poll(poll: &Poll) -> Result<(), Error> {
    check_version(&poll.version)?;
    if poll.instance.is_empty() || poll.instance.len() > MAX_NAME {
        return Err(Error::invalid("/instance", format!("must have 1 to {MAX_NAME} letters")));
    }
    if !poll.pairs.is_object() || poll.pairs.to_string().len() > MAX_PAIRS {
        return Err(Error::invalid("/pairs", "must be an object of actions with lists of targets"));
    }
    Ok(())
}

fn read<T: for<'de> serde::Deserialize<'de>>(body: &[u8]) -> Result<T, Error> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| Error::invalid("", format!("is no JSON: {error}")))?;
    serde_json::from_value(value).map_err(|error| Error::invalid("", error.to_string()))
}

fn hash(code: &str) -> String {
    hex::encode(Sha256::digest(code.trim()))
}
