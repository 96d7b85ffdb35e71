//! Second factors: what a person has beside the password, and what is asked of the server about it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::access::{Caller, Role};
use crate::core::error::Error;
use crate::core::id::{FactorId, RoleGroupId, UserId};
use crate::core::string_enum::string_enum;
use crate::core::time::{Timestamp, six_decimals};

/// Recovery codes that a person is given.
pub const RECOVERY_CODES: usize = 10;
/// Second factors of one person.
pub const MAX_FACTORS: usize = 10;

string_enum! {
    /// What a second factor is.
    FactorKind {
        Totp = "totp" "Authenticator app",
        Passkey = "passkey" "Passkey",
    }
}

/// A second factor, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FactorView {
    /// Its id.
    pub id: FactorId,
    /// What it is.
    pub kind: FactorKind,
    /// What its owner calls it.
    pub name: String,
    /// When it was set up.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::serialize")]
    pub created_at: Timestamp,
    /// When it was used last.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = "date-time"))]
    #[serde(serialize_with = "six_decimals::optional")]
    pub last_used_at: Option<Timestamp>,
}

/// The second factors of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FactorsView {
    /// Those that work, the oldest first.
    pub factors: Vec<FactorView>,
    /// Recovery codes that were not used yet.
    pub recovery_codes: u32,
    /// Whether something that the person holds asks for one.
    pub required: bool,
}

/// An authenticator app that is being set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingTotp {
    /// Its id.
    pub id: FactorId,
    /// The secret, in groups of four letters.
    pub secret: String,
    /// The same as apps read it.
    pub uri: String,
    /// The same as a picture: an SVG document.
    pub qr: String,
}

/// One's own second factors, and the app that is being set up, if there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnFactors {
    /// What there is.
    pub view: FactorsView,
    /// The app that is being set up.
    pub pending: Option<PendingTotp>,
    /// Whether a change asks for a second factor first.
    pub ask_first: bool,
    /// Whether passkeys work here: they need the name under which people reach the server.
    pub passkeys: bool,
}

/// Who must have a second factor: whoever holds one of these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FactorPolicy {
    /// Directory roles and single permissions.
    #[serde(default)]
    pub roles: BTreeSet<Role>,
    /// Role groups and custom roles.
    #[serde(default)]
    pub role_groups: BTreeSet<RoleGroupId>,
}

/// The policy, and how long sessions last, for the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorPolicyView {
    /// Who must have one.
    pub policy: FactorPolicy,
    /// Everybody's, by the names to show.
    pub people: Vec<PersonFactors>,
}

/// What a person has, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PersonFactors {
    /// The person.
    pub person: UserId,
    /// The name to show.
    pub name: String,
    /// How many second factors they have that work.
    pub factors: u32,
    /// Whether something that they hold asks for one.
    pub required: bool,
}

/// What shows that somebody has a second factor at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactorProof {
    /// A code of an app, or a recovery code.
    Code(String),
    /// The answer of a passkey, as JSON.
    Passkey(String),
}

/// Somebody who must set up a second factor before they may do anything else; an extension of their requests.
#[derive(Debug, Clone)]
pub struct Enrolling(pub Caller);

/// The secret of a sign-in whose password was right; an extension of its requests.
#[derive(Clone)]
pub struct SecondStepSecret(pub String);

/// What a sign-in whose password was right asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondStepView {
    /// Whether a passkey will do. A code always does.
    pub passkey: bool,
}

/// The part of the server that keeps second factors.
#[async_trait]
pub trait FactorsBackend: Send + Sync {
    /// One's own.
    async fn own_factors(&self, caller: &Caller) -> Result<OwnFactors, Error>;

    /// Begins to set up an authenticator app, in place of one that was begun before.
    async fn begin_totp(&self, caller: &Caller) -> Result<(), Error>;

    /// Shows by a code that the app works. Returns new recovery codes if it is the first factor.
    async fn confirm_totp(&self, caller: &Caller, code: &str) -> Result<Vec<String>, Error>;

    /// Begins to set up a passkey: what the browser is to be asked, as JSON.
    async fn begin_passkey(&self, caller: &Caller) -> Result<String, Error>;

    /// Adds the passkey that the browser made. Returns new recovery codes if it is the first factor.
    async fn add_passkey(&self, caller: &Caller, name: &str, made: &str) -> Result<Vec<String>, Error>;

    /// Removes a factor of one's own.
    async fn remove_factor(&self, caller: &Caller, id: FactorId, proof: FactorProof) -> Result<(), Error>;

    /// Makes new recovery codes in place of all old ones.
    async fn renew_recovery_codes(&self, caller: &Caller) -> Result<Vec<String>, Error>;

    /// Shows a second factor for the session, which is fresh from then on.
    async fn step_up(&self, caller: &Caller, proof: FactorProof) -> Result<(), Error>;

    /// What a passkey is to be asked for that, as JSON.
    async fn begin_step_up(&self, caller: &Caller) -> Result<String, Error>;

    /// What a sign-in asks for whose password was right, by the secret that the browser holds meanwhile.
    async fn second_step(&self, secret: &str) -> Result<SecondStepView, Error>;

    /// What a passkey is to be asked for that sign-in, as JSON.
    async fn begin_second_step(&self, secret: &str) -> Result<String, Error>;

    /// Those of a person.
    async fn factors_of(&self, caller: &Caller, person: UserId) -> Result<FactorsView, Error>;

    /// Takes all second factors of another person away, and ends their sessions.
    async fn reset_factors(&self, caller: &Caller, person: UserId) -> Result<FactorsView, Error>;

    /// Who must have one, and who has.
    async fn factor_policy(&self, caller: &Caller) -> Result<FactorPolicyView, Error>;

    /// Sets who must have one.
    async fn set_factor_policy(&self, caller: &Caller, policy: FactorPolicy) -> Result<FactorPolicy, Error>;
}
