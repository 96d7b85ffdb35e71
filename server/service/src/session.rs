//! Who is calling: sign-in, sessions and API tokens over the store.
//!
//! It owns the secrets (32 random bytes, stored only as SHA-256), how long they live and the audit of their making.
//! It must not know cookies or headers: that is `http`. What a person may do is `domain::access`.

mod account;
mod first;
pub(crate) mod password;
mod second_step;
pub(crate) mod throttle;
mod times;

use std::collections::BTreeSet;
use std::net::IpAddr;

use domain::access::{FactorStanding, FactorState, Reach};
use domain::{Actor, ActorKind, AuditKind, Authorized, Caller, CredentialId, Denied, Error, SystemAuthority};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

pub use account::NewToken;
pub(crate) use account::{MAX_TOKEN_DAYS, SHORTEST_PASSWORD, is_user_name};
pub use first::FirstAdministrator;
pub use password::PasswordTurn;
pub(crate) use second_step::Begun;
pub use throttle::SignInTry;
pub use times::SessionTimes;

use self::password::Passwords;
use super::clock::{SharedClock, new_id};
pub(crate) use super::secret::{digest, secret};
use store::{AuditEntry, Credential, CredentialKind, Identity, SharedStore, User};

/// How often the use of a session is written down.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// What an API token starts with, so that secret scanners find a leaked one.
pub const TOKEN_PREFIX: &str = "cst_";
/// No secret of ours is longer; nothing longer is hashed or looked up.
const MAX_SECRET_LENGTH: usize = 128;

/// Users, sessions and tokens.
pub struct Sessions {
    store: SharedStore,
    clock: SharedClock,
    passwords: Passwords,
    times: SessionTimes,
    /// For the demo, whose people are made when they first come.
    demo: Option<SystemAuthority>,
    /// For the first administrator, who is made by a link.
    first: Option<SystemAuthority>,
}

/// A session that was just made.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// What the browser presents. It is not stored.
    pub secret: String,
    /// Who it stands for.
    pub caller: Caller,
    /// What the device presents from now on, so that failures of others in this name do not concern it.
    pub device: Option<String>,
}

/// Which session of the identity provider a session comes from.
pub(crate) struct ProvenSession {
    /// Who the person is there.
    pub(crate) identity: Identity,
    /// The provider's session.
    pub(crate) sid: Option<String>,
    /// The method by which the provider vouches for a second factor, if administrators trust it.
    pub(crate) factor: Option<String>,
}

/// Who presents a session.
#[derive(Debug, Clone)]
pub enum Visitor {
    /// Somebody who may do what they may.
    Caller(Caller),
    /// Somebody who must set up a second factor first, and may do nothing else.
    Enrolling(Caller),
}

/// Why nobody was signed in, or not yet.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// One answer for an unknown name, a wrong password, a disabled user and a pause after many failures.
    #[error("the name or the password is wrong, or there were too many tries; wait a little and try again")]
    WrongOrPaused,
    /// The password was right, and a second factor is asked for; what the browser holds meanwhile.
    #[error("the password is right; a second factor is asked for")]
    SecondStep(String),
    /// The time between the password and the second factor is over, or there were too many tries.
    #[error("the time to show a second factor is over, or there were too many tries; begin anew")]
    Over,
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<store::StoreError> for SignInError {
    fn from(error: store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Sessions {
    /// Over a store and a clock.
    #[must_use]
    pub fn new(store: SharedStore, clock: SharedClock) -> Self {
        Self {
            store,
            clock,
            passwords: Passwords::default(),
            times: SessionTimes::default(),
            demo: None,
            first: None,
        }
    }

    /// With a link by which the first administrator is made.
    #[must_use]
    pub fn with_first_start(self, authority: SystemAuthority) -> Self {
        Self { first: Some(authority), ..self }
    }

    /// With sessions that last so long.
    #[must_use]
    pub fn with_times(self, times: SessionTimes) -> Self {
        Self { times, ..self }
    }

    /// How long sessions last.
    #[must_use]
    pub const fn times(&self) -> SessionTimes {
        self.times
    }

    /// With the demo's people, who need no password.
    #[must_use]
    pub fn with_demo(self, authority: SystemAuthority) -> Self {
        Self { demo: Some(authority), ..self }
    }

    /// Waits until a password can be checked. Whoever gives up waiting leaves the queue.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many wait, or too many from the same address.
    pub async fn password_turn(&self, address: Option<IpAddr>) -> Result<PasswordTurn, Error> {
        self.passwords.turn(address).await
    }

    /// Signs a person in with a password, whose turn it is. `replaces` is the session that the browser had.
    ///
    /// # Errors
    /// [`SignInError`]; the wrong answers can't be told apart, nor timed apart.
    pub async fn sign_in(
        &self,
        turn: PasswordTurn,
        attempt: &SignInTry<'_>,
        replaces: Option<CredentialId>,
    ) -> Result<SignedIn, SignInError> {
        let now = self.clock.now();
        let Some(counted) = throttle::count(&self.store, attempt, now).await? else {
            tracing::warn!(address = ?attempt.address, "a sign-in was refused unchecked, after too many failures");
            return Err(SignInError::WrongOrPaused);
        };
        let user = self.store.user(attempt.name).await?;
        let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let matches = self.passwords.check(turn, attempt.password, hash).await?;
        match user {
            Some(user) if matches && user.enabled => {
                if self.store.factor_standing(user.id, None).await?.has {
                    // Not known yet: a device is, once the second factor was shown on it.
                    throttle::succeeded(&self.store, counted, attempt.name, None, now).await?;
                    return Err(SignInError::SecondStep(self.begin_second_step(&user, None, now).await?));
                }
                let device = attempt.device.map_or_else(secret, str::to_owned);
                throttle::succeeded(&self.store, counted, attempt.name, Some(&device), now).await?;
                let signed_in = self.open(user, replaces).await?;
                Ok(SignedIn { device: Some(device), ..signed_in })
            }
            user => {
                self.note_failure(user.as_ref(), matches).await?;
                Err(SignInError::WrongOrPaused)
            }
        }
    }

    /// Signs in as one of the demo's people. None if there is no such button.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn demo_sign_in(
        &self,
        button: &str,
        replaces: Option<CredentialId>,
    ) -> Result<Option<SignedIn>, Error> {
        match self.demo_user(button).await? {
            Some(user) if user.enabled => self.open(user, replaces).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Ends a session.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), Error> {
        let (now, by) = (self.clock.now(), caller.authorize_own()?);
        let mut tx = self.store.begin().await?;
        if tx.revoke_session(&by, caller.credential, now).await? {
            let body = json!({ "session": caller.credential });
            let subject = Some(caller.credential.into());
            tx.append_audit(&by, AuditEntry { at: now, kind: AuditKind::SignedOut, subject, body }).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Who presents this session secret, if it is alive, and they may do more than set up a second factor.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn session(&self, secret: &str) -> Result<Option<Caller>, Error> {
        Ok(match self.visitor(secret).await? {
            Some(Visitor::Caller(caller)) => Some(caller),
            Some(Visitor::Enrolling(_)) | None => None,
        })
    }

    /// Who presents this session secret, if it is alive.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn visitor(&self, secret: &str) -> Result<Option<Visitor>, Error> {
        let now = self.clock.now();
        let Some((credential, user)) = self.alive(secret, now).await? else { return Ok(None) };
        let standing = self.store.factor_standing(user.id, Some(credential.id)).await?;
        let caller = Caller { factor: standing.state(now), ..person(&credential, user) };
        if now.duration_since(credential.last_seen_at) >= TOUCH_EVERY {
            let ends = (credential.created_at + self.times.max_age).min(now + self.times.idle);
            // A busy database must not keep a reader out; the next request notes the use.
            if let Err(error) = self.touch(&caller, now, ends).await {
                tracing::warn!(%error, "the use of a session could not be noted");
            }
        }
        Ok(Some(if standing.must_enrol() { Visitor::Enrolling(caller) } else { Visitor::Caller(caller) }))
    }

    /// The same without using the session, and until when it lasts if nobody does.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn peek(&self, secret: &str) -> Result<Option<(Caller, Timestamp)>, Error> {
        let Some((credential, user)) = self.alive(secret, self.clock.now()).await? else { return Ok(None) };
        if self.store.factor_standing(user.id, Some(credential.id)).await?.must_enrol() {
            return Ok(None);
        }
        let SessionTimes { idle, max_age } = self.times;
        let ends = (credential.created_at + max_age).min(credential.last_seen_at + idle);
        Ok(Some((person(&credential, user), ends)))
    }

    async fn alive(&self, secret: &str, now: Timestamp) -> Result<Option<(Credential, User)>, Error> {
        let Some((credential, Some(user))) = self.find(secret, CredentialKind::Session, now).await? else {
            return Ok(None);
        };
        let SessionTimes { idle, max_age } = self.times;
        let over =
            now >= credential.created_at + max_age || now.duration_since(credential.last_seen_at) >= idle;
        Ok((!over).then_some((credential, user)))
    }

    /// Who presents this API token, if it is alive.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn token(&self, secret: &str) -> Result<Option<Caller>, Error> {
        if !secret.starts_with(TOKEN_PREFIX) {
            return Ok(None);
        }
        let now = self.clock.now();
        let Some((credential, user)) = self.find(secret, CredentialKind::Token, now).await? else {
            return Ok(None);
        };
        let standing = match &user {
            Some(user) => self.store.factor_standing(user.id, None).await?,
            None => FactorStanding::default(),
        };
        Ok(Some(Caller { factor: standing.state(now), ..caller(&credential, user) }))
    }

    async fn find(
        &self,
        secret: &str,
        kind: CredentialKind,
        now: Timestamp,
    ) -> Result<Option<(Credential, Option<User>)>, Error> {
        if secret.is_empty() || secret.len() > MAX_SECRET_LENGTH {
            return Ok(None);
        }
        let found = self.store.credential(&digest(secret), now).await?;
        Ok(found.filter(|(credential, user)| {
            // An owner who is gone or disabled takes their credentials along.
            credential.kind == kind
                && credential.user.is_some() == user.is_some()
                && user.as_ref().is_none_or(|user| user.enabled)
        }))
    }

    async fn open(&self, user: User, replaces: Option<CredentialId>) -> Result<SignedIn, Error> {
        self.open_session(user, replaces, None, None).await
    }

    /// Opens a session for somebody whom the identity provider vouches for, and perhaps for a second factor of theirs.
    pub(crate) async fn open_proven(
        &self,
        user: User,
        replaces: Option<CredentialId>,
        proven: ProvenSession,
    ) -> Result<SignedIn, Error> {
        let shown = proven.factor.as_ref().map(|method| format!("identity provider: {method}"));
        self.open_session(user, replaces, Some(proven), shown.as_deref()).await
    }

    /// Opens a session: of the identity provider, or with what was shown beside the password.
    async fn open_session(
        &self,
        user: User,
        replaces: Option<CredentialId>,
        proven: Option<ProvenSession>,
        shown: Option<&str>,
    ) -> Result<SignedIn, Error> {
        let now = self.clock.now();
        let secret = secret();
        let credential = Credential {
            id: new_id(now),
            kind: CredentialKind::Session,
            secret_hash: digest(&secret),
            user: Some(user.id),
            name: user.name.clone(),
            scopes: BTreeSet::new(),
            device_groups: None,
            reach: Reach::Everywhere,
            created_at: now,
            last_seen_at: now,
            expires_at: now + self.times.idle,
        };
        let caller = person(&credential, user);
        let by = caller.authorize_own()?;
        let mut tx = self.store.begin().await?;
        if let Some(replaces) = replaces {
            tx.revoke_session(&by, replaces, now).await?;
        }
        if !tx.insert_session(&by, &credential).await? {
            return Err(Denied::Revoked.into());
        }
        let mut body = json!({ "session": credential.id });
        if let Some(ProvenSession { identity, sid, factor }) = &proven {
            let (sid, factor) = (sid.as_deref(), factor.as_deref());
            tx.note_provider_session(&by, credential.id, identity, sid, factor).await?;
            body["identity"] = json!({ "issuer": identity.issuer, "subject": identity.subject });
        }
        if let Some(shown) = shown {
            tx.note_factor(&caller.recorded(), credential.id, now).await?;
            body["factor"] = json!(shown);
        }
        let subject = Some(credential.id.into());
        tx.append_audit(&by, AuditEntry { at: now, kind: AuditKind::SignedIn, subject, body }).await?;
        tx.commit().await?;
        Ok(SignedIn { secret, caller, device: None })
    }

    async fn touch(&self, caller: &Caller, now: Timestamp, until: Timestamp) -> Result<(), Error> {
        let mut tx = self.store.begin().await?;
        tx.touch_session(&caller.authorize_own()?, now, until).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn note_failure(&self, user: Option<&User>, matches: bool) -> Result<(), Error> {
        let reason = match user {
            None => "unknown name",
            Some(_) if matches => "user is disabled",
            Some(_) => "wrong password",
        };
        // An unknown name is not recorded: it may be a password that was typed into the wrong field.
        let body = json!({
            "user": user.map(|user| user.id), "name": user.map(|user| user.name.as_str()), "reason": reason,
        });
        let (at, subject) = (self.clock.now(), user.map(|user| user.id.into()));
        let mut tx = self.store.begin().await?;
        let entry = AuditEntry { at, kind: AuditKind::SignInFailed, subject, body };
        tx.append_audit(&Authorized::sign_in(), entry).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Who a session or token stands for.
pub(super) fn caller(credential: &Credential, user: Option<User>) -> Caller {
    match user {
        Some(user) if credential.kind == CredentialKind::Session => person(credential, user),
        user => Caller {
            actor: token_actor(credential, user.as_ref()),
            person: user.as_ref().map(|user| user.id),
            credential: credential.id,
            access: user
                .as_ref()
                .map(|user| user.access.clone())
                .unwrap_or_default()
                .within(&credential.reach),
            roles: user.map(|user| user.roles).unwrap_or_default(),
            scopes: Some(credential.scopes.clone()),
            factor: FactorState::default(),
        },
    }
}

/// A token, with the person behind it: what its owner called it names nobody.
fn token_actor(credential: &Credential, owner: Option<&User>) -> Actor {
    let actor = Actor::new(ActorKind::Token, credential.id.to_string(), &credential.name);
    match owner {
        Some(user) => actor.of(user.id.to_string(), &user.display_name),
        None => actor,
    }
}

fn person(credential: &Credential, user: User) -> Caller {
    Caller {
        actor: Actor::new(ActorKind::User, user.id.to_string(), user.display_name),
        person: Some(user.id),
        credential: credential.id,
        roles: user.roles,
        access: user.access,
        scopes: None,
        factor: FactorState::default(),
    }
}

#[cfg(test)]
mod tests;
