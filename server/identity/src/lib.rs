//! Sign-in by an identity provider, over `OpenID` Connect: discovery, the code with PKCE, the token and what it proves,
//! and the tokens by which the provider says that a session is over.
//!
//! What is believed is checked here; who is let in is decided in the service. `wire` is the only place that sends.

mod claims;
mod logout;
mod metadata;
mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClientAuthMethod, CoreJsonWebKey, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId,
    ClientSecret, CsrfToken, IdTokenVerifier, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, SubjectIdentifier,
    TokenResponse as _, UserInfoError,
};
use service::identity::provider::{
    IdentityProvider, LoggedOut, MAX_SKEW, Pending, Proven, Provider, ProviderAnswer, ProviderFailure,
};
use tokio::sync::Mutex;

use claims::{Token, UserInfo};
use metadata::{Client, Metadata};
use wire::{Wire, WireError};

/// How long what a provider says of itself is believed.
const METADATA_LIVES: Duration = Duration::from_mins(5);

/// How long it is not asked again, whatever comes: anybody can send what calls for new keys.
const METADATA_RESTS: Duration = Duration::from_secs(10);
/// How long a provider that does not answer is not asked again.
const FAILURE_RESTS: Duration = Duration::from_secs(2);

/// What signs tokens that are believed: keys that only the provider has.
pub(crate) const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Speaks with an identity provider.
pub struct OpenIdConnect {
    wire: Wire,
    known: Mutex<Option<Known>>,
}

/// What a provider said of itself, or that it did not answer, and when.
struct Known {
    at: Instant,
    issuer: String,
    said: Result<Arc<Metadata>, ProviderFailure>,
}

impl OpenIdConnect {
    /// Without having spoken yet.
    ///
    /// # Errors
    /// If there can be no TLS.
    pub fn new() -> Result<Self, String> {
        Ok(Self { wire: Wire::new()?, known: Mutex::new(None) })
    }

    /// What the provider says of itself; asked again after a time, and at once with `anew`.
    async fn metadata(&self, provider: &Provider, anew: bool) -> Result<Arc<Metadata>, ProviderFailure> {
        let issuer = &provider.settings.issuer;
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref().filter(|known| known.issuer == *issuer) {
            let lives = match &known.said {
                Ok(_) if anew => METADATA_RESTS,
                Ok(_) => METADATA_LIVES,
                Err(_) => FAILURE_RESTS,
            };
            if known.at.elapsed() < lives {
                return known.said.clone();
            }
        }
        let said = metadata::discover(&self.wire, issuer).await.map(Arc::new);
        *known = Some(Known { at: Instant::now(), issuer: issuer.clone(), said: said.clone() });
        said
    }

    /// The token that the code is had for.
    async fn exchange(
        &self,
        client: &Client,
        pending: &Pending,
        code: &str,
    ) -> Result<claims::Answer, ProviderFailure> {
        let request =
            client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(not_configured)?;
        let request = request.set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone()));
        request.request_async(&self.wire.client()).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(answer) => {
                ProviderFailure::NotAccepted(format!("the code is refused: {}", answer.error().as_ref()))
            }
            RequestTokenError::Request(error) => unreachable_by(&error),
            other => ProviderFailure::Unreachable(other.to_string()),
        })
    }

    /// What the provider says of the person beside the token; none if it has no place for that.
    async fn user_info(
        &self,
        client: &Client,
        token: &AccessToken,
        subject: &SubjectIdentifier,
    ) -> Result<Option<UserInfo>, ProviderFailure> {
        let Ok(request) = client.user_info(token.clone(), Some(subject.clone())) else { return Ok(None) };
        let info: UserInfo =
            request.request_async(&self.wire.client()).await.map_err(|error| match error {
                UserInfoError::Request(error) => unreachable_by(&error),
                UserInfoError::ClaimsVerification(error) => ProviderFailure::NotAccepted(error.to_string()),
                other => ProviderFailure::Unreachable(other.to_string()),
            })?;
        Ok(Some(info))
    }
}

#[async_trait]
impl IdentityProvider for OpenIdConnect {
    async fn begin(&self, provider: &Provider) -> Result<(String, Pending), ProviderFailure> {
        let metadata = self.metadata(provider, false).await?;
        let client = client(&metadata, provider)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge);
        for scope in provider.settings.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (url, state, nonce) = request.url();
        let pending = Pending {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
        };
        Ok((url.into(), pending))
    }

    async fn finish(
        &self,
        provider: &Provider,
        pending: &Pending,
        answer: &ProviderAnswer,
        now: Timestamp,
    ) -> Result<Proven, ProviderFailure> {
        let metadata = self.metadata(provider, false).await?;
        check_issuer(&metadata, answer.iss.as_deref())?;
        let code = answer.code.as_deref().ok_or_else(|| not_accepted("there is no code in it"))?;
        let of_before = client(&metadata, provider)?;
        let got = self.exchange(&of_before, pending, code).await?;
        let token = got.id_token().ok_or_else(|| not_accepted("there is no ID token in it"))?;
        let nonce = Nonce::new(pending.nonce.clone());
        let has_key = !matches!(
            token.claims(&verifier(&of_before, now), &nonce),
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey))
        );
        let client = if has_key {
            of_before
        } else {
            // It has new keys.
            client(&*self.metadata(provider, true).await?, provider)?
        };
        let verifier = verifier(&client, now);
        let proven = token.claims(&verifier, &nonce).map_err(|error| not_accepted(&error.to_string()))?;
        check_access_token(token, &verifier, proven.access_token_hash(), got.access_token())?;
        let info = self.user_info(&client, got.access_token(), proven.subject()).await?;
        Ok(claims::proven(&provider.settings, proven, info.as_ref()))
    }

    async fn logged_out(
        &self,
        provider: &Provider,
        token: &str,
        now: Timestamp,
    ) -> Result<LoggedOut, ProviderFailure> {
        let token = logout::parse(token)?;
        let metadata = self.metadata(provider, false).await?;
        if !logout::is_signed(&token, metadata.jwks()) {
            let metadata = self.metadata(provider, true).await?;
            if !logout::is_signed(&token, metadata.jwks()) {
                return Err(not_accepted("the token is not signed with a key of the provider"));
            }
        }
        logout::check(&token, &provider.settings.issuer, &provider.settings.client_id, now)
    }
}

/// How we speak with a provider that says this of itself.
fn client(metadata: &Metadata, provider: &Provider) -> Result<Client, ProviderFailure> {
    let methods = metadata.token_endpoint_auth_methods_supported();
    let has = |method| methods.is_none_or(|all| all.contains(&method));
    let secret = provider.secret.clone().map(ClientSecret::new);
    let redirect = RedirectUrl::new(provider.redirect_uri.clone());
    let redirect = redirect.map_err(|error| ProviderFailure::Unreachable(error.to_string()))?;
    let client = Client::from_provider_metadata(
        metadata.clone(),
        ClientId::new(provider.settings.client_id.clone()),
        secret,
    );
    let client = client.set_redirect_uri(redirect);
    if has(CoreClientAuthMethod::ClientSecretBasic) {
        return Ok(client);
    }
    Ok(client.set_auth_type(AuthType::RequestBody))
}

/// What a token has to be; the clocks may differ a little.
fn verifier(client: &Client, now: Timestamp) -> IdTokenVerifier<'_, CoreJsonWebKey> {
    let at = move |time: Timestamp| chrono::DateTime::from_timestamp(time.as_second(), 0).unwrap_or_default();
    let latest = now + MAX_SKEW;
    client
        .id_token_verifier()
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || at(now - MAX_SKEW))
        .set_issue_time_verifier_fn(move |issued| {
            if issued <= at(latest) { Ok(()) } else { Err("the token is of the future".to_owned()) }
        })
}

/// The answer names the provider that we asked (RFC 9207): else another's answer could be put in its place.
fn check_issuer(metadata: &Metadata, named: Option<&str>) -> Result<(), ProviderFailure> {
    match named {
        Some(named) if named == metadata.issuer().as_str() => Ok(()),
        Some(_) => Err(not_accepted("it names another issuer")),
        None if metadata.additional_metadata().names_itself() => Err(not_accepted("it names no issuer")),
        None => Ok(()),
    }
}

/// Where the token says which access token belongs to it, it is that one.
fn check_access_token(
    token: &Token,
    verifier: &IdTokenVerifier<'_, CoreJsonWebKey>,
    named: Option<&AccessTokenHash>,
    got: &AccessToken,
) -> Result<(), ProviderFailure> {
    let Some(named) = named else { return Ok(()) };
    let hash = token.signing_alg().ok().zip(token.signing_key(verifier).ok());
    let hash = hash.and_then(|(algorithm, key)| AccessTokenHash::from_token(got, algorithm, key).ok());
    if hash.as_ref() == Some(named) { Ok(()) } else { Err(not_accepted("its tokens do not belong together")) }
}

fn not_accepted(why: &str) -> ProviderFailure {
    ProviderFailure::NotAccepted(why.to_owned())
}

fn not_configured(error: openidconnect::ConfigurationError) -> ProviderFailure {
    ProviderFailure::Unreachable(error.to_string())
}

fn unreachable_by(error: &WireError) -> ProviderFailure {
    ProviderFailure::Unreachable(error.to_string())
}
