//! Who comes back from the identity provider: known or new, with which roles, or refused with words.
//!
//! Nobody is known by an address of mail: it may be another's tomorrow. What must be known when a browser comes back
//! goes along with it, sealed; the database learns of nobody who is not proven.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::identity::{ProviderSettings, assignments_of};
use domain::{Access, Actor, ActorKind, AuditKind, Authorized, CredentialId, Error, SystemAuthority, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::provider::{IdentityProvider, Pending, Proven, Provider, ProviderAnswer, ProviderFailure};
use super::settings::linked;
pub use super::settings::{DIRECTORY_PATH, LOGOUT_PATH, RETURN_PATH, START_PATH};
use crate::Service;
use crate::clock::new_id;
use crate::detached;
use crate::display_name;
use crate::session::{ProvenSession, Sessions, SignedIn, is_user_name};
use store::{AuditEntry, Identity, SystemTransaction, User};

/// How long somebody may take at the provider.
pub const MAX_ABSENCE: SignedDuration = SignedDuration::from_mins(15);
/// What goes along with the browser is sealed for this.
const PENDING_NAME: &str = "identity-provider:pending";
/// Groups of one person that are looked at.
const MAX_PERSON_GROUPS: usize = 2_000;

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// There is no provider.
    #[error("there is no identity provider")]
    NoProvider,
    /// It does not answer.
    #[error("{0}")]
    Down(String),
    /// What it answered proves nothing.
    #[error("{0}")]
    NotAccepted(String),
    /// It signed nobody in: who went there gave up, or was refused.
    #[error("the identity provider says: {0}")]
    Declined(String),
    /// The browser does not bring back what it went with, or too late.
    #[error("this sign-in was not begun here, or is over")]
    StartAgain,
    /// No group gives a role.
    #[error("no group gives a role")]
    NoGroup,
    /// The person may do nothing.
    #[error("the person is disabled")]
    Disabled,
    /// Somebody else has the name here.
    #[error("somebody else has the name here")]
    NameTaken,
    /// The person is who they say, and a second factor is asked for; what the browser holds meanwhile.
    #[error("a second factor is asked for")]
    SecondStep(String),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Trouble {
    /// Its word in the address of the sign-in page, which has the sentence.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NoProvider => "no_provider",
            Self::Down(_) => "provider_down",
            Self::NotAccepted(_) => "provider_not_accepted",
            Self::Declined(_) => "provider_declined",
            Self::StartAgain => "start_again",
            Self::NoGroup => "no_group",
            Self::Disabled => "disabled",
            Self::NameTaken => "name_taken",
            Self::SecondStep(_) => "second_step",
            Self::Failed(_) => "failed",
        }
    }
}

impl From<store::StoreError> for Trouble {
    fn from(error: store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ProviderFailure> for Trouble {
    fn from(failure: ProviderFailure) -> Self {
        match failure {
            ProviderFailure::Unreachable(_) => Self::Down(failure.to_string()),
            ProviderFailure::NotAccepted(_) => Self::NotAccepted(failure.to_string()),
        }
    }
}

/// A browser on its way to the provider.
#[derive(Debug)]
pub struct Departure {
    /// Where it goes.
    pub location: String,
    /// What it has to bring back, for its cookie.
    pub pending: String,
}

/// What goes along with the browser, sealed.
#[derive(Serialize, Deserialize)]
struct Away {
    pending: Pending,
    issuer: String,
    next: Option<String>,
    until: Timestamp,
}

/// Somebody who was let in, and where they wanted to go.
#[derive(Debug)]
pub struct Arrived {
    /// The session.
    pub signed_in: SignedIn,
    /// Where they wanted to go.
    pub next: Option<String>,
}

/// Signs people in by the identity provider.
#[derive(Clone)]
pub struct ProviderSignIn {
    service: Service,
    client: Arc<dyn IdentityProvider>,
    authority: SystemAuthority,
}

impl ProviderSignIn {
    /// With what speaks with the provider; in whose name people are added is the product's own.
    #[must_use]
    pub fn new(service: Service, client: Arc<dyn IdentityProvider>, authority: SystemAuthority) -> Self {
        Self { service, client, authority }
    }

    /// Sends a browser to the provider.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn begin(&self, next: Option<String>) -> Result<Departure, Trouble> {
        let provider = self.provider().await?;
        let (location, pending) = self.client.begin(&provider).await?;
        let until = self.service.clock.now() + MAX_ABSENCE;
        let away = Away { pending, issuer: provider.settings.issuer, next, until };
        let text = serde_json::to_string(&away).map_err(|error| Error::Internal(error.to_string()))?;
        let workshop = self.service.workshop.as_deref().ok_or(Trouble::NoProvider)?;
        let pending = workshop.seal(PENDING_NAME, &text).map_err(Error::Internal)?;
        Ok(Departure { location, pending })
    }

    /// Signs in who comes back. `replaces` is the session that the browser had.
    ///
    /// # Errors
    /// [`Trouble`], and where the person wanted to go, if that is known.
    pub async fn finish(
        &self,
        sessions: &Arc<Sessions>,
        pending: Option<&str>,
        answer: ProviderAnswer,
        replaces: Option<CredentialId>,
    ) -> Result<Arrived, (Trouble, Option<String>)> {
        let Some(away) = pending.and_then(|sealed| self.opened(sealed)) else {
            return Err((Trouble::StartAgain, None));
        };
        let next = away.next.clone();
        match self.sign_in(sessions, away, answer, replaces).await {
            Ok(signed_in) => Ok(Arrived { signed_in, next }),
            Err(trouble) => Err((trouble, next)),
        }
    }

    fn opened(&self, sealed: &str) -> Option<Away> {
        let text = self.service.workshop.as_deref()?.open(PENDING_NAME, sealed).ok()?;
        serde_json::from_str(&text).ok()
    }

    async fn sign_in(
        &self,
        sessions: &Arc<Sessions>,
        away: Away,
        answer: ProviderAnswer,
        replaces: Option<CredentialId>,
    ) -> Result<SignedIn, Trouble> {
        let provider = self.provider().await?;
        let now = self.service.clock.now();
        let is_ours = answer.state.as_deref() == Some(&away.pending.state);
        if !is_ours || now >= away.until || away.issuer != provider.settings.issuer {
            return Err(Trouble::StartAgain);
        }
        if let Some(error) = &answer.error {
            return Err(Trouble::Declined(error.chars().take(100).collect()));
        }
        let proven = self.client.finish(&provider, &away.pending, &answer, now).await?;
        let (this, sessions) = (self.clone(), Arc::clone(sessions));
        let settings = provider.settings;
        let admitted = async move { Ok(this.admit(&sessions, &settings, proven, replaces).await) };
        detached(admitted).await?
    }

    async fn admit(
        &self,
        sessions: &Sessions,
        settings: &ProviderSettings,
        proven: Proven,
        replaces: Option<CredentialId>,
    ) -> Result<SignedIn, Trouble> {
        let service = &self.service;
        let now = service.clock.now();
        let by = self.by();
        let identity = Identity { issuer: settings.issuer.clone(), subject: proven.subject.clone() };
        let table = service.store.group_roles().await?;
        let groups: BTreeSet<_> = proven.groups.iter().take(MAX_PERSON_GROUPS).cloned().collect();
        let mut tx = service.store.begin_system(&self.authority).await?;
        let known = tx.person_of_identity(&identity).await?;
        let of_directory = match (&known, &proven.directory_id) {
            (None, Some(id)) => tx.person_of_directory(id).await?,
            _ => None,
        };
        let person = match (known, of_directory) {
            (Some(person), _) => person,
            (None, Some(person)) => {
                self.link(&mut *tx, person, &identity, now).await?;
                person
            }
            (None, None) => {
                let given = assignments_of(&groups, &table);
                if given.roles.is_empty() && given.role_groups.is_empty() {
                    return self.refuse(tx, None, &identity, &groups, Trouble::NoGroup).await;
                }
                let Some(user) = self.new_user(&proven, now).await? else {
                    return self.refuse(tx, None, &identity, &groups, Trouble::NameTaken).await;
                };
                self.add(&mut *tx, &user, &identity, now).await?;
                user.id
            }
        };
        tx.set_claimed_groups(&by, person, &groups).await?;
        let groups =
            tx.groups_of_people(Some(person)).await?.pop().map(|(_, groups)| groups).unwrap_or_default();
        let held = service.follow_groups(&mut *tx, &by, person, &groups, &table, now).await?;
        if held.roles.is_empty() && held.role_groups.is_empty() {
            return self.refuse(tx, Some(person), &identity, &groups, Trouble::NoGroup).await;
        }
        tx.commit().await?;
        let view = service.person_of(person).await?;
        let user = service.store.user(&view.name).await?.filter(|user| user.enabled);
        let Some(user) = user else {
            let tx = service.store.begin_system(&self.authority).await?;
            return self.refuse(tx, Some(person), &identity, &groups, Trouble::Disabled).await;
        };
        let factor = proven.trusted_factor(settings).map(str::to_owned);
        let session = ProvenSession { identity, sid: proven.sid, factor };
        if session.factor.is_none() && service.store.factor_standing(user.id, None).await?.has {
            let secret = sessions.begin_second_step(&user, Some(&session), now).await?;
            return Err(Trouble::SecondStep(secret));
        }
        Ok(sessions.open_proven(user, replaces, session).await?)
    }

    /// Somebody new, under the first name of theirs that can be one here; none if that is another's.
    async fn new_user(&self, proven: &Proven, now: Timestamp) -> Result<Option<User>, Error> {
        let id: UserId = new_id(now);
        let name = proven.names.iter().find(|name| is_user_name(name)).cloned();
        let name = name.unwrap_or_else(|| format!("person-{id}"));
        if self.service.store.user(&name).await?.is_some() {
            return Ok(None);
        }
        let given = proven.display_name.as_deref();
        let display_name = display_name::telling(&self.service.store, given, &name, None, now).await?;
        Ok(Some(User {
            id,
            name,
            display_name,
            password_hash: None,
            enabled: true,
            roles: BTreeSet::new(),
            access: Access::default(),
        }))
    }

    /// Notes who a person of the directory is at the provider.
    async fn link(
        &self,
        tx: &mut dyn SystemTransaction,
        person: UserId,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<(), Error> {
        let by = self.by();
        tx.link_identity(&by, identity, person, now).await?;
        let body = json!({ "user": person, "before": null, "after": linked(identity) });
        let entry = AuditEntry { at: now, kind: AuditKind::UserChanged, subject: Some(person.into()), body };
        tx.append_audit(&by, entry).await?;
        Ok(())
    }

    async fn add(
        &self,
        tx: &mut dyn SystemTransaction,
        user: &User,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<(), Error> {
        let by = self.by();
        tx.insert_person(&by, user, now).await?;
        tx.link_identity(&by, identity, user.id, now).await?;
        let body = json!({
            "user": user.id, "name": user.name, "display_name": user.display_name, "identity": linked(identity),
        });
        let entry = AuditEntry { at: now, kind: AuditKind::UserAdded, subject: Some(user.id.into()), body };
        tx.append_audit(&by, entry).await?;
        Ok(())
    }

    /// Keeps what the groups took away, records why nobody is let in, and says so.
    async fn refuse<T>(
        &self,
        mut tx: Box<dyn SystemTransaction>,
        person: Option<UserId>,
        identity: &Identity,
        groups: &BTreeSet<String>,
        trouble: Trouble,
    ) -> Result<T, Trouble> {
        let body = json!({
            "user": person, "identity": linked(identity), "groups": groups, "reason": trouble.to_string(),
        });
        let at = self.service.clock.now();
        let entry = AuditEntry { at, kind: AuditKind::SignInFailed, subject: person.map(Into::into), body };
        tx.append_audit(&self.by(), entry).await?;
        tx.commit().await?;
        Err(trouble)
    }

    /// Ends the sessions that a logout token names (back-channel logout); how many there were.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn log_out(&self, token: &str) -> Result<usize, Trouble> {
        let provider = self.provider().await?;
        let now = self.service.clock.now();
        let over = self.client.logged_out(&provider, token, now).await?;
        let (service, authority, by) = (self.service.clone(), self.authority.clone(), self.by());
        let issuer = provider.settings.issuer;
        let end = async move {
            let mut tx = service.store.begin_system(&authority).await?;
            let (subject, sid) = (over.subject.as_deref(), over.sid.as_deref());
            let ended = tx.end_provider_sessions(&by, &issuer, subject, sid, now).await?;
            for id in &ended {
                let body: Value = json!({ "credential": id, "after": null, "logged_out_at": issuer });
                let subject = Some((*id).into());
                let entry = AuditEntry { at: now, kind: AuditKind::CredentialRevoked, subject, body };
                tx.append_audit(&by, entry).await?;
            }
            tx.commit().await?;
            Ok(ended.len())
        };
        Ok(detached(end).await?)
    }

    async fn provider(&self) -> Result<Provider, Trouble> {
        self.service.provider().await?.ok_or(Trouble::NoProvider)
    }

    fn by(&self) -> Authorized {
        let actor = Actor::new(ActorKind::System, "identity-provider", "Identity provider");
        Authorized::system_as(&self.authority, actor)
    }
}
