//! The port to the identity provider: what is asked of it, and what it may answer.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::identity::ProviderSettings;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far the provider's clock may be from ours.
pub const MAX_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// The provider, as it is spoken with.
#[derive(Clone)]
pub struct Provider {
    /// How it is reached.
    pub settings: ProviderSettings,
    /// The secret that it shares with us.
    pub secret: Option<String>,
    /// Where it sends people back to.
    pub redirect_uri: String,
}

/// What must be known when somebody comes back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pending {
    /// Told to the provider, which repeats it: who comes back is who went.
    pub state: String,
    /// Told to the provider, which puts it into the token: the token is for this sign-in.
    pub nonce: String,
    /// Only we know it: the code is of no use to others (PKCE).
    pub verifier: String,
}

/// What the browser brings back.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ProviderAnswer {
    /// What the token is had for.
    pub code: Option<String>,
    /// What we told it.
    pub state: Option<String>,
    /// Who the provider says that it is (RFC 9207).
    pub iss: Option<String>,
    /// Why nobody was signed in there.
    pub error: Option<String>,
}

/// Who somebody proved to be.
#[derive(Debug, Clone, Default)]
pub struct Proven {
    /// The provider's own number for the person.
    pub subject: String,
    /// The provider's session.
    pub sid: Option<String>,
    /// Names to sign in with, the best first.
    pub names: Vec<String>,
    /// The name to show.
    pub display_name: Option<String>,
    /// The person's `externalId` in the directory.
    pub directory_id: Option<String>,
    /// The groups that the provider names.
    pub groups: BTreeSet<String>,
    /// By which methods they proved it there (`amr`), and in which context (`acr`), as the token says.
    pub methods: BTreeSet<String>,
}

impl Proven {
    /// The method or context that counts as our second factor, by what administrators trust.
    #[must_use]
    pub fn trusted_factor(&self, settings: &ProviderSettings) -> Option<&str> {
        let trusted = |method: &&String| settings.trusted_factors.contains(method);
        self.methods.iter().find(trusted).map(String::as_str)
    }
}

/// Whose session is over: of one session, or of all that a person has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedOut {
    /// The provider's number for the person.
    pub subject: Option<String>,
    /// The provider's session.
    pub sid: Option<String>,
}

/// Why there is no answer that counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFailure {
    /// It did not answer, or not like a provider.
    #[error("the identity provider does not answer: {0}")]
    Unreachable(String),
    /// What it answered proves nothing.
    #[error("the answer of the identity provider is not accepted: {0}")]
    NotAccepted(String),
}

/// What speaks with an identity provider.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// Where a browser is sent, and what must be known when it comes back.
    ///
    /// # Errors
    /// [`ProviderFailure::Unreachable`].
    async fn begin(&self, provider: &Provider) -> Result<(String, Pending), ProviderFailure>;

    /// Who came back.
    ///
    /// # Errors
    /// [`ProviderFailure`].
    async fn finish(
        &self,
        provider: &Provider,
        pending: &Pending,
        answer: &ProviderAnswer,
        now: Timestamp,
    ) -> Result<Proven, ProviderFailure>;

    /// Whose session a logout token says to be over.
    ///
    /// # Errors
    /// [`ProviderFailure`].
    async fn logged_out(
        &self,
        provider: &Provider,
        token: &str,
        now: Timestamp,
    ) -> Result<LoggedOut, ProviderFailure>;
}
