//! What a person does with their own second factors.

use domain::access::FactorState;
use domain::access::factors::{
    FactorKind, FactorProof, FactorView, FactorsView, MAX_FACTORS, OwnFactors, PendingTotp,
};
use domain::{AuditKind, Authorized, Caller, Denied, Error, FactorId, UserId};
use jiff::Timestamp;
use serde_json::json;

use super::check::Place;
use super::{Factors, recovery, totp};
use crate::clock::new_id;
use store::{AuditEntry, StoredFactor, Transaction};

/// Characters of a passkey's name.
const MAX_NAME: usize = 60;

/// What a passkey is asked for by whom.
fn asked(caller: &Caller, what: &str) -> String {
    format!("{what} {}", caller.credential)
}

/// A guarded statement found nothing: the caller may no longer write.
fn written(done: bool) -> Result<(), Error> {
    if done { Ok(()) } else { Err(Denied::Revoked.into()) }
}

/// One that is known to work, without its secret.
fn shown(factor: &StoredFactor) -> Option<FactorView> {
    factor.confirmed_at?;
    Some(FactorView {
        id: factor.id,
        kind: factor.kind,
        name: factor.name.clone(),
        created_at: factor.created_at,
        last_used_at: factor.last_used_at,
    })
}

impl Factors {
    /// Those of a person.
    pub(super) async fn view(&self, person: UserId) -> Result<FactorsView, Error> {
        let factors = self.store.factors(person).await?;
        let left = self.store.count_recovery_codes(person).await?;
        Ok(FactorsView {
            factors: factors.iter().filter_map(shown).collect(),
            recovery_codes: u32::try_from(left).unwrap_or_default(),
            required: self.store.factor_standing(person, None).await?.required,
        })
    }

    pub(super) async fn own_view(&self, caller: &Caller) -> Result<OwnFactors, Error> {
        let person = caller.own()?;
        let pending = self.pending(person).await?;
        let view = self.view(person).await?;
        let pending = pending
            .map(|factor| {
                let secret = self.open(&factor)?;
                let (uri, qr) = totp::enrolment(&secret, &factor.name)?;
                Ok::<_, Error>(PendingTotp { id: factor.id, secret: totp::grouped(&secret), uri, qr })
            })
            .transpose()?;
        let ask_first = !view.factors.is_empty() && caller.factor != FactorState::Fresh;
        Ok(OwnFactors { view, pending, ask_first, passkeys: self.party.is_some() })
    }

    async fn pending(&self, person: UserId) -> Result<Option<StoredFactor>, Error> {
        let factors = self.store.factors(person).await?;
        Ok(factors.into_iter().find(|factor| factor.confirmed_at.is_none()))
    }

    /// Who has a factor shows it before there is another: a session that was left open gives nobody a key of their own.
    async fn may_add(&self, caller: &Caller) -> Result<(UserId, Authorized, bool), Error> {
        let (person, by) = (caller.own()?, caller.authorize_own()?);
        let factors = self.store.factors(person).await?;
        let count = factors.iter().filter(|factor| factor.confirmed_at.is_some()).count();
        if count > 0 {
            caller.require_fresh_factor()?;
        }
        if count >= MAX_FACTORS {
            let detail =
                format!("there are {MAX_FACTORS} second factors, the most that are kept; remove one first");
            return Err(Error::invalid("/", detail));
        }
        Ok((person, by, count == 0))
    }

    pub(super) async fn start_totp(&self, caller: &Caller) -> Result<(), Error> {
        let (person, by, _) = self.may_add(caller).await?;
        let now = self.clock.now();
        let people = self.store.people(Some(person), now).await?;
        let name = people.into_iter().next().map(|of| of.name).ok_or(Error::NotFound(person.into()))?;
        let mut factor = StoredFactor {
            id: new_id(now),
            person,
            kind: FactorKind::Totp,
            name,
            secret: String::new(),
            confirmed_at: None,
            last_step: 0,
            last_used_at: None,
            created_at: now,
        };
        factor.secret = self.seal(&factor, &totp::new_secret())?;
        let mut tx = self.store.begin().await?;
        written(tx.insert_factor(&by, &factor, now).await?)?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn finish_totp(&self, caller: &Caller, code: &str) -> Result<Vec<String>, Error> {
        let (person, by, first) = self.may_add(caller).await?;
        let now = self.clock.now();
        let none = || Error::invalid("/code", "there is no app that is being set up; begin anew");
        let factor = self.pending(person).await?.ok_or_else(none)?;
        let code: String = code.chars().filter(|of| !of.is_whitespace()).take(64).collect();
        let step = totp::step(&self.open(&factor)?, &code, now)?;
        let wrong =
            || Error::invalid("/code", "is not what the app shows now; the clock of the phone must be right");
        let step = step.ok_or_else(wrong)?;
        let mut tx = self.store.begin().await?;
        written(tx.confirm_factor(&by, factor.id, step, now).await?)?;
        self.added(tx, caller, &by, &factor, first, now).await
    }

    pub(super) async fn start_passkey(&self, caller: &Caller) -> Result<String, Error> {
        let (person, _, _) = self.may_add(caller).await?;
        let now = self.clock.now();
        let people = self.store.people(Some(person), now).await?;
        let of = people.into_iter().next().ok_or(Error::NotFound(person.into()))?;
        self.ask_to_make(&asked(caller, "make"), person, &of.name, &of.display_name, now).await
    }

    pub(super) async fn finish_passkey(
        &self,
        caller: &Caller,
        name: &str,
        answer: &str,
    ) -> Result<Vec<String>, Error> {
        let (person, by, first) = self.may_add(caller).await?;
        let name = Some(name.trim()).filter(|name| !name.is_empty()).unwrap_or("Passkey");
        if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(Error::invalid("/name", format!("must be 1 to {MAX_NAME} printable characters")));
        }
        let now = self.clock.now();
        let factor = StoredFactor {
            id: new_id(now),
            person,
            kind: FactorKind::Passkey,
            name: name.to_owned(),
            secret: self.made(&asked(caller, "make"), answer, now).await?,
            confirmed_at: Some(now),
            last_step: 0,
            last_used_at: None,
            created_at: now,
        };
        let mut tx = self.store.begin().await?;
        written(tx.insert_factor(&by, &factor, now).await?)?;
        self.added(tx, caller, &by, &factor, first, now).await
    }

    /// Notes a factor that was just shown to work, and gives recovery codes with the first.
    async fn added(
        &self,
        mut tx: Box<dyn Transaction>,
        caller: &Caller,
        by: &Authorized,
        factor: &StoredFactor,
        first: bool,
        now: Timestamp,
    ) -> Result<Vec<String>, Error> {
        tx.note_factor(&caller.recorded(), caller.credential, now).await?;
        let codes = if first { recovery::new_codes() } else { Vec::new() };
        if first {
            let hashes: Vec<_> = codes.iter().filter_map(|code| recovery::hash(code)).collect();
            written(tx.set_recovery_codes(by, &hashes, now).await?)?;
        }
        let body = json!({ "user": factor.person, "added": { "factor": factor.id, "kind": factor.kind, "name": factor.name } });
        record(&mut *tx, by, factor.person, body, now).await?;
        tx.commit().await?;
        Ok(codes)
    }

    pub(super) async fn delete(
        &self,
        caller: &Caller,
        id: FactorId,
        proof: &FactorProof,
    ) -> Result<(), Error> {
        let (person, by) = (caller.own()?, caller.authorize_own()?);
        let factors = self.store.factors(person).await?;
        let missing = || Error::invalid("/id", "names no second factor of yours");
        let factor = factors.iter().find(|factor| factor.id == id).ok_or_else(missing)?;
        if factor.confirmed_at.is_some() {
            self.show(caller, person, proof).await?;
        }
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        written(tx.delete_factor(&by, id, now).await?)?;
        if !factors.iter().any(|other| other.id != id && other.confirmed_at.is_some()) {
            written(tx.set_recovery_codes(&by, &[], now).await?)?;
        }
        let body =
            json!({ "user": person, "removed": { "factor": id, "kind": factor.kind, "name": factor.name } });
        record(&mut *tx, &by, person, body, now).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn new_recovery_codes(&self, caller: &Caller) -> Result<Vec<String>, Error> {
        let (person, by) = (caller.own()?, caller.authorize_own()?);
        caller.require_fresh_factor()?;
        if !self.store.factor_standing(person, None).await?.has {
            return Err(Error::invalid("/", "recovery codes go with a second factor; set one up first"));
        }
        let (now, codes) = (self.clock.now(), recovery::new_codes());
        let hashes: Vec<_> = codes.iter().filter_map(|code| recovery::hash(code)).collect();
        let mut tx = self.store.begin().await?;
        written(tx.set_recovery_codes(&by, &hashes, now).await?)?;
        record(&mut *tx, &by, person, json!({ "user": person, "recovery_codes": codes.len() }), now).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Asks a browser for a passkey, to show it once more.
    pub(super) async fn ask_step_up(&self, caller: &Caller) -> Result<String, Error> {
        self.ask(&asked(caller, "show"), caller.own()?, self.clock.now()).await
    }

    /// Shows a second factor for the session.
    pub(super) async fn show_again(&self, caller: &Caller, proof: &FactorProof) -> Result<(), Error> {
        let (person, by) = (caller.own()?, caller.authorize_own()?);
        if !self.store.factor_standing(person, None).await?.has {
            return Err(Error::invalid(
                "/code",
                "there is no second factor to show; set one up on your own page",
            ));
        }
        let shown = self.show(caller, person, proof).await?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        tx.note_factor(&caller.recorded(), caller.credential, now).await?;
        let body = json!({ "session": caller.credential, "factor": shown });
        let subject = Some(caller.credential.into());
        tx.append_audit(&by, AuditEntry { at: now, kind: AuditKind::FactorUsed, subject, body }).await?;
        Ok(tx.commit().await?)
    }

    async fn show(
        &self,
        caller: &Caller,
        person: UserId,
        proof: &FactorProof,
    ) -> Result<&'static str, Error> {
        if let Some(shown) = self.check(person, proof, &asked(caller, "show"), Place::default()).await? {
            return Ok(shown.as_str());
        }
        let body = json!({ "user": person, "session": caller.credential, "reason": "wrong second factor" });
        let (at, subject) = (self.clock.now(), Some(person.into()));
        let mut tx = self.store.begin().await?;
        let entry = AuditEntry { at, kind: AuditKind::SignInFailed, subject, body };
        tx.append_audit(&caller.recorded(), entry).await?;
        tx.commit().await?;
        let why = "is wrong, or was used before, or there were too many tries; wait for the next code";
        Err(Error::invalid("/code", why))
    }
}

/// Records a change of somebody's second factors.
pub(super) async fn record(
    tx: &mut dyn Transaction,
    by: &Authorized,
    person: UserId,
    body: serde_json::Value,
    at: Timestamp,
) -> Result<(), Error> {
    let subject = Some(person.into());
    tx.append_audit(by, AuditEntry { at, kind: AuditKind::FactorChanged, subject, body }).await?;
    Ok(())
}
