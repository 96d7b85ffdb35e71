//! People, sessions and API tokens, and the answers kept under their idempotency keys.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::access::{Access, Reach};
use domain::{Authorized, CredentialId, DeviceGroupId, Permission, Role, Scope, UserId};
use jiff::Timestamp;

use crate::error::Result;

/// One local user.
#[derive(Debug, Clone)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// The name they sign in with.
    pub name: String,
    /// The name to show.
    pub display_name: String,
    /// Argon2id in PHC form; none if they can't sign in with a password.
    pub password_hash: Option<String>,
    /// Whether they may do anything at all.
    pub enabled: bool,
    /// Their roles.
    pub roles: BTreeSet<Role>,
    /// What all that they hold amounts to, as it is read; who writes a user gives roles.
    pub access: Access,
}

/// What kind of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// A signed-in browser.
    Session,
    /// An API token.
    Token,
}

/// A session or an API token.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// Session or token.
    pub kind: CredentialKind,
    /// SHA-256 of the secret, as hexadecimal text.
    pub secret_hash: String,
    /// The person; none for a tool's token.
    pub user: Option<UserId>,
    /// The token's name.
    pub name: String,
    /// What a token may be used for; empty for a session.
    pub scopes: BTreeSet<Scope>,
    /// The device groups to which a token is limited; none: it is not.
    pub device_groups: Option<BTreeSet<DeviceGroupId>>,
    /// The same by their names, as it is read.
    pub reach: Reach,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// What is known of an Idempotency-Key.
#[derive(Debug, Clone)]
pub enum KeyState {
    /// It is ours now; answer and record the answer.
    New,
    /// The first request is still being answered.
    InFlight,
    /// It was used for another request.
    OtherRequest,
    /// It was answered like this.
    Answered {
        /// HTTP status.
        status: u16,
        /// Body.
        body: String,
    },
}

/// Reads of people and their credentials.
#[async_trait]
pub trait ReadAccess: Send + Sync {
    /// The credential with this hash that is neither revoked nor over, with its user.
    async fn credential(
        &self,
        secret_hash: &str,
        now: Timestamp,
    ) -> Result<Option<(Credential, Option<User>)>>;

    /// A user by the name they sign in with.
    async fn user(&self, name: &str) -> Result<Option<User>>;

    /// Who is enabled and holds this permission, by the names to show.
    async fn holders(&self, permission: Permission) -> Result<Vec<(UserId, String)>>;

    /// How many users there are.
    async fn count_users(&self) -> Result<i64>;
}

/// Writes to what is the caller's own: sessions, and the keys of requests.
#[async_trait]
pub trait WriteAccess: Send {
    /// Adds a session of the person who writes. False if they are disabled, or it is another's.
    async fn insert_session(&mut self, by: &Authorized, session: &Credential) -> Result<bool>;

    /// Ends a session now. False if there is no such live one.
    async fn revoke_session(&mut self, by: &Authorized, id: CredentialId, now: Timestamp) -> Result<bool>;

    /// Notes that the session by which is written was used, and when it ends now.
    async fn touch_session(&mut self, by: &Authorized, now: Timestamp, expires_at: Timestamp) -> Result<()>;

    /// Claims an Idempotency-Key of a principal, after dropping those made before `since`.
    async fn claim_key(
        &mut self,
        by: &Authorized,
        principal: &str,
        key: &str,
        request_hash: &str,
        now: Timestamp,
        since: Timestamp,
    ) -> Result<KeyState>;

    /// Records the answer under a claimed key; a `None` gives the key free again.
    async fn answer_key(
        &mut self,
        by: &Authorized,
        principal: &str,
        key: &str,
        answer: Option<(u16, &str)>,
    ) -> Result<()>;
}

/// What only the command line, the seed and the worker do with people and credentials.
#[async_trait]
pub trait SystemAccess: Send {
    /// A session or token, also one that is over, with its user.
    async fn principal(&mut self, id: CredentialId) -> Result<Option<(Credential, Option<User>)>>;

    /// Adds a user with their roles and what these amount to.
    async fn insert_user(&mut self, user: &User, now: Timestamp) -> Result<()>;

    /// Replaces a user's roles and what these amount to.
    async fn set_roles(&mut self, user: UserId, roles: &BTreeSet<Role>) -> Result<()>;

    /// Lets a user do everything their roles say, or nothing.
    async fn set_enabled(&mut self, user: UserId, enabled: bool) -> Result<()>;

    /// Adds an API token, or a session without a sign-in.
    async fn insert_credential(&mut self, credential: &Credential) -> Result<()>;
}
